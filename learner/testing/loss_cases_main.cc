// Writes losses and their gradients on made-up responses as JSON on standard output, for tests/loss_peer/ to compute again:
//
//   {"budget": L, "cases": [{"name": ..., "loss": number, "gradient": [response][token], "entropy_gradient": ...,
//    "responses": [{"logprobs", "old", "reference", "actor", "entropy": [token], "advantage": number}]}],
//    "group_size": G, "rewards": [response], "advantages": {"dr_grpo", "grpo": [response]}}
#include <ATen/ATen.h>

#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "learner/advantages/advantages.h"
#include "learner/losses/make_loss.h"

namespace drover::learner {
namespace {

constexpr int64_t kBudget = 16;
constexpr uint64_t kSeed = 2026;

struct Case {
  const char* name;
  std::function<void(LossOptions&)> change;
};

std::vector<Case> Cases() {
  using O = LossOptions;
  const auto correction = [](CorrectionKind kind, CorrectionLevel level) {
    return [=](O& o) { o.correction = {kind, level, /*low=*/0.9, /*high=*/1.2}; };
  };
  return {
      {"dr_grpo", [](O&) {}},
      {"grpo", [](O& o) { o.aggregation = Aggregation::kResponseLength; }},
      {"dapo", [](O& o) { o.aggregation = Aggregation::kTokens, o.clip_high = 0.28; }},
      {"dual_clip", [](O& o) { o.dual_clip = 1.5; }},
      {"gspo",
       [](O& o) {
         o.ratio = PolicyRatio::kPerResponse, o.aggregation = Aggregation::kResponseLength;
         o.clip_low = o.clip_high = 0.02;
       }},
      {"cispo",
       [](O& o) {
         o.surrogate = Surrogate::kCispo, o.aggregation = Aggregation::kTokens;
         o.clip_low = 1.0, o.clip_high = 0.3;
       }},
      {"reinforce", [](O& o) { o.surrogate = Surrogate::kReinforce; }},
      {"k3", [](O& o) { o.kl_coefficient = 0.3; }},
      {"truncated_token", correction(CorrectionKind::kTruncated, CorrectionLevel::kToken)},
      {"truncated_sequence", correction(CorrectionKind::kTruncated, CorrectionLevel::kSequence)},
      {"icepop_token", correction(CorrectionKind::kMasked, CorrectionLevel::kToken)},
      {"icepop_sequence", correction(CorrectionKind::kMasked, CorrectionLevel::kSequence)},
      {"off_policy_mask", [](O& o) { o.off_policy_mask = 0.05; }},
      {"entropy", [](O& o) { o.aggregation = Aggregation::kTokens, o.entropy_coefficient = 0.05; }},
  };
}

struct Response {
  std::vector<double> logprobs, old, reference, actor, entropy;
  double advantage = 0.0;
};

// Three groups of four, 1 to 13 tokens each.
std::vector<Response> Responses() {
  RandomStream random(kSeed, RandomPurpose::kSampling, 0);
  std::vector<Response> responses(12);
  for (size_t i = 0; i < responses.size(); ++i) {
    Response& response = responses[i];
    response.advantage = i == 5 ? 0.0 : 2.0 * random.Uniform() - 1.0;
    const uint64_t length = i == 3 ? 1 : 1 + random.Below(13);
    for (uint64_t t = 0; t < length; ++t) {
      const double old = -0.1 - 3.0 * random.Uniform();
      response.old.push_back(old);
      response.logprobs.push_back(old + 0.9 * (random.Uniform() - 0.5));
      response.reference.push_back(old + 0.9 * (random.Uniform() - 0.5));
      response.actor.push_back(old + 0.5 * (random.Uniform() - 0.5));
      response.entropy.push_back(2.0 * random.Uniform());
    }
  }
  return responses;
}

double Sum(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (size_t t = 0; t < a.size(); ++t) sum += a[t] - b[t];
  return sum;
}

LossTokens TokensOf(const std::vector<Response>& responses) {
  std::vector<double> logprobs, old, reference, actor, entropy, ratios, corrections, advantages, lengths;
  const auto append = [](const std::vector<double>& from, std::vector<double>* to) {
    to->insert(to->end(), from.begin(), from.end());
  };
  for (const Response& response : responses) {
    const size_t length = response.old.size();
    append(response.logprobs, &logprobs);
    append(response.old, &old);
    append(response.reference, &reference);
    append(response.actor, &actor);
    append(response.entropy, &entropy);
    append(std::vector<double>(length, Sum(response.logprobs, response.old)), &ratios);
    append(std::vector<double>(length, Sum(response.old, response.actor)), &corrections);
    append(std::vector<double>(length, response.advantage), &advantages);
    append(std::vector<double>(length, static_cast<double>(length)), &lengths);
  }
  LossTokens tokens;
  tokens.logprobs_K = at::tensor(logprobs, at::kDouble).requires_grad_();
  tokens.entropy_K = at::tensor(entropy, at::kDouble).requires_grad_();
  tokens.old_logprobs_K = at::tensor(old, at::kDouble);
  tokens.reference_logprobs_K = at::tensor(reference, at::kDouble);
  tokens.actor_logprobs_K = at::tensor(actor, at::kDouble);
  tokens.sequence_log_ratios_K = at::tensor(ratios, at::kDouble);
  tokens.correction_sums_K = at::tensor(corrections, at::kDouble);
  tokens.advantages_K = at::tensor(advantages, at::kDouble);
  tokens.lengths_K = at::tensor(lengths, at::kDouble);
  return tokens;
}

nlohmann::json ByResponse(const torch::Tensor& values_K, const std::vector<Response>& responses) {
  nlohmann::json result = nlohmann::json::array();
  const double* value = values_K.const_data_ptr<double>();
  for (const Response& response : responses) {
    result.push_back(std::vector<double>(value, value + response.old.size()));
    value += response.old.size();
  }
  return result;
}

nlohmann::json Computed(const Case& of, const std::vector<Response>& responses) {
  LossOptions options;
  options.budget = kBudget;
  of.change(options);
  const LossTokens tokens = TokensOf(responses);
  const StepSize step{static_cast<int64_t>(responses.size()), tokens.logprobs_K.size(0)};
  const torch::Tensor loss = MakeLoss(options).Compute(tokens, step).loss;
  loss.backward();
  nlohmann::json result = {{"name", of.name},
                           {"loss", loss.item<double>()},
                           {"gradient", ByResponse(tokens.logprobs_K.grad(), responses)}};
  if (tokens.entropy_K.grad().defined()) {
    result["entropy_gradient"] = ByResponse(tokens.entropy_K.grad(), responses);
  }
  for (const Response& response : responses) {
    result["responses"].push_back({{"logprobs", response.logprobs},
                                   {"old", response.old},
                                   {"reference", response.reference},
                                   {"actor", response.actor},
                                   {"entropy", response.entropy},
                                   {"advantage", response.advantage}});
  }
  return result;
}

constexpr int kGroupSize = 4;

// Groups of which one agrees, and one has rewards between 0 and 1.
const std::vector<double> kRewards = {1, 0, 0, 1, 1, 1, 1, 1, 0.25, 0, 0.5, 1};

std::vector<double> AdvantagesOf(bool normalize_std) {
  std::vector<v1::Group> groups(kRewards.size() / kGroupSize);
  for (size_t r = 0; r < kRewards.size(); ++r) {
    v1::Response* response = groups[r / kGroupSize].add_responses();
    response->set_reward(kRewards[r]);
    response->set_finish_reason(v1::FINISH_REASON_STOP);
  }
  AdvantageOptions options;
  options.normalize_std = normalize_std;
  std::vector<double> advantages;
  for (const std::vector<double>& own : RolloutAdvantages(groups, options, /*rollout=*/0)) {
    advantages.push_back(own.front());
  }
  return advantages;
}

}  // namespace
}  // namespace drover::learner

int main() {
  using namespace drover::learner;
  const std::vector<Response> responses = Responses();
  nlohmann::json result = {{"budget", kBudget}};
  result["group_size"] = kGroupSize;
  result["rewards"] = kRewards;
  result["advantages"] = {{"dr_grpo", AdvantagesOf(false)}, {"grpo", AdvantagesOf(true)}};
  for (const Case& of : Cases()) result["cases"].push_back(Computed(of, responses));
  std::cout << result.dump() << "\n";
  return std::cout.good() ? 0 : 1;
}
