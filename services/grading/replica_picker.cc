#include "services/grading/replica_picker.h"

#include <algorithm>

namespace drover::grading {

absl::Status ReplicaPickerOptions::Validate() const {
  if (first_rest <= absl::ZeroDuration() || longest_rest < first_rest) {
    return absl::InvalidArgumentError("replicas: 0 < first_rest <= longest_rest");
  }
  return absl::OkStatus();
}

ReplicaPicker::ReplicaPicker(size_t replicas, const ReplicaPickerOptions& options)
    : options_(options), replicas_(replicas) {}

size_t ReplicaPicker::Picked(size_t replica, absl::Time now) {
  Replica& picked = replicas_[replica];
  if (picked.rest > absl::ZeroDuration())
    picked.rests_until = std::max(picked.rests_until, now + picked.rest);
  return replica;
}

size_t ReplicaPicker::Pick(absl::Time now) {
  size_t soonest = next_;
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const size_t replica = (next_ + i) % replicas_.size();
    if (Fit(replica, now)) {
      soonest = replica;
      break;
    }
    if (replicas_[replica].rests_until < replicas_[soonest].rests_until) soonest = replica;
  }
  next_ = (soonest + 1) % replicas_.size();
  return Picked(soonest, now);
}

std::optional<size_t> ReplicaPicker::PickOther(size_t than, absl::Time now) {
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const size_t replica = (next_ + i) % replicas_.size();
    if (replica != than && Fit(replica, now)) return Picked(replica, now);
  }
  return std::nullopt;
}

bool ReplicaPicker::AnyFit(absl::Time now) const {
  for (size_t replica = 0; replica < replicas_.size(); ++replica) {
    if (Fit(replica, now)) return true;
  }
  return false;
}

void ReplicaPicker::OnSuccess(size_t replica) { replicas_[replica] = Replica(); }

void ReplicaPicker::OnTrouble(size_t replica, absl::Time now) {
  Replica& troubled = replicas_[replica];
  const absl::Duration rest = troubled.rest > absl::ZeroDuration() ? troubled.rest : options_.first_rest;
  troubled.rests_until = now + rest;
  troubled.rest = std::min(rest * 2, options_.longest_rest);
}

}  // namespace drover::grading
