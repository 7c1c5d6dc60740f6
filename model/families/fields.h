// Fields of config.json that several families read, each as Hugging Face does.
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "model/families/family.h"

namespace drover::model {

// The one rotary position of all layers, and how far it reaches. Heads are rotated whole unless `partial`.
absl::Status ReadRope(const JsonFields& fields, const Family& family, ModelConfig& config,
                      bool partial = false);
// UNIMPLEMENTED where only a part of each head is rotated.
absl::Status CheckWholeHeads(const JsonFields& fields, const RopeConfig& rope);

// `field` is "silu".
absl::Status CheckSilu(const JsonFields& fields, ModelConfig& config);

// attention_bias: of q, k, v and o. mlp_bias: of the feed-forward block.
absl::Status ReadAttentionBias(const JsonFields& fields, ModelConfig& config);
absl::Status ReadFeedForwardBias(const JsonFields& fields, ModelConfig& config);
void WriteAttentionBias(const ModelConfig& config, nlohmann::json& value);

// sliding_window, `absent` where it is missing (0: null): whether there is one.
absl::StatusOr<bool> ReadWindow(const JsonFields& fields, int64_t absent, ModelConfig& config);
// Which layers have the window: layer_types where the file has it (UNIMPLEMENTED for one of another kind), else
// `windowed`. UNIMPLEMENTED for layers with a window in a model that has none in use.
absl::Status ReadLayerTypes(const JsonFields& fields, bool in_use, absl::FunctionRef<bool(int64_t)> windowed,
                            ModelConfig& config);
// sliding_window and layer_types as ReadLayerTypes reads them.
void WriteWindow(const ModelConfig& config, nlohmann::json& value);

// A soft cap: null is none, `absent` where it is missing.
absl::StatusOr<double> ReadSoftCap(const JsonFields& fields, const char* name, double absent);

}  // namespace drover::model
