// A weight as the CPU's matrix products read it (kernels/cpu/packed_matrix.h), packed again when it has changed.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "model/adapters.h"
#include "model/kernels/cpu/packed_matrix.h"

namespace drover::model {

// Not thread-safe.
class PackedWeight {
 public:
  // `weight` [out, in] float32 or bfloat16 on the CPU, merged with its adapters and rounded to `dtype`; the reference is
  // good until the next call. A weight has changed when LibTorch has counted a change in place of it or of an adapter (who
  // changes them by an operation that counts none, counts it: learner/adamw.cc) or one lies elsewhere.
  const cpu::PackedMatrix& Of(const torch::Tensor& weight, const Adapters& adapters, torch::ScalarType dtype);

  // Gives the memory back; the weight is packed again when it is next read.
  void Drop();

  // For devices without kernels of ours: the weight in float32, converted again when it has changed; the same tensor if
  // it is float32.
  const torch::Tensor& Wide(const torch::Tensor& weight);
  // And the same merged with its adapters, in `dtype`.
  const torch::Tensor& Merged(const torch::Tensor& weight, const Adapters& adapters, torch::ScalarType dtype);

 private:
  // Where a tensor lies, and how often it was changed.
  using Stamp = std::pair<const void*, int64_t>;
  bool Changed(const torch::Tensor& weight, const Adapters& adapters);

  std::unique_ptr<cpu::PackedMatrix> matrix_;
  torch::Tensor held_;  // what Wide or Merged returned
  std::vector<Stamp> stamps_;
};

// Of LibTorch's dtypes, kFloat and kBFloat16.
cpu::Element ElementOf(torch::ScalarType dtype);

}  // namespace drover::model
