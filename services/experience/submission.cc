#include "services/experience/submission.h"

#include "base/digest.h"
#include "base/status.h"
#include "group/reward.h"
#include "group/versions.h"
#include "services/experience/validate.h"

namespace drover::experience {

absl::StatusOr<Submission> PackSubmission(const v1::Group& group, const v1::Lease* lease,
                                          const group::GroupLimits& limits) {
  Submission submission;
  submission.lease = group.lease();
  submission.incarnation = group.incarnation();
  submission.trace_id = group.trace_id();
  if (lease == nullptr) return submission;
  RETURN_IF_ERROR(ValidateGroup(group, *lease, limits));
  submission.payload = group.SerializeAsString();
  submission.digest = HexDigest(submission.payload);
  submission.equal_rewards = group::RewardsAllEqual(group);
  const group::VersionSpan versions = *group::Versions(group);  // each response has tokens
  submission.oldest_version = versions.oldest;
  submission.newest_version = versions.newest;
  return submission;
}

}  // namespace drover::experience
