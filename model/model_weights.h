// The weights of a Hugging Face directory as the transformer of its config.json takes them.
//
//   config.json ─────────▶ WeightShapes ──┐
//   *.safetensors headers ──▶ names ──────┴─ every weight there, of the right shape and type ─▶ ModelWeights
//
// Headers alone are read, except where a head of its own has to be compared with the embedding that it is said to be.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/config.h"
#include "model/safetensors.h"

namespace drover::model {

class ModelWeights {
 public:
  // Of config.json; with a head of its own where the files have one that differs from the embedding, whatever
  // tie_word_embeddings says.
  const ModelConfig& config() const { return config_; }
  // Exactly the names of WeightShapes(config()), each of its shape. The views live as long as this.
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }

 private:
  friend absl::StatusOr<ModelWeights> OpenModelWeights(const std::string& dir, ModelNotes* notes);
  ModelConfig config_;
  ModelTensors files_;
  std::map<std::string, TensorView> tensors_;
};

// Names may lack their "model." (a model saved without its head). Of a model of several parts the language model's are
// taken, by the names that they have alone, and the others noted. What other programs keep beside weights is passed
// over: rotary constants and the scales of a quantised cache. INVALID_ARGUMENT for a weight that is missing, unknown or
// of another shape or type, with its name; the errors of LoadModelConfig and OpenModelTensors. `notes` may be null.
absl::StatusOr<ModelWeights> OpenModelWeights(const std::string& dir, ModelNotes* notes = nullptr);

// INVALID_ARGUMENT naming the tensor and its first element that is no finite number once it is rounded to `dtype` (F32,
// BF16 or F16). Reads all of the tensor.
absl::Status CheckFinite(const TensorView& tensor, Dtype dtype);

}  // namespace drover::model
