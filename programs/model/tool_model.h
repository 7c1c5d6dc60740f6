// A model as the tools load it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/tokenizer.h"
#include "model/transformer.h"

namespace drover::model_tool {

struct ToolModelOptions {
  std::string dir;  // Hugging Face directory, or one of adapters (model/lora_files.h)
  std::string dtype = "float32";
  std::string device = "auto";
  int threads = 0;         // compute threads; 0: LibTorch's default
  bool trainable = false;  // the learner's forward path
  bool recompute_layers = false;
  uint32_t lora_rank = 0;  // adapters of all linear maps, with a scale of 1; 0: none
};

struct ToolModel {
  std::unique_ptr<model::Transformer> transformer;
  std::unique_ptr<model::Tokenizer> tokenizer;  // null when the directory has none
};

// The arithmetic's options: sets the threads, resolves device (with "auto" the rank's) and dtype.
absl::StatusOr<model::TransformerOptions> ResolveOptions(const ToolModelOptions& options, int rank = 0);

// INVALID_ARGUMENT or NOT_FOUND, whatever is wrong with the directory: it is the caller's input.
// With a group the weights are its rank's part, on the device of the rank.
absl::StatusOr<ToolModel> LoadToolModel(const ToolModelOptions& options, model::RankGroup* group = nullptr);

}  // namespace drover::model_tool
