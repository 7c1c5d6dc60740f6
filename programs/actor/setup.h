// What an actor is set up with before it can sample: the recipe and the model's shape and tokenizer, from its own files
// or from the learner.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "drover/v1/run.pb.h"
#include "model/config.h"
#include "model/tokenizer.h"

namespace drover::actor_process {

// The learner's RunService. Thread-safe; calls block until they are answered, however long the learner is away.
class SetupSource {
 public:
  virtual ~SetupSource() = default;
  virtual absl::StatusOr<v1::GetRecipeResponse> GetRecipe() = 0;
  virtual absl::StatusOr<v1::GetModelFilesResponse> GetModelFiles() = 0;
};

struct Setup {
  v1::Recipe recipe;
  std::string sampling_digest;  // of it
  model::ModelConfig config;
  std::string config_json;  // the text that it was read from
  std::unique_ptr<model::Tokenizer> tokenizer;
};

// `recipe_file` and `model_folder` may be empty: then the learner's are taken. Where both have a recipe, they must agree
// in what matters to sampling: FAILED_PRECONDITION names the fields and both values. Errors of the files and of what the
// learner sent; CANCELLED when the source was cancelled.
absl::StatusOr<Setup> MakeSetup(const std::string& recipe_file, const std::string& model_folder,
                                SetupSource& learner);

}  // namespace drover::actor_process
