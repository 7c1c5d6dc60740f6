#include "services/experience/evaluation.h"

#include <utility>

#include "base/check.h"
#include "group/versions.h"

namespace drover::experience {

void Evaluation::GiveUp() {
  counts_.set_expired(counts_.expired() + held_.size());
  counts_.set_pending(0);
  held_.clear();
  graded_leases_.clear();
  groups_.clear();
  waiting_.clear();
  prompts_.clear();
  active_ = false;
}

void Evaluation::Begin(EvaluationPlan plan, std::vector<v1::Prompt> prompts) {
  GiveUp();
  active_ = true;
  plan_ = std::move(plan);
  prompts_ = std::move(prompts);
  for (uint64_t i = 0; i < prompts_.size(); ++i) waiting_.insert(waiting_.end(), i);
}

std::optional<v1::Lease> Evaluation::Issue(const std::function<bool(uint64_t)>& may_issue) {
  for (uint64_t index : waiting_) {
    if (!may_issue(kFirstEvaluationId + index)) continue;
    v1::Lease lease;
    lease.set_lease(next_lease_++);
    lease.set_group(kFirstEvaluationId + index);
    lease.set_kind(v1::LEASE_KIND_EVALUATION);
    *lease.mutable_prompt() = prompts_[index];
    lease.set_suite(plan_.suite);
    lease.set_min_version(plan_.version);
    lease.set_prompt_template(plan_.prompt_template);
    *lease.mutable_sampling() = plan_.sampling;
    lease.set_grader(plan_.grader);
    lease.set_reward_format(plan_.reward_format);
    *lease.mutable_grading() = plan_.grading;
    held_[lease.lease()] = index;
    waiting_.erase(index);
    counts_.set_leased(counts_.leased() + 1);
    counts_.set_pending(counts_.pending() + 1);
    return lease;
  }
  return std::nullopt;
}

v1::SubmitOutcome Evaluation::Submit(v1::Group group) {
  const uint64_t lease = group.lease();
  if (graded_leases_.count(lease) > 0) return v1::SUBMIT_OUTCOME_ALREADY_HAVE;
  const auto found = held_.find(lease);
  if (found == held_.end()) return v1::SUBMIT_OUTCOME_EXPIRED;
  if (group::Versions(group) != group::VersionSpan{plan_.version, plan_.version}) {
    Close(lease, v1::LEASE_OUTCOME_STALE);
    return v1::SUBMIT_OUTCOME_STALE;
  }
  groups_[found->second] = std::move(group);
  held_.erase(found);
  graded_leases_.insert(lease);
  counts_.set_pending(counts_.pending() - 1);
  counts_.set_trained(counts_.trained() + 1);
  return v1::SUBMIT_OUTCOME_ACCEPTED;
}

bool Evaluation::Close(uint64_t lease, v1::LeaseOutcome outcome) {
  const auto found = held_.find(lease);
  if (found == held_.end()) return false;
  waiting_.insert(found->second);
  held_.erase(found);
  counts_.set_pending(counts_.pending() - 1);
  switch (outcome) {
    case v1::LEASE_OUTCOME_STALE:
      counts_.set_stale(counts_.stale() + 1);
      break;
    case v1::LEASE_OUTCOME_FAILED:
      counts_.set_failed(counts_.failed() + 1);
      break;
    default:
      counts_.set_expired(counts_.expired() + 1);
  }
  return true;
}

std::vector<v1::Group> Evaluation::Take() {
  DROVER_CHECK(Complete());
  std::vector<v1::Group> groups;
  groups.reserve(groups_.size());
  for (auto& [index, group] : groups_) groups.push_back(std::move(group));
  groups_.clear();
  prompts_.clear();
  active_ = false;
  return groups;
}

}  // namespace drover::experience
