// On the CPU by our own kernels, in their layout (kernels/cpu/attention.h). Else by LibTorch's attention, over copies of
// the pages that are read: in a page the tokens lie one after the other, [16, K, d filled up to a multiple of 16], keys
// and values alike.
#include "model/ops_paged.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "base/check.h"
#include "model/ops.h"
#include "model/ops_cpu.h"

namespace drover::model::ops {
namespace {

// Of a bucket's rows the shortest has at least three quarters of the longest's pages, or two fewer: what is read past
// the end of the shorter ones is wasted.
bool BelongTogether(int64_t pages, int64_t most) { return 4 * pages >= 3 * most || pages + 2 >= most; }

int64_t Length(const Part& part) { return part.position + part.tokens; }

// `pages` of them: past the sequence's own its first once more, whose memory is in use.
void AppendPages(const Part& part, int64_t pages, std::vector<int64_t>& all) {
  const int64_t own = PagesFor(Length(part));
  for (int64_t i = 0; i < pages; ++i) all.push_back(part.pages[i < own ? i : 0]);
}

}  // namespace

torch::Tensor Upload(const std::vector<int64_t>& values, torch::Device device) {
  return at::from_blob(const_cast<int64_t*>(values.data()), {static_cast<int64_t>(values.size())},
                       at::TensorOptions(at::kLong))
      .to(device, /*non_blocking=*/false, /*copy=*/true);
}

PagedPass::PagedPass(const std::vector<Part>& parts, const KvCache& cache)
    : device_(cache.options().device),
      key_heads_(cache.key_heads()),
      head_dim_(cache.head_dim()),
      by_kernels_(cpu_path::Takes(cache.keys(0))) {
  std::vector<int64_t> positions, output_rows;
  for (const Part& part : parts) {
    DROVER_CHECK(part.tokens > 0 && static_cast<int64_t>(part.pages.size()) >= PagesFor(Length(part)));
    DROVER_CHECK(part.outputs > 0 && part.outputs <= part.tokens);
    for (int64_t position = part.position; position < Length(part); ++position) positions.push_back(position);
    const auto end = static_cast<int64_t>(positions.size());
    for (int64_t row = end - part.outputs; row < end; ++row) output_rows.push_back(row);
  }
  tokens_ = static_cast<int64_t>(positions.size());
  positions_N_ = Upload(positions, device_);
  if (output_rows.size() != positions.size()) output_rows_ = Upload(output_rows, device_);
  by_kernels_ ? MakeSlots(parts) : MakeTensors(parts);
}

void PagedPass::MakeSlots(const std::vector<Part>& parts) {
  int64_t row = 0;
  for (const Part& part : parts) {
    parts_.push_back({row, part.tokens, part.position, part.pages});
    for (int64_t position = part.position; position < Length(part); ++position) {
      slots_.push_back(
          {row++, part.pages[position / kPageTokens], static_cast<int32_t>(position % kPageTokens)});
    }
  }
}

void PagedPass::MakeTensors(const std::vector<Part>& parts) {
  std::vector<int64_t> rows, slots, begun;
  for (const Part& part : parts) {
    rows.push_back(static_cast<int64_t>(slots.size()));
    for (int64_t position = part.position; position < Length(part); ++position) {
      const int64_t page = part.pages[position / kPageTokens];
      if (position % kPageTokens == 0) begun.push_back(page);
      slots.push_back(page * kPageTokens + position % kPageTokens);
    }
  }
  slots_N_ = Upload(slots, device_);
  if (!begun.empty()) begun_ = Upload(begun, device_);
  for (const std::vector<size_t>& bucket : CutBuckets(parts)) {
    buckets_.push_back(MakeBucket(parts, bucket, rows));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].tokens == 1) continue;
    std::vector<int64_t> pages;
    AppendPages(parts[i], PagesFor(Length(parts[i])), pages);
    chunks_.push_back({rows[i], parts[i].tokens, parts[i].position, Upload(pages, device_), {}});
  }
}

std::vector<std::vector<size_t>> PagedPass::CutBuckets(const std::vector<Part>& parts) const {
  const auto pages = [&](size_t i) { return PagesFor(Length(parts[i])); };
  std::vector<size_t> order;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].tokens == 1) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return pages(a) > pages(b); });
  std::vector<std::vector<size_t>> buckets;
  for (const size_t i : order) {
    if (buckets.empty() || !BelongTogether(pages(i), pages(buckets.back().front()))) buckets.emplace_back();
    buckets.back().push_back(i);
  }
  for (std::vector<size_t>& bucket : buckets) std::sort(bucket.begin(), bucket.end());
  return buckets;
}

PagedPass::Bucket PagedPass::MakeBucket(const std::vector<Part>& parts, const std::vector<size_t>& which,
                                        const std::vector<int64_t>& rows) const {
  Bucket bucket;
  std::vector<int64_t> bucket_rows, pages;
  for (const size_t i : which) {
    bucket_rows.push_back(rows[i]);
    bucket.positions.push_back(parts[i].position);
    bucket.length = std::max(bucket.length, Length(parts[i]));
  }
  for (const size_t i : which) AppendPages(parts[i], PagesFor(bucket.length), pages);
  bucket.rows_R = Upload(bucket_rows, device_);
  bucket.pages_RP = Upload(pages, device_);
  bucket.positions_R = Upload(bucket.positions, device_);
  return bucket;
}

