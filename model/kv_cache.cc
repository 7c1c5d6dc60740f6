#include "model/kv_cache.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "base/check.h"
#include "model/ops_cpu.h"

namespace drover::model {
namespace {

int64_t PageElements(const ModelConfig& config) {
  return ops::cpu_path::PageElements(config.num_kv_heads, config.head_dim);
}

}  // namespace

int64_t PageBytes(const ModelConfig& config, torch::ScalarType dtype) {
  return 2 * config.num_layers * PageElements(config) * static_cast<int64_t>(c10::elementSize(dtype));
}

KvCache::KvCache(const ModelConfig& config, const KvCacheOptions& options)
    : heads_(config.num_kv_heads), head_dim_(config.head_dim), options_(options) {
  DROVER_CHECK(options.pages > 0);
  c10::InferenceMode guard;
  data_ = at::empty({config.num_layers, 2, options.pages, PageElements(config)},
                    at::TensorOptions(options.dtype).device(options.device));
}

void KvCache::CopyPages(absl::Span<const PageCopy> copies) {
  if (copies.empty()) return;
  c10::InferenceMode guard;
  const auto count = static_cast<int64_t>(copies.size());
  torch::Tensor pages = at::empty({2, count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) {
    pages.mutable_data_ptr<int64_t>()[i] = copies[i].from;
    pages.mutable_data_ptr<int64_t>()[count + i] = copies[i].to;
  }
  pages = pages.to(options_.device);
  // All are read before any is written: a page may be `from` before it is `to`, never after.
  data_.index_copy_(2, pages[1], data_.index_select(2, pages[0]));
}

}  // namespace drover::model
