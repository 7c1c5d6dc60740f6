// Leases and groups for tests.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "actor/generator.h"
#include "drover/v1/experience.pb.h"

namespace drover::actor_process {

// A lease on a group of two responses to "q".
inline v1::Lease MakeLease(uint64_t id, uint64_t min_version, uint32_t incarnation = 1) {
  v1::Lease lease;
  lease.set_lease(id);
  lease.set_group(id * 10);
  lease.set_incarnation(incarnation);
  lease.set_kind(v1::LEASE_KIND_TRAIN);
  lease.set_min_version(min_version);
  lease.set_ttl_seconds(0.3);
  lease.mutable_sampling()->set_group_size(2);
  lease.mutable_prompt()->set_text("q");
  return lease;
}

inline v1::Lease MakeEvaluation(uint64_t id, uint64_t version) {
  v1::Lease lease = MakeLease(id, version);
  lease.set_kind(v1::LEASE_KIND_EVALUATION);
  return lease;
}

inline actor::FinishedGroup MakeGroup(uint64_t id, absl::Status status = absl::OkStatus()) {
  actor::FinishedGroup group;
  group.id = id;
  group.status = std::move(status);
  return group;
}

}  // namespace drover::actor_process
