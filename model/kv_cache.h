// Keys and values of the sequences that are being generated.
//
//   keys, values: [layers, rows, kv_heads, capacity, head_dim]   in the model's dtype
//
// Running sequences lie in rows 0..n-1 without holes: when one ends, the last row takes its place (MoveRow). So a
// decode step attends over plain views, with a mask for rows that are shorter than the longest. Capacity grows in
// steps, up to the limits given at construction; memory is allocated when it is needed, never more than
// 2 layers x max_rows x kv_heads x max_length x head_dim elements (twice that while it grows).
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "model/config.h"

namespace drover::model {

struct KvCacheOptions {
  int64_t max_rows = 1;
  int64_t max_length = 1;  // tokens of one row
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat32;
};

// Not thread-safe.
class KvCache {
 public:
  KvCache(const ModelConfig& config, const KvCacheOptions& options);

  // Room for rows [0, rows) of `length` tokens each; what is stored stays. Both within the limits.
  void Reserve(int64_t rows, int64_t length);

  // Stores keys and values [kv_heads, length, head_dim] of one prompt at positions 0.. of rows [row, row + rows).
  void WritePrompt(int64_t layer, int64_t row, int64_t rows, const torch::Tensor& keys_HTd,
                   const torch::Tensor& values_HTd);
  // Stores one token's keys and values [R, kv_heads, head_dim] of rows 0..R-1, row r at positions_R[r] (int64).
  void WriteToken(int64_t layer, const torch::Tensor& positions_R, const torch::Tensor& keys_RHd,
                  const torch::Tensor& values_RHd);
  // The first `length` tokens of row `from` replace those of row `to`.
  void MoveRow(int64_t from, int64_t to, int64_t length);

  // Views [rows, kv_heads, length, head_dim].
  torch::Tensor Keys(int64_t layer, int64_t rows, int64_t length) const;
  torch::Tensor Values(int64_t layer, int64_t rows, int64_t length) const;

  const KvCacheOptions& options() const { return options_; }
  int64_t bytes() const;

 private:
  int64_t layers_, heads_, head_dim_;
  KvCacheOptions options_;
  int64_t rows_ = 0, capacity_ = 0;
  torch::Tensor data_;         // [2, layers, rows, kv_heads, capacity, head_dim]
  torch::Tensor row_indices_;  // 0..max_rows-1
};

}  // namespace drover::model
