#include "model/kv_cache.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "base/check.h"

namespace drover::model {
namespace {

constexpr int64_t kLengthStep = 64;  // tokens
constexpr int64_t kRowStep = 8;

// At least `needed`, at least half as much again as `now` (so that growing costs amortised constant time).
int64_t Grown(int64_t now, int64_t needed, int64_t step, int64_t limit) {
  if (needed <= now) return now;
  const int64_t wanted = std::max(needed, now + now / 2);
  return std::min(limit, (wanted + step - 1) / step * step);
}

}  // namespace

KvCache::KvCache(const ModelConfig& config, const KvCacheOptions& options)
    : layers_(config.num_layers), heads_(config.num_kv_heads), head_dim_(config.head_dim), options_(options) {
  DROVER_CHECK(options.max_rows > 0 && options.max_length > 0);
  c10::InferenceMode guard;
  row_indices_ = at::arange(options.max_rows, at::TensorOptions(at::kLong).device(options.device));
}

void KvCache::Reserve(int64_t rows, int64_t length) {
  DROVER_CHECK(rows <= options_.max_rows && length <= options_.max_length);
  if (rows <= rows_ && length <= capacity_) return;
  c10::InferenceMode guard;
  const int64_t new_rows = Grown(rows_, rows, kRowStep, options_.max_rows);
  const int64_t new_capacity = Grown(capacity_, length, kLengthStep, options_.max_length);
  // Zeros, not whatever memory held: a masked position's value is multiplied by 0, and 0 x NaN would not vanish.
  const torch::Tensor grown = at::zeros({2, layers_, new_rows, heads_, new_capacity, head_dim_},
                                        at::TensorOptions(options_.dtype).device(options_.device));
  if (data_.defined()) grown.narrow(2, 0, rows_).narrow(4, 0, capacity_).copy_(data_);
  data_ = grown;
  rows_ = new_rows;
  capacity_ = new_capacity;
}

void KvCache::WritePrompt(int64_t layer, int64_t row, int64_t rows, const torch::Tensor& keys_HTd,
                          const torch::Tensor& values_HTd) {
  const int64_t length = keys_HTd.size(1);
  DROVER_CHECK(row + rows <= rows_ && length <= capacity_);
  c10::InferenceMode guard;
  for (int64_t side = 0; side < 2; ++side) {
    const torch::Tensor& source = side == 0 ? keys_HTd : values_HTd;
    data_.select(0, side).select(0, layer).narrow(0, row, rows).narrow(2, 0, length).copy_(source);
  }
}

void KvCache::WriteToken(int64_t layer, const torch::Tensor& positions_R, const torch::Tensor& keys_RHd,
                         const torch::Tensor& values_RHd) {
  const int64_t rows = positions_R.size(0);
  DROVER_CHECK(rows <= rows_);
  c10::InferenceMode guard;
  const c10::List<std::optional<at::Tensor>> where({row_indices_.narrow(0, 0, rows), positions_R});
  for (int64_t side = 0; side < 2; ++side) {
    const torch::Tensor& source = side == 0 ? keys_RHd : values_RHd;
    data_.select(0, side).select(0, layer).permute({0, 2, 1, 3}).index_put_(where, source);
  }
}

void KvCache::MoveRow(int64_t from, int64_t to, int64_t length) {
  c10::InferenceMode guard;
  const torch::Tensor used = data_.narrow(4, 0, length);
  used.select(2, to).copy_(used.select(2, from));
}

torch::Tensor KvCache::Keys(int64_t layer, int64_t rows, int64_t length) const {
  return data_.select(0, 0).select(0, layer).narrow(0, 0, rows).narrow(2, 0, length);
}

torch::Tensor KvCache::Values(int64_t layer, int64_t rows, int64_t length) const {
  return data_.select(0, 1).select(0, layer).narrow(0, 0, rows).narrow(2, 0, length);
}

int64_t KvCache::bytes() const { return data_.defined() ? static_cast<int64_t>(data_.nbytes()) : 0; }

}  // namespace drover::model
