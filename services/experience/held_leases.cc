#include "services/experience/held_leases.h"

namespace drover::experience {

void HeldLeases::Add(HeldLease held) {
  const uint64_t id = held.lease->lease();
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
  leases_.erase(found);
  return true;
}

void HeldLeases::Clear() {
  leases_.clear();
  by_deadline_.clear();
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
