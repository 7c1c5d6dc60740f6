// The actor's side of ExperienceService: calls with deadlines that are tried again while the learner is away.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/experience.grpc.pb.h"
#include "services/rpc/caller.h"

namespace drover::experience {

struct ExperienceClientOptions {
  // Time that one attempt may take; a long poll's wait comes on top.
  absl::Duration call_timeout = absl::Seconds(20);
  // A call is tried again for so long on UNAVAILABLE and DEADLINE_EXCEEDED, then its last error is returned. Long
  // enough for a learner to be restarted from its checkpoint.
  absl::Duration retry_for = absl::Minutes(10);
  // How long handing leases back is tried: without it they expire, so it is worth less.
  absl::Duration return_for = absl::Seconds(10);
  rpc::CallerOptions caller;

  absl::Status Validate() const;
};

// Thread-safe. Calls block their thread; Cancel() ends them all.
class ExperienceClient {
 public:
  // `stub` outlives the client.
  ExperienceClient(v1::ExperienceService::StubInterface* stub, const ExperienceClientOptions& options);

  // Waits up to request.wait_seconds at the learner; an empty answer is no error. Leases whose answer was lost on
  // the way expire by themselves.
  absl::StatusOr<v1::LeaseGroupsResponse> LeaseGroups(const v1::LeaseGroupsRequest& request);
  absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request);
  absl::StatusOr<v1::ReturnLeasesResponse> ReturnLeases(const v1::ReturnLeasesRequest& request);
  // Safe to repeat: a lease is taken once.
  absl::StatusOr<v1::SubmitGroupResponse> SubmitGroup(const v1::SubmitGroupRequest& request);

  // Ends running and later calls with CANCELLED (the process stops).
  void Cancel() { caller_.Cancel(); }

 private:
  v1::ExperienceService::StubInterface* const stub_;
  const ExperienceClientOptions options_;
  rpc::Caller caller_;
};

}  // namespace drover::experience
