#include "recipe/learner_checks.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "recipe/check.h"
#include "recipe/nearest.h"

namespace drover::recipe {
namespace {

void MinibatchDividesRollout(const v1::Recipe& recipe, Problems& problems) {
  const uint64_t responses = uint64_t{recipe.rollout().prompts()} * recipe.rollout().group_size();
  Divides("learner.minibatch_responses", recipe.learner().minibatch_responses(), responses,
          absl::StrCat("rollout.prompts x rollout.group_size = ", recipe.rollout().prompts(), " x ",
                       recipe.rollout().group_size()),
          problems);
}

void EveryRankHasResponses(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.learner().ranks() <= recipe.learner().minibatch_responses()) return;
  problems.Add("learner.ranks", absl::StrCat("got ", recipe.learner().ranks(),
                                             ", may be at most learner.minibatch_responses = ",
                                             recipe.learner().minibatch_responses(),
                                             ", so that every rank has a response of each step"));
}

void ExchangeNeedsSharding(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.learner().gradient_exchange() != v1::BFLOAT16) return;
  if (recipe.learner().sharding() != v1::NONE) return;
  problems.Add("learner.gradient_exchange",
               "got BFLOAT16, which needs learner.sharding: OPTIMIZER, GRADIENTS or WEIGHTS (without it "
               "whole gradients "
               "are summed in place, in float32); may be FLOAT32");
}

bool Adapts(const v1::Recipe& recipe) { return recipe.learner().lora().rank() > 0; }

void AdaptersNeedAModel(const v1::Recipe& recipe, Problems& problems) {
  if (!Adapts(recipe) || !recipe.model().path().empty()) return;
  problems.Add("learner.lora.rank", absl::StrCat("got ", recipe.learner().lora().rank(),
                                                 ", may be 0 without a model.path: a new model's weights are "
                                                 "random numbers, which nobody would freeze"));
}

void AdaptersAreNotPretrained(const v1::Recipe& recipe, Problems& problems) {
  if (!Adapts(recipe) || recipe.pretrain().batches() == 0) return;
  problems.Add("pretrain.batches",
               absl::StrCat("got ", recipe.pretrain().batches(), ", may be 0 with learner.lora"));
}

void AdaptersAreNotSharded(const v1::Recipe& recipe, Problems& problems) {
  if (!Adapts(recipe) || recipe.learner().sharding() == v1::NONE) return;
  problems.Add(
      "learner.sharding",
      absl::StrCat("got ", v1::Sharding_Name(recipe.learner().sharding()),
                   ", may be NONE with learner.lora: what adapters have of gradients and moments is small"));
}

void AdapterTargetsAreKnown(const v1::Recipe& recipe, Problems& problems) {
  static const auto& known =
      *new std::vector<std::string>{"q_proj",  "k_proj",    "v_proj",   "o_proj",      "gate_proj",
                                    "up_proj", "down_proj", "qkv_proj", "gate_up_proj"};
  std::set<std::string> seen;
  for (const std::string& target : recipe.learner().lora().targets()) {
    if (std::count(known.begin(), known.end(), target) == 0) {
      const std::string near = Nearest(target, known);
      problems.Add("learner.lora.targets",
                   absl::StrCat("got `", absl::CHexEscape(target), "`, may be ", absl::StrJoin(known, ", "),
                                near.empty() ? "" : absl::StrCat("; did you mean ", near, "?")));
    } else if (!seen.insert(target).second) {
      problems.Add("learner.lora.targets", absl::StrCat("has `", target, "` twice"));
    }
  }
}

void TargetsAreOfAdapters(const v1::Recipe& recipe, Problems& problems) {
  if (Adapts(recipe) || recipe.learner().lora().targets().empty()) return;
  problems.Add("learner.lora.targets", "are given, but learner.lora.rank is 0, which is no adapters at all");
}

const std::vector<Check>& LearnerChecks() {
  static const auto& checks = *new std::vector<Check>{
      {{"rollout.prompts", "rollout.group_size", "learner.minibatch_responses"}, MinibatchDividesRollout},
      {{"learner.ranks", "learner.minibatch_responses"}, EveryRankHasResponses},
      {{"learner.gradient_exchange", "learner.sharding"}, ExchangeNeedsSharding},
      {{"model.path", "learner.lora.rank"}, AdaptersNeedAModel},
      {{"pretrain.batches", "learner.lora.rank"}, AdaptersAreNotPretrained},
      {{"learner.sharding", "learner.lora.rank"}, AdaptersAreNotSharded},
      {{"learner.lora.targets"}, AdapterTargetsAreKnown},
      {{"learner.lora.rank", "learner.lora.targets"}, TargetsAreOfAdapters},
  };
  return checks;
}

}  // namespace

void CheckLearner(const v1::Recipe& recipe, Problems& problems) {
  RunChecks(LearnerChecks(), recipe, problems);
}

}  // namespace drover::recipe