torch::Tensor PagedPass::Outputs(const torch::Tensor& x_ND) const {
  return output_rows_.defined() ? x_ND.index_select(0, output_rows_) : x_ND;
}

// [tokens, K, d] of [pages, elements of a page].
torch::Tensor PagedPass::Tokens(const torch::Tensor& pages) const {
  const int64_t width = pages.size(1) / (kPageTokens * key_heads_);
  return pages.view({-1, key_heads_, width}).narrow(2, 0, head_dim_);
}

// A page is filled with zeros when it gets its first token, not left with what memory held: a masked token's value is
// multiplied by 0, and 0 x NaN would not vanish.
void PagedPass::Write(const torch::Tensor& heads_NKd, const torch::Tensor& pages) const {
  if (begun_.defined()) pages.index_fill_(0, begun_, 0.0);
  Tokens(pages).index_copy_(0, slots_N_, heads_NKd);
}

// The first `length` tokens of `rows` sequences: [rows, length, K, d].
torch::Tensor PagedPass::Read(const torch::Tensor& pages, const torch::Tensor& which, int64_t rows,
                              int64_t length) const {
  return Tokens(pages.index_select(0, which)).unflatten(0, {rows, -1}).narrow(1, 0, length);
}

torch::Tensor PagedPass::AttendBucket(const Bucket& bucket, int64_t layer, const torch::Tensor& query_RHd,
                                      const AttentionSettings& settings, const KvCache& cache) const {
  const auto [bias, made] = bucket.bias_R11L.try_emplace(settings.window);
  if (made) {
    bias->second = CacheBias(bucket.positions, bucket.positions_R, bucket.length, settings.window,
                             query_RHd.scalar_type());
  }
  const auto read_RKLd = [&](const torch::Tensor& pages) {
    return Read(pages, bucket.pages_RP, query_RHd.size(0), bucket.length).transpose(1, 2);
  };
  return CachedAttention(query_RHd, read_RKLd(cache.keys(layer)), read_RKLd(cache.values(layer)),
                         bias->second, settings);
}

torch::Tensor PagedPass::AttendChunk(const Chunk& chunk, int64_t layer, const torch::Tensor& query_NHd,
                                     const torch::Tensor& key_NKd, const torch::Tensor& value_NKd,
                                     const AttentionSettings& settings, const KvCache& cache) const {
  const auto own_1Thd = [&](const torch::Tensor& heads_Nhd) {
    return heads_Nhd.narrow(0, chunk.row, chunk.tokens).unsqueeze(0);
  };
  if (chunk.position == 0) {
    return CausalAttention(own_1Thd(query_NHd), own_1Thd(key_NKd), own_1Thd(value_NKd), settings).squeeze(0);
  }
  const int64_t length = chunk.position + chunk.tokens;
  const auto [visible, made] = chunk.visible_1TL.try_emplace(settings.window);
  if (made) {
    const torch::Tensor all_TL =
        at::ones({chunk.tokens, length}, at::TensorOptions(at::kBool).device(device_)).tril(chunk.position);
    const bool bounded = settings.window > 0 && settings.window < length;
    visible->second = (bounded ? all_TL.triu(chunk.position + 1 - settings.window) : all_TL).unsqueeze(0);
  }
  AttentionSettings unbounded = settings;
  unbounded.window = 0;  // the mask has it
  return MaskedAttention(own_1Thd(query_NHd), Read(cache.keys(layer), chunk.pages_P, 1, length),
                         Read(cache.values(layer), chunk.pages_P, 1, length), visible->second,
                         /*positions_BT=*/{}, unbounded)
      .squeeze(0);
}

torch::Tensor PagedPass::Attend(int64_t layer, const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const AttentionSettings& settings,
                                const KvCache& cache) const {
  if (chunks_.empty() && buckets_.size() == 1) {
    return AttendBucket(buckets_[0], layer, query_NHd, settings, cache);
  }
  const torch::Tensor out_NE =
      at::empty({query_NHd.size(0), query_NHd.size(1) * query_NHd.size(2)}, query_NHd.options());
  for (const Bucket& bucket : buckets_) {
    const torch::Tensor query_RHd = query_NHd.index_select(0, bucket.rows_R);
    out_NE.index_copy_(0, bucket.rows_R, AttendBucket(bucket, layer, query_RHd, settings, cache));
  }
  for (const Chunk& chunk : chunks_) {
    out_NE.narrow(0, chunk.row, chunk.tokens)
        .copy_(AttendChunk(chunk, layer, query_NHd, key_NKd, value_NKd, settings, cache));
  }
  return out_NE;
}

torch::Tensor PagedAttention(const PagedPass& pass, int64_t layer, const torch::Tensor& query_NHd,
                             const torch::Tensor& key_NKd, const torch::Tensor& value_NKd,
                             const AttentionSettings& settings, KvCache* cache) {
  const torch::Tensor keys = cache->keys(layer), values = cache->values(layer);
  if (pass.by_kernels_) {
    return cpu_path::PagedAttention(query_NHd, key_NKd, value_NKd, {pass.slots_, pass.parts_}, {keys, values},
                                    settings);
  }
  pass.Write(key_NKd, keys);
  pass.Write(value_NKd, values);
  return pass.Attend(layer, query_NHd, key_NKd, value_NKd, settings, *cache);
}

}  // namespace drover::model::ops
