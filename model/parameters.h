// The memory of a transformer's weights: allocated by the blocks that read them, and found by name.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/ops.h"

namespace drover::model {

using ParametersByName = std::map<std::string, torch::Tensor>;

// Several linear maps of one input, whose rows are computed together where they lie together.
struct JoinedLinear {
  ops::LinearWeights all;  // the rows of all parts one after the other; undefined when not fused
  std::vector<ops::LinearWeights> parts;  // fused: views of `all`
};

// Not thread-safe.
class ParameterAllocator {
 public:
  // Weights of `dtype` on `device`, values unset. `fused`: Join puts its parts into one matrix.
  ParameterAllocator(torch::ScalarType dtype, torch::Device device, bool fused);

  // Undefined where the description is absent.
  torch::Tensor Make(const WeightDescription& weight);
  ops::LinearWeights Make(const LinearDescription& linear);
  // `parts`: at least one; all with a bias or all without.
  JoinedLinear Join(const std::vector<LinearDescription>& parts);

  // All that was made, under Hugging Face's names; shares storage with it.
  const ParametersByName& by_name() const { return by_name_; }

 private:
  torch::Tensor MakeRows(const std::vector<WeightDescription>& parts, std::vector<torch::Tensor>* views);

  const torch::TensorOptions options_;
  const bool fused_;
  ParametersByName by_name_;
};

// Sets matrices to normal numbers of standard deviation `std`, norms to 1, biases to 0. The same numbers for the same
// seed on every device.
void InitializeParameters(const ParametersByName& parameters, uint64_t seed, double std);

}  // namespace drover::model
