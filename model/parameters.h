// The memory of a transformer's weights: allocated by the blocks that read them, and found by name.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/lora_config.h"
#include "model/ops.h"

namespace drover::model {

using ParametersByName = std::map<std::string, torch::Tensor>;

// Of tensors that are a rank's part of those of their names (rank_share.h): which rows, and of how many.
struct RowPart {
  std::vector<RowRun> runs;
  int64_t whole_rows = 0;
};
using RowParts = std::map<std::string, RowPart>;

// Several linear maps of one input, whose rows are computed together where they lie together.
struct JoinedLinear {
  // The rows of all parts one after the other; undefined where there are several that are not fused.
  ops::LinearWeights all;
  std::vector<ops::LinearWeights> parts;  // fused: views of `all`
};

// What it points to outlives the allocator.
struct ParameterOptions {
  torch::ScalarType dtype = torch::kFloat32;
  torch::Device device = torch::kCPU;
  bool deferred = false;  // without memory (tensor_memory.h)
  bool fused = false;     // Join puts its parts into one matrix
  // Null: no adapters; else its targets have one, float32.
  const LoraConfig* lora = nullptr;
  // Null, or all weights by name: they are taken, and none is allocated. Not with `fused`.
  const ParametersByName* lent = nullptr;
};

// Not thread-safe.
class ParameterAllocator {
 public:
  // Values are unset.
  explicit ParameterAllocator(const ParameterOptions& options);

  // Undefined where the description is absent.
  torch::Tensor Make(const WeightDescription& weight);
  ops::LinearWeights Make(const LinearDescription& linear);
  // `parts`: at least one; all with a bias or all without.
  JoinedLinear Join(const std::vector<LinearDescription>& parts);

  // What was made for products to read weights by, since the last call.
  std::vector<std::shared_ptr<PackedWeight>> TakePacked();

  // All that was made, under Hugging Face's names; shares storage with it.
  const ParametersByName& by_name() const { return by_name_; }
  // And the adapters, under peft's.
  const ParametersByName& adapters() const { return adapters_; }
  // Of both, those that are a part.
  const RowParts& parts() const { return parts_; }

 private:
  void NotePart(const WeightDescription& weight);
  torch::Tensor Allocate(const WeightDescription& weight) const;
  std::shared_ptr<PackedWeight> MakePacked();
  torch::Tensor MakeRows(const std::vector<WeightDescription>& parts, std::vector<torch::Tensor>* views);
  // Of maps whose rows lie one after the other.
  Adapters MakeAdapters(const std::vector<LinearDescription>& parts);

  const ParameterOptions options_;
  ParametersByName by_name_;
  ParametersByName adapters_;
  RowParts parts_;
  std::vector<std::shared_ptr<PackedWeight>> packed_;
};

// Sets a matrix to normal numbers of standard deviation `std`, a norm to `norm`, a bias to 0. The same numbers for the
// same seed and `stream` on every device.
void InitializeParameter(const std::string& name, const torch::Tensor& tensor, uint64_t seed, uint64_t stream,
                         double std, double norm);

// All of them; a parameter's stream is its place in the order of names.
void InitializeParameters(const ParametersByName& parameters, uint64_t seed, double std, double norm);

// As peft begins: B is 0, and A uniform between -1 / sqrt(in) and 1 / sqrt(in) (Kaiming's bound for a = sqrt(5)). The same
// numbers for the same seed on every device.
void InitializeAdapters(const ParametersByName& adapters, uint64_t seed);

}  // namespace drover::model
