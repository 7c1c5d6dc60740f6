#include "services/recipe/file_checks.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/config.h"
#include "services/data/jsonl.h"
#include "services/data/prompt_source.h"
#include "services/recipe/cross_checks.h"

namespace drover::recipe {
namespace {

namespace fs = std::filesystem;

// A file of the wrong kind shows in its first lines; the learner reads the rest.
constexpr size_t kLinesLookedAt = 20;

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// What of a Hugging Face directory is missing in `folder`; empty when nothing is.
std::string MissingPart(const fs::path& folder) {
  for (const char* part : {"config.json", "tokenizer.json"}) {
    if (!Exists(folder / part)) return part;
  }
  if (Exists(folder / "model.safetensors") || Exists(folder / "model.safetensors.index.json")) return "";
  return "model.safetensors (or model.safetensors.index.json)";
}

void CheckModel(const v1::Recipe& recipe, Problems& problems) {
  const std::string& path = recipe.model().path();
  if (path.empty() || problems.Has("model.path")) return;
  if (!IsFolder(path)) {
    problems.Add("model.path",
                 absl::StrCat("got `", path, "`, which is ", Exists(path) ? "no folder" : "not there",
                              "; may be a Hugging Face directory, or empty for a new model"));
    return;
  }
  if (const std::string missing = MissingPart(path); !missing.empty()) {
    problems.Add("model.path", absl::StrCat("got `", path, "`, which has no ", missing,
                                            "; may be a Hugging Face directory, or empty for a new model"));
    return;
  }
  const auto config = model::LoadModelConfig(path);
  if (!config.ok()) {
    problems.Add("model.path", std::string(config.status().message()));
    return;
  }
  for (const char* field :
       {"data.max_prompt_tokens", "rollout.max_response_tokens", "evaluation.max_response_tokens"}) {
    if (problems.Has(field)) return;
  }
  CheckPositions(recipe, "the model's max_position_embeddings", static_cast<uint64_t>(config->max_positions),
                 problems);
}

void CheckQuestions(const char* field, const std::string& path, Problems& problems) {
  if (problems.Has(field)) return;
  const auto questions = data::ReadQuestions(path, kLinesLookedAt);
  if (questions.ok()) return;
  if (absl::IsNotFound(questions.status())) {
    problems.Add(field, absl::StrCat("got `", path, "`, which is not there; may be a JSONL file of questions",
                                     field == std::string("data.train") ? ", or arithmetic" : ""));
    return;
  }
  problems.Add(field, std::string(questions.status().message()));
}

}  // namespace

void CheckFiles(const v1::Recipe& recipe, Problems& problems) {
  CheckModel(recipe, problems);
  if (recipe.data().train() != data::kGenerated)
    CheckQuestions("data.train", recipe.data().train(), problems);
  if (!recipe.data().heldout().empty()) CheckQuestions("data.heldout", recipe.data().heldout(), problems);
}

}  // namespace drover::recipe
