// config.json of a Hugging Face directory: which transformer it holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/model_config.h"

namespace drover::model {

// What was passed over in a model's files and its owner should hear of, a sentence each.
using ModelNotes = std::vector<std::string>;

// Reads both forms of config.json: the newer (rope_parameters, dtype) and the one most published models have
// (rope_theta, rope_scaling, torch_dtype). INVALID_ARGUMENT names the field, what it holds and what it may
// be; UNIMPLEMENTED for a model that this transformer is not (another architecture, activation or rope type).
// Special ids past the vocabulary are left out with a note. `notes` may be null.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json, ModelNotes* notes = nullptr);

// The same; the end-of-sequence ids are those of the second text where it has any, as Hugging Face generates.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json, std::string_view generation_config_json,
                                             ModelNotes* notes = nullptr);

// ParseModelConfig of dir/config.json and, where it exists, dir/generation_config.json (instruct models list the
// end-of-turn token only there).
absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& dir, ModelNotes* notes = nullptr);

// For configurations made by hand: the fields are in range, and the config.json that ModelConfigJson makes of them says
// so (its model_type may be a family that has no such biases, norms or windows).
absl::Status ValidateModelConfig(const ModelConfig& config);

// config.json in the older form, which every version of transformers reads. ParseModelConfig reads it back.
std::string ModelConfigJson(const ModelConfig& config);
// `source`, the config.json that `config` was read from, with what may since differ: the dtype and whether the head is
// tied. Its other fields stay as they were. ModelConfigJson where `source` is of another model_type (a model of several
// parts, of which this is the language model) or no JSON object.
std::string UpdatedConfigJson(std::string_view source, const ModelConfig& config);
// generation_config.json with the bos, eos and pad ids.
std::string GenerationConfigJson(const ModelConfig& config);

}  // namespace drover::model
