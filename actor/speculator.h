// Drafting for a plan's responses, and what became of it: between the engine's groups, the scheduler and the policy.
//
//   plan --Propose--> drafts --Scheduler::AddDrafts--> the plan with guesses in it --the model, DrawTokens--> Learn, Time
//
// Whatever is proposed, a response is what it is without: a guess is kept only where the token drawn in its place, with
// that place's own random number, is the same. This holds where the model's numbers for a token do not depend on what else
// goes through it (Transformer::TokensStandAlone); nowhere else may a plan have drafts.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "actor/drafting/draft_policy.h"
#include "actor/drafting/drafter.h"
#include "actor/running_group.h"
#include "actor/scheduler/scheduler.h"

namespace drover::actor {

using RunningGroups = absl::flat_hash_map<uint64_t, std::unique_ptr<RunningGroup>>;  // by the request's id

// Not thread-safe.
class Speculator {
 public:
  // `margin`: DraftPolicy's.
  explicit Speculator(double margin) : policy_(margin) {}

  // Guesses for the plan's responses, none where they would not pay or where the plan reads prompts. `groups` are those of
  // the plan.
  std::vector<Draft> Propose(const Plan& plan, const Scheduler& scheduler, const RunningGroups& groups);

  // What became of the drafts that were proposed last: `taken` has an element for each sample of the plan that was run,
  // which took so long.
  void Learn(const Plan& plan, absl::Span<const SampledToken> taken, double seconds);

  // The request is no longer here.
  void Forget(uint64_t request) { drafters_.erase(request); }

 private:
  struct Proposal {
    size_t sample = 0;
    Guess guess;
  };
  Guess GuessFor(const Plan::Sample& sample, const RunningGroup& group);

  DraftPolicy policy_;
  absl::flat_hash_map<uint64_t, Drafter> drafters_;  // by request; of those that were drafted for
  std::vector<Proposal> proposals_;
};

}  // namespace drover::actor
