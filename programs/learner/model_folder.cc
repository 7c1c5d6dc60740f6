#include "programs/learner/model_folder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "model/companion_files.h"
#include "model/lora_files.h"
#include "model/model_weights.h"
#include "model/tokenizer.h"
#include "recipe/embedded_model.h"

namespace drover::learner_process {
namespace {

absl::Status WriteEmbedded(const v1::EmbeddedModel& shape, const std::string& folder) {
  const model::ModelConfig config = recipe::EmbeddedConfig(shape);
  RETURN_IF_ERROR(model::ValidateModelConfig(config));
  RETURN_IF_ERROR(model::ValidateAlphabet(shape.alphabet()));
  RETURN_IF_ERROR(
      WriteFileAtomically(folder + "/generation_config.json", model::GenerationConfigJson(config)));
  RETURN_IF_ERROR(
      WriteFileAtomically(folder + "/tokenizer.json", model::CharacterTokenizerJson(shape.alphabet())));
  return WriteFileAtomically(folder + "/config.json", model::ModelConfigJson(config));
}

// What stands beside the model in `source`. Of adapters: what stands beside their base, but for what they bring for
// themselves, a tokenizer as a rule; the configuration is the base's, as it is where they are loaded.
absl::StatusOr<model::CompanionFiles> CompanionsOf(const std::string& source, model::ModelNotes* notes) {
  ASSIGN_OR_RETURN(const std::string base, model::BaseFolder(source));
  ASSIGN_OR_RETURN(model::CompanionFiles files, model::ReadCompanionFiles(base, notes));
  if (base == source) return files;
  ASSIGN_OR_RETURN(model::CompanionFiles own, model::ReadCompanionFiles(source, notes));
  for (const char* name : {"config.json", "generation_config.json", model::kLoraConfigFile}) own.erase(name);
  for (auto& [name, data] : own) files[name] = std::move(data);
  return files;
}

// What stands beside the weights of `source`, so that checkpoints can carry it on; of the weights only what they say
// about the configuration.
absl::Status WriteCopy(const std::string& source, const std::string& folder) {
  model::ModelNotes notes;
  ASSIGN_OR_RETURN(model::CompanionFiles files, CompanionsOf(source, &notes));
  for (const std::string& note : notes) log::Warning(note);
  for (const char* name : {"config.json", "tokenizer.json"}) {
    if (files.count(name) == 0) return absl::NotFoundError(absl::StrCat(source, "/", name, " is not there"));
  }
  ASSIGN_OR_RETURN(const model::ModelWeights weights, model::OpenBaseWeights(source));
  const std::string config = model::UpdatedConfigJson(files.at("config.json"), weights.config());
  files.erase("config.json");  // written last: a folder with it counts as whole
  for (const auto& [name, data] : files) {
    RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder, "/", name), data));
  }
  return WriteFileAtomically(folder + "/config.json", config);
}

}  // namespace

absl::Status WriteModelFolder(const v1::Recipe& recipe, const std::string& folder) {
  RETURN_IF_ERROR(MakeFolders(folder));
  const std::string& source = recipe.model().path();
  if (source.empty()) return WriteEmbedded(recipe.model().embedded(), folder);
  return WriteCopy(source, folder);
}

absl::Status ReplaceModelFolder(const v1::Recipe& recipe, const std::string& folder) {
  const std::string building = folder + ".tmp";
  RETURN_IF_ERROR(RemoveFolder(building));
  RETURN_IF_ERROR(WriteModelFolder(recipe, building));
  RETURN_IF_ERROR(PosixFileSystem()->SyncFolder(building));
  return ReplaceFolder(building, folder);
}

}  // namespace drover::learner_process
