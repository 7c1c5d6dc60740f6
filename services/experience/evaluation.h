// One evaluation at a time: every prompt is leased until a group of it, sampled from exactly one version, is graded. Training
// may go on meanwhile, with newer versions; the desk says how much of the actors an evaluation may take then.
// Pure; nothing of it is journaled: an evaluation that a crash cuts begins again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/journal.pb.h"
#include "drover/v1/run.pb.h"
#include "services/experience/evaluation_plan.h"

namespace drover::experience {

// Lease and group ids of evaluations are from here on; those of training never get there.
inline constexpr uint64_t kFirstEvaluationId = uint64_t{1} << 48;

// Not thread-safe.
class Evaluation {
 public:
  // Replaces the round in progress (its held leases are counted expired).
  void Begin(EvaluationPlan plan, std::vector<v1::Prompt> prompts);

  // The lease of the next prompt that waits for one and whose group id `may_issue` lets pass, in the prompts' order,
  // with its ids, kind, prompt and what the plan says set. nullopt: none waits.
  std::optional<v1::Lease> Issue(const std::function<bool(uint64_t group)>& may_issue);

  // Takes the group of a lease. ACCEPTED, ALREADY_HAVE, STALE (a token of another version; the prompt waits
  // again) or EXPIRED (not a lease of this round that is held).
  v1::SubmitOutcome Submit(v1::Group group);

  // A held lease ends without a group, as EXPIRED or FAILED; its prompt waits again. False: it was not held.
  bool Close(uint64_t lease, v1::LeaseOutcome outcome);

  // Ends the round in progress, if there is one, without its groups: held leases are counted expired.
  void GiveUp();

  // A round that has begun and not been taken or given up.
  bool active() const { return active_; }
  uint64_t version() const { return plan_.version; }
  uint64_t group_size() const { return plan_.sampling.group_size(); }
  uint64_t done() const { return groups_.size(); }
  uint64_t total() const { return prompts_.size(); }
  bool Complete() const { return active_ && done() == total(); }
  // The groups in the order of the prompts. Complete() must hold; the round is over.
  std::vector<v1::Group> Take();

  // Leases of all rounds; `trained` counts the graded ones.
  const v1::LeaseCounts& counts() const { return counts_; }

 private:
  bool active_ = false;
  EvaluationPlan plan_;
  std::vector<v1::Prompt> prompts_;
  uint64_t next_lease_ = kFirstEvaluationId;
  std::set<uint64_t> waiting_;            // indices of prompts
  std::map<uint64_t, uint64_t> held_;     // lease -> index
  std::set<uint64_t> graded_leases_;      // of this round
  std::map<uint64_t, v1::Group> groups_;  // by index
  v1::LeaseCounts counts_;
};

}  // namespace drover::experience
