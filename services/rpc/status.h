// absl::Status to gRPC's and back, and which errors are worth another try.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace drover::rpc {

// Codes have the same numbers on both sides; details are dropped.
absl::Status FromGrpc(const grpc::Status& status);
grpc::Status ToGrpc(const absl::Status& status);

// True for errors that the same call may not meet again: the peer is away, overloaded, shutting down or slow. False
// for a request that is wrong.
bool IsTransient(const absl::Status& status);

}  // namespace drover::rpc
