#include "services/learner/model_folder.h"

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "model/tokenizer.h"

namespace drover::learner_process {
namespace {

constexpr int64_t kPadId = 0, kEosId = 1, kSpecialTokens = 2;  // as CharacterTokenizerJson numbers them

// Files of a Hugging Face directory that concern shape and text. Only config.json and tokenizer.json must be there.
constexpr const char* kRequired[] = {"config.json", "tokenizer.json"};
constexpr const char* kOptional[] = {"generation_config.json", "tokenizer_config.json",
                                     "special_tokens_map.json"};

absl::Status WriteEmbedded(const v1::EmbeddedModel& shape, const std::string& folder) {
  const model::ModelConfig config = EmbeddedConfig(shape);
  RETURN_IF_ERROR(model::ValidateModelConfig(config));
  RETURN_IF_ERROR(model::ValidateAlphabet(shape.alphabet()));
  RETURN_IF_ERROR(WriteFileAtomically(folder + "/config.json", model::ModelConfigJson(config)));
  RETURN_IF_ERROR(
      WriteFileAtomically(folder + "/generation_config.json", model::GenerationConfigJson(config)));
  return WriteFileAtomically(folder + "/tokenizer.json", model::CharacterTokenizerJson(shape.alphabet()));
}

absl::Status Copy(const std::string& from, const std::string& to, const char* name) {
  ASSIGN_OR_RETURN(const std::string data, ReadFile(absl::StrCat(from, "/", name)));
  return WriteFileAtomically(absl::StrCat(to, "/", name), data);
}

}  // namespace

model::ModelConfig EmbeddedConfig(const v1::EmbeddedModel& shape) {
  model::ModelConfig config;
  config.vocab_size = static_cast<int64_t>(shape.alphabet().size()) + kSpecialTokens;
  config.hidden_size = shape.hidden_size();
  config.intermediate_size = shape.intermediate_size();
  config.num_layers = shape.layers();
  config.num_heads = shape.heads();
  config.num_kv_heads = shape.kv_heads();
  config.head_dim = config.hidden_size / config.num_heads;
  config.max_positions = shape.max_positions();
  config.rope_theta = shape.rope_theta();
  config.tie_word_embeddings = true;
  config.initializer_range = shape.init_std();
  config.pad_token_id = kPadId;
  config.eos_token_ids = {kEosId};
  return config;
}

absl::Status WriteModelFolder(const v1::Recipe& recipe, const std::string& folder) {
  RETURN_IF_ERROR(MakeFolders(folder));
  const std::string& source = recipe.model().path();
  if (source.empty()) return WriteEmbedded(recipe.model().embedded(), folder);
  for (const char* name : kRequired) RETURN_IF_ERROR(Copy(source, folder, name));
  for (const char* name : kOptional) {
    const absl::Status copied = Copy(source, folder, name);
    if (!copied.ok() && !absl::IsNotFound(copied)) return copied;
  }
  return absl::OkStatus();
}

absl::Status ReplaceModelFolder(const v1::Recipe& recipe, const std::string& folder) {
  const std::string building = folder + ".tmp";
  RETURN_IF_ERROR(RemoveFolder(building));
  RETURN_IF_ERROR(WriteModelFolder(recipe, building));
  RETURN_IF_ERROR(SyncFolder(building));
  return ReplaceFolder(building, folder);
}

}  // namespace drover::learner_process
