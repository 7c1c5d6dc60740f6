#include "programs/drover/eval/fleet_recipe.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "data/prompt_fit.h"
#include "model/config.h"
#include "model/lora_files.h"
#include "model/tokenizer.h"
#include "recipe/defaults.h"
#include "recipe/load.h"
#include "recipe/validate.h"

namespace drover::cli {
namespace {

// The suite's file is the training file too, which must hold a question that is not held out; nobody is asked it.
constexpr double kNextToNoneHeldOut = 1e-6;

absl::StatusOr<uint64_t> LongestPrompt(const std::string& model, const model::EncodeOptions& encoding,
                                       absl::Span<const evaluation::Ask> asks) {
  ASSIGN_OR_RETURN(const auto tokenizer, model::Tokenizer::Load(model));
  size_t longest = 1;
  for (const evaluation::Ask& ask : asks) {
    auto ids = tokenizer->Encode(ask.prompt, encoding);
    if (!ids.ok()) return Annotate(ids.status(), absl::StrCat("the prompt of ", ask.id));
    longest = std::max(longest, ids->size());
  }
  return longest;
}

absl::Status CheckRoom(const std::string& model, uint64_t longest_prompt, uint32_t budget) {
  ASSIGN_OR_RETURN(const std::string base, model::BaseFolder(model));
  ASSIGN_OR_RETURN(const model::ModelConfig config, model::LoadModelConfig(base));
  const auto positions = static_cast<uint64_t>(config.max_positions);
  if (longest_prompt + budget <= positions) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--max-response-tokens is ", budget, ", with the longest prompt of ", longest_prompt,
      " tokens that is above the model's ", positions, " positions; with --fleet it may be at most ",
      positions - std::min(longest_prompt, positions)));
}

absl::Status CheckSampling(const evaluation::Sampling& sampling) {
  if (sampling.top_p == 1 && sampling.top_k == 0 && sampling.min_p == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--top-p, --top-k and --min-p do not go with --fleet: evaluations of a run sample from all tokens");
}

void SetData(const FleetModel& model, const std::string& questions, const evaluation::Sampling& sampling,
             v1::DataSettings& data) {
  data.set_train(questions);
  data.set_heldout_share(kNextToNoneHeldOut);
  data.set_template_("{question}");
  for (const std::string& stop : sampling.stop) data.add_stop(stop);
  data.set_keep_stop(sampling.keep_stop);
  data.set_reward_format(model.format);
}

void SetEvaluation(const std::string& questions, uint32_t n, const evaluation::Sampling& sampling,
                   v1::EvaluationSettings& evaluation) {
  evaluation.set_questions(0);
  v1::SuiteSettings& suite = *evaluation.mutable_suite();
  suite.set_path(questions);
  suite.set_n(n);
  suite.set_temperature(sampling.temperature);
  suite.set_max_response_tokens(sampling.max_response_tokens);
}

}  // namespace

absl::StatusOr<v1::Recipe> FleetRecipe(const FleetModel& model, const std::string& questions,
                                       absl::Span<const evaluation::Ask> asks,
                                       const evaluation::Sampling& sampling) {
  RETURN_IF_ERROR(CheckSampling(sampling));
  v1::Recipe recipe;
  recipe.set_name("evaluation");
  recipe.mutable_run()->set_steps(0);
  recipe.mutable_run()->set_seed(sampling.seed);
  recipe.mutable_run()->set_device(model.device);
  recipe.mutable_model()->set_path(model.model);
  recipe.mutable_model()->set_dtype(model.dtype == "bfloat16" ? v1::BFLOAT16 : v1::FLOAT32);
  SetData(model, questions, sampling, *recipe.mutable_data());
  recipe.mutable_reward()->set_grader(model.grader);
  recipe.mutable_rollout()->set_max_response_tokens(sampling.max_response_tokens);
  SetEvaluation(questions, asks.front().n, sampling, *recipe.mutable_evaluation());
  recipe::FillDefaults(recipe);
  recipe::MakePathsAbsolute(recipe);
  ASSIGN_OR_RETURN(const uint64_t longest,
                   LongestPrompt(model.model, data::PromptEncoding(recipe.data()), asks));
  RETURN_IF_ERROR(CheckRoom(model.model, longest, sampling.max_response_tokens));
  recipe.mutable_data()->set_max_prompt_tokens(static_cast<uint32_t>(longest));
  const absl::Status valid = recipe::Validate(recipe, {.check_files = false});
  if (!valid.ok()) return Annotate(valid, "the recipe of --fleet");
  return recipe;
}

}  // namespace drover::cli
