// What an actor may send. Pure; errors are INVALID_ARGUMENT and name the field, what it holds and what it may.
#pragma once

#include "absl/status/status.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "group/check.h"

namespace drover::experience {

inline constexpr size_t kMaxActorName = 128;
inline constexpr uint32_t kMaxLeasesPerCall = 65536;
inline constexpr size_t kMaxReason = 4096;

// Of what a verifier says beside the reward, for people: longer texts are cut, since a group is kept for long.
inline constexpr size_t kMaxExtracted = 4096;
inline constexpr size_t kMaxGradeReason = 256;
void CutGradeTexts(v1::Group& group);

// No group that ValidateGroup passes is larger, serialised with its request: what a server need take of one message.
// At most kMaxGroupBytes of record.h.
uint64_t MaxGroupBytes(const v1::SamplingParams& sampling, const group::GroupLimits& limits);

absl::Status ValidateRequest(const v1::LeaseGroupsRequest& request);
absl::Status ValidateRequest(const v1::RenewLeasesRequest& request);
absl::Status ValidateRequest(const v1::ReturnLeasesRequest& request);

// A submitted group against the lease that it answers: the same names, prompt and trace, group_size responses of 1 to
// max_tokens tokens; and against `limits`, of which the lease decides the number of responses and their length. What
// passes for a training lease, training takes (group/check.h). Versions are checked for order only; whether they
// are too old is the caller's.
absl::Status ValidateGroup(const v1::Group& group, const v1::Lease& lease, const group::GroupLimits& limits);

}  // namespace drover::experience
