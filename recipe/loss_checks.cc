#include "recipe/loss_checks.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "recipe/check.h"
#include "recipe/field_rules.h"
#include "recipe/loss_presets.h"
#include "recipe/value_head.h"

namespace drover::recipe {
namespace {

// "got 0.5, may be TEXT".
std::string GotNumber(double value, const std::string& text) {
  return absl::StrCat("got ", NumberText(value), ", may be ", text);
}

void Surrogates(const v1::Recipe& recipe, Problems& problems) {
  const v1::LossSettings& loss = recipe.loss();
  const std::string& name = v1::Surrogate_Name(loss.surrogate());
  if (loss.ratio() == v1::PER_RESPONSE && loss.surrogate() == v1::REINFORCE) {
    problems.Add("loss.ratio", "got PER_RESPONSE, but loss.surrogate REINFORCE has no ratio; leave it out");
  }
  if (loss.dual_clip() == 0) return;
  if (loss.surrogate() != v1::CLIPPED) {
    problems.Add("loss.dual_clip",
                 GotNumber(loss.dual_clip(), "0: it is of loss.surrogate CLIPPED, and that is " + name));
  } else if (loss.dual_clip() <= 1 + loss.clip_high()) {
    problems.Add("loss.dual_clip",
                 GotNumber(loss.dual_clip(),
                           absl::StrCat("0 or above 1 + loss.clip_high = ", NumberText(1 + loss.clip_high()),
                                        ": a lower one would cut where the clip has not begun")));
  }
}

void Correction(const v1::Recipe& recipe, Problems& problems) {
  const v1::LossSettings& loss = recipe.loss();
  const v1::CorrectionSettings& correction = loss.correction();
  if (correction.kind() == v1::NO_CORRECTION) return;
  if (loss.old_logprobs() != v1::LEARNER) {
    problems.Add("loss.correction.kind",
                 absl::StrCat("got ", v1::CorrectionKind_Name(correction.kind()),
                              ", but with loss.old_logprobs ", v1::OldLogprobs_Name(loss.old_logprobs()),
                              " the ratio is to the actor's policy already and would "
                              "count twice; may be NO_CORRECTION, or set loss.old_logprobs: LEARNER"));
  }
  if (correction.kind() == v1::MASKED && correction.low() >= correction.high()) {
    problems.Add("loss.correction.low", GotNumber(correction.low(), "below loss.correction.high = " +
                                                                        NumberText(correction.high())));
  }
}

void Aggregations(const v1::Recipe& recipe, Problems& problems) {
  const v1::LossSettings& loss = recipe.loss();
  if (loss.aggregation() == v1::VL_NORM || loss.length_exponent() == 1) return;
  problems.Add("loss.length_exponent",
               absl::StrCat("is of loss.aggregation VL_NORM alone, and that is ",
                            v1::LossAggregation_Name(loss.aggregation()), "; leave it out"));
}

void Entropy(const v1::Recipe& recipe, Problems& problems) {
  const v1::LossSettings& loss = recipe.loss();
  if (loss.entropy_floor() == 0 || loss.entropy_coefficient() > 0) return;
  problems.Add("loss.entropy_floor",
               GotNumber(loss.entropy_floor(),
                         "0, or give a loss.entropy_coefficient above 0: the floor says when it acts"));
}

void Advantages(const v1::Recipe& recipe, Problems& problems) {
  const v1::AdvantageSettings& advantage = recipe.advantage();
  const std::string& baseline = v1::AdvantageBaseline_Name(advantage.baseline());
  const bool of_group = advantage.baseline() == v1::GROUP_MEAN || advantage.baseline() == v1::LEAVE_ONE_OUT;
  if (advantage.normalize_std() && !of_group) {
    problems.Add(
        "advantage.normalize_std",
        absl::StrCat("got true, which divides by the deviation of the group, but advantage.baseline is ",
                     baseline, "; may be false, or whiten"));
  }
  if (advantage.normalize_std() && advantage.whiten()) {
    problems.Add("advantage.whiten",
                 "got true with advantage.normalize_std, which would normalise twice; choose one");
  }
  if (recipe.rollout().drop_equal_groups() && !of_group) {
    problems.Add("rollout.drop_equal_groups",
                 absl::StrCat("got true, but with advantage.baseline ", baseline,
                              " a group of equal rewards has a gradient, which would be lost; may be false"));
  }
}

// A field of the value head, and what it is where there is none.
struct ValueField {
  const char* name;
  double is;
  double unused;
};

void Values(const v1::Recipe& recipe, Problems& problems) {
  const v1::AdvantageBaseline baseline = recipe.advantage().baseline();
  if (baseline == v1::VALUE) return;
  const ValueField fields[] = {{"advantage.gamma", recipe.advantage().gamma(), 1},
                               {"advantage.gae_lambda", recipe.advantage().gae_lambda(), 1},
                               {"loss.value_coefficient", recipe.loss().value_coefficient(), 0.1},
                               {"loss.value_clip", recipe.loss().value_clip(), 0},
                               {"learner.value_rate_scale", recipe.learner().value_rate_scale(), 10}};
  for (const ValueField& field : fields) {
    if (field.is == field.unused) continue;
    problems.Add(field.name,
                 GotNumber(field.is, absl::StrCat(NumberText(field.unused),
                                                  ": it is of advantage.baseline VALUE, and that is ",
                                                  v1::AdvantageBaseline_Name(baseline))));
  }
}

void ValueHead(const v1::Recipe& recipe, Problems& problems) {
  if (!HasValueHead(recipe) || recipe.learner().sharding() != v1::WEIGHTS) return;
  problems.Add(
      "learner.sharding",
      "got WEIGHTS, may be NONE, OPTIMIZER or GRADIENTS with advantage.baseline VALUE: the value head "
      "is of no layer, in front of which its weights would be gathered");
}

void KlInReward(const v1::Recipe& recipe, Problems& problems) {
  const v1::RewardSettings& reward = recipe.reward();
  if (reward.kl_estimator() == v1::K3_WITH_K2_GRADIENT) {
    problems.Add(
        "reward.kl_estimator",
        "got K3_WITH_K2_GRADIENT, but a reward has no gradient; may be K1, K2 or K3 (the same value)");
  }
  if (reward.kl_to_go() && reward.kl_coefficient() == 0) {
    problems.Add("reward.kl_to_go",
                 "got true, may be false where reward.kl_coefficient is 0: there is no KL to charge");
  }
}

void Overlong(const v1::Recipe& recipe, Problems& problems) {
  const uint32_t tokens = recipe.reward().overlong_tokens(), budget = recipe.rollout().max_response_tokens();
  if (tokens <= budget) return;
  problems.Add("reward.overlong_tokens",
               GotNumber(tokens, absl::StrCat("at most rollout.max_response_tokens = ", budget)));
}

void Unwise(const v1::Recipe& recipe, Problems& problems) {
  const v1::LossSettings& loss = recipe.loss();
  const uint64_t rollout = uint64_t{recipe.rollout().prompts()} * recipe.rollout().group_size();
  const bool off_policy = recipe.learner().epochs() > 1 || recipe.learner().minibatch_responses() < rollout;
  if (loss.surrogate() == v1::REINFORCE && off_policy) {
    problems.Warn(
        "loss.surrogate: REINFORCE has no ratio, so that of a rollout's several optimizer steps only the "
        "first is "
        "on-policy; learner.minibatch_responses of the whole rollout and one epoch make it so");
  }
  if (loss.kl_coefficient() > 0 && loss.kl_estimator() == v1::K1) {
    problems.Warn("loss.kl_estimator: K1 as a loss has a gradient of 0 on average; K2 has that of the KL");
  }
}

const std::vector<Check>& LossChecks() {
  static const auto& checks = *new std::vector<Check>{
      {{"loss.preset"}, CheckPreset},
      {{"loss.surrogate", "loss.ratio", "loss.dual_clip", "loss.clip_high"}, Surrogates},
      {{"loss.old_logprobs", "loss.correction.kind", "loss.correction.low", "loss.correction.high"},
       Correction},
      {{"loss.aggregation", "loss.length_exponent"}, Aggregations},
      {{"loss.entropy_floor", "loss.entropy_coefficient"}, Entropy},
      {{"advantage.baseline", "advantage.normalize_std", "advantage.whiten", "rollout.drop_equal_groups"},
       Advantages},
      {{"advantage.baseline", "advantage.gamma", "advantage.gae_lambda", "loss.value_coefficient",
        "loss.value_clip", "learner.value_rate_scale"},
       Values},
      {{"advantage.baseline", "learner.sharding", "sft.train"}, ValueHead},
      {{"reward.kl_estimator", "reward.kl_coefficient", "reward.kl_to_go"}, KlInReward},
      {{"reward.overlong_tokens", "rollout.max_response_tokens"}, Overlong},
      {{"loss.surrogate", "loss.kl_estimator", "loss.kl_coefficient", "learner.epochs",
        "learner.minibatch_responses", "rollout.prompts", "rollout.group_size"},
       Unwise},
  };
  return checks;
}

}  // namespace

void CheckLoss(const v1::Recipe& recipe, Problems& problems) { RunChecks(LossChecks(), recipe, problems); }

}  // namespace drover::recipe
