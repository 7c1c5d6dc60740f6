// Attention over sequences whose keys and values lie in pages: a part of the arithmetic of ops.h, with its conventions.
// Only this unit knows how tokens lie in a page.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <vector>

#include "model/kernels/cpu/attention.h"
#include "model/kv_cache.h"
#include "model/op_settings.h"
#include "model/pages.h"

namespace drover::model::ops {

// What all layers of one pass have in common: which tokens go where, and who reads what. N tokens, in the order of the
// parts.
class PagedPass {
 public:
  // The parts' pages are those of `cache`; they must outlive this.
  PagedPass(const std::vector<Part>& parts, const KvCache& cache);

  int64_t tokens() const { return tokens_; }
  const torch::Tensor& positions_N() const { return positions_N_; }  // int64
  // The rows of the parts' last tokens, as many of each as its outputs: of x [N, D], [sum of outputs, D].
  torch::Tensor Outputs(const torch::Tensor& x_ND) const;

 private:
  friend torch::Tensor PagedAttention(const PagedPass& pass, int64_t layer, const torch::Tensor& query_NHd,
                                      const torch::Tensor& key_NKd, const torch::Tensor& value_NKd,
                                      const AttentionSettings& settings, KvCache* cache);
  void MakeSlots(const std::vector<Part>& parts);
  void MakeTensors(const std::vector<Part>& parts);
  torch::Tensor Attend(int64_t layer, const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                       const torch::Tensor& value_NKd, const AttentionSettings& settings,
                       const KvCache& cache) const;

  // Parts of one token whose sequences are of similar length. R of them.
  struct Bucket {
    std::vector<int64_t> positions;
    int64_t length = 0;      // of the longest
    torch::Tensor rows_R;    // of N
    torch::Tensor pages_RP;  // flat
    torch::Tensor positions_R;
    mutable std::map<int64_t, torch::Tensor> bias_R11L;  // by window: layers have a few; undefined: none
  };
  // Consecutive tokens of one sequence.
  struct Chunk {
    int64_t row = 0;  // of N, its first token
    int64_t tokens = 0;
    int64_t position = 0;
    torch::Tensor pages_P;
    mutable std::map<int64_t, torch::Tensor> visible_1TL;  // by window
  };

  std::vector<std::vector<size_t>> CutBuckets(const std::vector<Part>& parts) const;
  Bucket MakeBucket(const std::vector<Part>& parts, const std::vector<size_t>& which,
                    const std::vector<int64_t>& rows) const;
  torch::Tensor Tokens(const torch::Tensor& pages) const;
  void Write(const torch::Tensor& heads_NKd, const torch::Tensor& pages) const;
  torch::Tensor Read(const torch::Tensor& pages, const torch::Tensor& which, int64_t rows,
                     int64_t length) const;
  torch::Tensor AttendBucket(const Bucket& bucket, int64_t layer, const torch::Tensor& query_RHd,
                             const AttentionSettings& settings, const KvCache& cache) const;
  torch::Tensor AttendChunk(const Chunk& chunk, int64_t layer, const torch::Tensor& query_NHd,
                            const torch::Tensor& key_NKd, const torch::Tensor& value_NKd,
                            const AttentionSettings& settings, const KvCache& cache) const;

  torch::Device device_;
  int64_t key_heads_, head_dim_;
  int64_t tokens_ = 0;
  torch::Tensor positions_N_;
  torch::Tensor output_rows_;  // undefined: all rows

  // By the kernels of ops_cpu.h.
  const bool by_kernels_;
  std::vector<cpu::Slot> slots_;
  std::vector<cpu::AttentionPart> parts_;

  // By LibTorch.
  torch::Tensor slots_N_;  // page * kPageTokens + place in it
  torch::Tensor begun_;    // pages that get their first token
  std::vector<Bucket> buckets_;
  std::vector<Chunk> chunks_;
};

// Stores the keys and values of the pass's tokens in one layer of the cache, then lets each token read those of its
// sequence up to itself, within the settings' window. query [N, H, d], key and value [N, K, d], in the cache's dtype.
// Returns [N, H d]. No gradients.
torch::Tensor PagedAttention(const PagedPass& pass, int64_t layer, const torch::Tensor& query_NHd,
                             const torch::Tensor& key_NKd, const torch::Tensor& value_NKd,
                             const AttentionSettings& settings, KvCache* cache);

// On the device, a copy.
torch::Tensor Upload(const std::vector<int64_t>& values, torch::Device device);

}  // namespace drover::model::ops
