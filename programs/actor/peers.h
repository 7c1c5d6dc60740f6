// The other processes, as an actor's worker sees them: remote.h is over gRPC, tests bring fakes.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/verifier.pb.h"
#include "services/weights/subscriber.h"

namespace drover::actor_process {

// The learner, as the worker sees it. Thread-safe; calls block and are tried again inside.
class LeaseSource {
 public:
  virtual ~LeaseSource() = default;
  virtual absl::StatusOr<v1::LeaseGroupsResponse> LeaseGroups(const v1::LeaseGroupsRequest& request) = 0;
  virtual absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) = 0;
  virtual absl::Status ReturnLeases(const v1::ReturnLeasesRequest& request) = 0;
  virtual absl::StatusOr<v1::SubmitGroupResponse> SubmitGroup(const v1::SubmitGroupRequest& request) = 0;
  // Ends running and later calls with CANCELLED.
  virtual void Cancel() = 0;
};

// The verifiers. Thread-safe.
class Grader {
 public:
  virtual ~Grader() = default;
  virtual absl::StatusOr<std::vector<v1::GradeResult>> Grade(const std::vector<v1::GradeRequest>& requests,
                                                             absl::Time deadline) = 0;
  virtual void Stop() = 0;
};

// The weight stream. Thread-safe.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  // Waits up to `timeout` for a version newer than `than` (null: any), its digest verified; the newest that there is. Null
  // when none came, or after Stop().
  virtual std::shared_ptr<const weights::Received> WaitForNewer(const weights::Received* than,
                                                                absl::Duration timeout) = 0;
  // A version that need not be the newest, its digest verified. NOT_FOUND: the learner has it no more. Bounded in time.
  virtual absl::StatusOr<std::shared_ptr<const weights::Received>> Fetch(
      const model::WeightVersion& version) = 0;
  // Ends running and later waits and fetches.
  virtual void Stop() = 0;
};

}  // namespace drover::actor_process
