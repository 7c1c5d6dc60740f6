#include "programs/actor/setup.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "recipe/load.h"
#include "recipe/sampling.h"
#include "services/run/model_files.h"

namespace drover::actor_process {
namespace {

// The learner's, when there is no file; the file's, when the learner's agrees with it.
absl::StatusOr<v1::Recipe> ChooseRecipe(const std::string& file, SetupSource& learner) {
  v1::Recipe ours;
  if (!file.empty()) {
    // The questions' files are the learner's: they need not be on this machine.
    ASSIGN_OR_RETURN(ours, recipe::LoadRecipe(file, {}, {.check_files = false}));
  }
  log::Info("asking the learner for its recipe");
  const absl::StatusOr<v1::GetRecipeResponse> theirs = learner.GetRecipe();
  if (absl::IsUnimplemented(theirs.status()) && !file.empty()) {
    log::Warning("the learner is of an older release and does not tell its recipe: not compared");
    return ours;
  }
  RETURN_IF_ERROR(theirs.status());
  if (file.empty()) return theirs->recipe();
  const std::string differences = recipe::SamplingDifferences(ours, theirs->recipe());
  if (differences.empty()) return ours;
  return absl::FailedPreconditionError(absl::StrCat(
      "--recipe ", file,
      " is not the learner's recipe; these fields matter to sampling and differ (ours -> the "
      "learner's): ",
      differences, ". Give both the same file, or leave --recipe out: the actor then takes the learner's"));
}

}  // namespace

absl::StatusOr<Setup> MakeSetup(const std::string& recipe_file, const std::string& model_folder,
                                SetupSource& learner) {
  Setup setup;
  if (!model_folder.empty()) {  // a mistake in it is told before the learner is waited for
    ASSIGN_OR_RETURN(setup.tokenizer, model::Tokenizer::Load(model_folder));
    ASSIGN_OR_RETURN(setup.config, model::LoadModelConfig(model_folder));
    ASSIGN_OR_RETURN(setup.config_json, ReadFile(model_folder + "/config.json"));
  }
  ASSIGN_OR_RETURN(setup.recipe, ChooseRecipe(recipe_file, learner));
  setup.sampling_digest = recipe::SamplingDigest(setup.recipe);
  if (!model_folder.empty()) return setup;
  ASSIGN_OR_RETURN(const v1::GetModelFilesResponse answer, learner.GetModelFiles());
  ASSIGN_OR_RETURN(const auto files, run::UnpackModelFiles(answer));
  ASSIGN_OR_RETURN(setup.tokenizer, model::Tokenizer::Parse(files.at("tokenizer.json")));
  setup.config_json = files.at("config.json");
  const auto generation = files.find("generation_config.json");
  ASSIGN_OR_RETURN(setup.config, generation == files.end()
                                     ? model::ParseModelConfig(files.at("config.json"))
                                     : model::ParseModelConfig(files.at("config.json"), generation->second));
  return setup;
}

}  // namespace drover::actor_process
