// The actors' side of the experience store: leases and submissions. store.h has the picture.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/experience.pb.h"

namespace drover::experience {

// Thread-safe. Calls may come from any thread and never block on the disk: what needs it is answered by `done`, which is
// called once, may run on any thread, before the call returns too, and must not block. Requests are validated (validate.h):
// INVALID_ARGUMENT names the field.
class LeaseStore {
 public:
  using LeaseDone = std::function<void(absl::StatusOr<v1::LeaseGroupsResponse>)>;
  using ReturnDone = std::function<void(absl::Status)>;
  using SubmitDone = std::function<void(absl::StatusOr<v1::SubmitGroupResponse>)>;

  virtual ~LeaseStore() = default;

  // Calls `done` when there are leases, and the journal has them, or when the wait is over. Returns a ticket for
  // CancelLease.
  virtual uint64_t LeaseGroups(const v1::LeaseGroupsRequest& request, LeaseDone done) = 0;
  // True: `done` of that ticket will never be called. False: it was called, or is about to be.
  virtual bool CancelLease(uint64_t ticket) = 0;
  virtual absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) = 0;
  // Calls `done` once the journal says that the leases are returned.
  virtual void ReturnLeases(const v1::ReturnLeasesRequest& request, ReturnDone done) = 0;
  // Calls `done` once the outcome is durable. INVALID_ARGUMENT names the field; UNAVAILABLE: nothing was kept,
  // try again.
  virtual void SubmitGroup(v1::SubmitGroupRequest request, SubmitDone done) = 0;
};

}  // namespace drover::experience
