// Folders of adapters, as Hugging Face's peft and checkpoints of runs with learner.lora have them, and the weights that they
// make of the model that they adapt. No LibTorch.
//
//   adapter_config.json ───────▶ LoraConfig ──▶ the folder of the base: configuration, weights
//   adapter_model.safetensors ─▶ A and B by the weight that they adapt
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/dtype.h"
#include "model/lora_config.h"
#include "model/model_weights.h"
#include "model/safetensors.h"

namespace drover::model {

inline constexpr char kLoraConfigFile[] = "adapter_config.json";
inline constexpr char kLoraWeightsFile[] = "adapter_model.safetensors";

// Whether `dir` has an adapter_config.json.
bool IsLoraFolder(const std::string& dir);

// Where the configuration and the weights of the model in `dir` are: `dir` itself, or, of a folder of adapters, its base.
// INVALID_ARGUMENT, which says what to do, for a base that is no folder here (a name on a hub, a folder of another machine)
// or has adapters itself; the errors of ParseLoraConfig.
absl::StatusOr<std::string> BaseFolder(const std::string& dir);

// Where its tokenizer and chat template are: `dir` itself, or, of a folder of adapters without a tokenizer.json, its base.
// Errors of BaseFolder.
absl::StatusOr<std::string> TokenizerFolder(const std::string& dir);

class LoraWeights {
 public:
  struct Pair {
    TensorView a, b;  // [rank, in] and [out, rank]; live as long as the LoraWeights
  };
  const LoraConfig& config() const { return config_; }
  const std::map<std::string, Pair>& pairs() const { return pairs_; }  // by Hugging Face's name of the weight

  // INVALID_ARGUMENT for a pair whose weight the model has not, or of a shape that does not fit.
  absl::Status CheckFits(const ModelWeights& base) const;

 private:
  friend absl::StatusOr<LoraWeights> OpenLoraWeights(const std::string& dir);
  LoraWeights(LoraConfig config, SafetensorsFile file) : config_(std::move(config)), file_(std::move(file)) {}
  LoraConfig config_;
  SafetensorsFile file_;
  std::map<std::string, Pair> pairs_;
};

// INVALID_ARGUMENT names a tensor that belongs to no pair or is no float matrix; the errors of ParseLoraConfig.
absl::StatusOr<LoraWeights> OpenLoraWeights(const std::string& dir);

// The weights in BaseFolder(dir), not merged; the adapters, if `dir` has any, fit them. `notes` may be null. Errors of
// BaseFolder, OpenModelWeights, OpenLoraWeights and CheckFits.
absl::StatusOr<ModelWeights> OpenBaseWeights(const std::string& dir, ModelNotes* notes = nullptr);

// The bytes of `weight`, which is rounded to `dtype` first, merged with its adapter and rounded to `dtype`: the bits that
// actor and learner of such a run compute with (adapters.h). Errors of ConvertWeights.
absl::StatusOr<std::string> MergedWeight(const TensorView& weight, const LoraWeights::Pair& pair,
                                         const LoraConfig& lora, Dtype dtype);

}  // namespace drover::model
