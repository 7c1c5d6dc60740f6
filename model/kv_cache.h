// Keys and values of the sequences that are being generated, in pages of kPageTokens tokens (pages.h). Who holds which
// page is decided elsewhere; here is the memory.
//
// How tokens lie in a page is known to ops_paged.h alone, which writes and reads them. Memory is taken whole when the
// cache is made and becomes resident, on a CPU, page by page as it is first written to.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/config.h"
#include "model/pages.h"

namespace drover::model {

struct KvCacheOptions {
  int32_t pages = 1;
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat32;
};

// Bytes of one page, all layers together.
int64_t PageBytes(const ModelConfig& config, torch::ScalarType dtype);

// Not thread-safe.
class KvCache {
 public:
  // Throws what LibTorch throws where the memory cannot be had.
  KvCache(const ModelConfig& config, const KvCacheOptions& options);

  // All layers of each page `to` become those of `from`, as if one copy followed the other. No page is `to` twice.
  void CopyPages(absl::Span<const PageCopy> copies);

  const KvCacheOptions& options() const { return options_; }
  int64_t key_heads() const { return heads_; }
  int64_t head_dim() const { return head_dim_; }
  int64_t bytes() const { return static_cast<int64_t>(data_.nbytes()); }

  // For ops_paged.h: [pages, elements of a page] of one layer.
  torch::Tensor keys(int64_t layer) const { return data_.select(0, layer).select(0, 0); }
  torch::Tensor values(int64_t layer) const { return data_.select(0, layer).select(0, 1); }

 private:
  int64_t heads_, head_dim_;
  KvCacheOptions options_;
  torch::Tensor data_;  // [layers, 2, pages, elements of a page]
};

}  // namespace drover::model
