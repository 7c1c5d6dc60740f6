// What an actor may send. Pure; errors are INVALID_ARGUMENT and name the field, what it holds and what it may.
#pragma once

#include "absl/status/status.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"

namespace drover::experience {

inline constexpr size_t kMaxActorName = 128;
inline constexpr uint32_t kMaxLeasesPerCall = 65536;
inline constexpr size_t kMaxReason = 4096;

absl::Status ValidateRequest(const v1::LeaseGroupsRequest& request);
absl::Status ValidateRequest(const v1::RenewLeasesRequest& request);
absl::Status ValidateRequest(const v1::ReturnLeasesRequest& request);

// A submitted group against the lease that it answers: the same names, prompt and trace, group_size responses of 1 to
// max_tokens tokens, a finite log-probability of at most 0 (and rounding) and a version for each, finite rewards.
// Versions are checked for order only; whether they are too old is the caller's.
absl::Status ValidateGroup(const v1::Group& group, const v1::Lease& lease);

}  // namespace drover::experience
