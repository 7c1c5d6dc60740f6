// A submitted training group on its way to the disk.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "group/check.h"

namespace drover::experience {

struct Submission {
  uint64_t lease = 0;
  uint32_t incarnation = 0;
  std::string trace_id;
  // The group, serialised; empty: no actor holds the lease, and all that is wanted is an answer.
  std::string payload;
  std::string digest;
  // Of its tokens.
  uint64_t oldest_version = 0;
  uint64_t newest_version = 0;
  bool equal_rewards = false;
};

// Checks `group` against the lease that it answers (null: no actor holds it, and nothing is checked) and packs it. Takes
// time with the size of the group. INVALID_ARGUMENT: validate.h.
absl::StatusOr<Submission> PackSubmission(const v1::Group& group, const v1::Lease* lease,
                                          const group::GroupLimits& limits);

}  // namespace drover::experience
