#include "services/experience/held_leases.h"

namespace drover::experience {
namespace {

uint64_t EvaluationResponses(const v1::Lease& lease) {
  return lease.kind() == v1::LEASE_KIND_EVALUATION ? lease.sampling().group_size() : 0;
}

}  // namespace

void HeldLeases::Add(HeldLease held) {
  const uint64_t id = held.lease->lease();
  Remove(id);
  responses_ += held.lease->sampling().group_size();
  evaluation_responses_ += EvaluationResponses(*held.lease);
  by_deadline_.emplace(held.deadline, id);
  leases_[id] = std::move(held);
}

const HeldLease* HeldLeases::Find(uint64_t lease) const {
  const auto found = leases_.find(lease);
  return found == leases_.end() ? nullptr : &found->second;
}

bool HeldLeases::Renew(uint64_t lease, absl::Duration deadline) {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return false;
  by_deadline_.erase({found->second.deadline, lease});
  found->second.deadline = deadline;
  by_deadline_.emplace(deadline, lease);
  return true;
}

bool HeldLeases::Remove(uint64_t lease) {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return false;
  by_deadline_.erase({found->second.deadline, lease});
  responses_ -= found->second.lease->sampling().group_size();
  evaluation_responses_ -= EvaluationResponses(*found->second.lease);
  leases_.erase(found);
  return true;
}

void HeldLeases::Clear() {
  leases_.clear();
  by_deadline_.clear();
  responses_ = evaluation_responses_ = 0;
}

std::vector<uint64_t> HeldLeases::Expired(absl::Duration now) const {
  std::vector<uint64_t> expired;
  for (const auto& [deadline, lease] : by_deadline_) {
    if (deadline > now) break;
    expired.push_back(lease);
  }
  return expired;
}

}  // namespace drover::experience
