#include "actor/speculator.h"

#include <algorithm>
#include <utility>

namespace drover::actor {
namespace {

bool ReadsPrompts(const Plan& plan) {
  return std::any_of(plan.parts.begin(), plan.parts.end(),
                     [](const model::Part& part) { return part.tokens != part.outputs; });
}

absl::Span<const uint32_t> Tokens(const v1::Response& response) {
  return {response.token_ids().data(), static_cast<size_t>(response.token_ids_size())};
}

}  // namespace

// No more than may still come before the response's last token, which is drawn and not guessed.
Guess Speculator::GuessFor(const Plan::Sample& sample, const RunningGroup& group) {
  const absl::Span<const uint32_t> tokens = Tokens(group.response(sample.response));
  const size_t left = group.request().sampling.max_tokens() - tokens.size() - 1;
  if (left == 0) return {};
  auto drafter = drafters_.find(sample.request);
  if (drafter == drafters_.end()) {
    const auto& prompt = group.request().prompt_token_ids;
    drafter = drafters_.emplace(sample.request, Drafter(prompt, group.size())).first;
  }
  for (uint32_t r = 0; r < group.size(); ++r) drafter->second.Read(r, Tokens(group.response(r)));
  return drafter->second.Next(sample.response, std::min<size_t>(left, DraftPolicy::kMostDrafts));
}

std::vector<Draft> Speculator::Propose(const Plan& plan, const Scheduler& scheduler,
                                       const RunningGroups& groups) {
  proposals_.clear();
  const auto rows = static_cast<int64_t>(plan.token_ids.size());
  if (ReadsPrompts(plan) || !policy_.MayPay(rows)) return {};
  std::vector<DraftPolicy::Offer> offers;
  for (size_t i = 0; i < plan.samples.size(); ++i) {
    const Plan::Sample& sample = plan.samples[i];
    if (!scheduler.MayDraft(sample)) continue;
    Guess guess = GuessFor(sample, *groups.at(sample.request));
    if (guess.token_ids.empty()) continue;
    offers.push_back({guess.match, static_cast<int32_t>(guess.token_ids.size())});
    proposals_.push_back({i, std::move(guess)});
  }
  const std::vector<int32_t> chosen = policy_.Choose(rows, offers);
  std::vector<Draft> drafts;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i] == 0) continue;
    proposals_[i].guess.token_ids.resize(chosen[i]);
    drafts.push_back({proposals_[i].sample, proposals_[i].guess.token_ids});
  }
  return drafts;
}

void Speculator::Learn(const Plan& plan, absl::Span<const SampledToken> taken, double seconds) {
  for (const Proposal& proposal : proposals_) {
    const int32_t worked_on = plan.samples[proposal.sample].drafts;
    if (worked_on == 0) continue;
    const SampledToken& token = taken[proposal.sample];
    // Where the response ended among its guesses, the next one was not asked for.
    const int32_t asked = token.ends ? token.accepted : worked_on;
    policy_.Learn({proposal.guess.match, worked_on}, asked, token.accepted);
  }
  if (!ReadsPrompts(plan)) policy_.Time(static_cast<int64_t>(plan.token_ids.size()), seconds);
}

}  // namespace drover::actor
