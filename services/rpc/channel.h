// Client channels with the options that every process of Drover uses.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string_view>

#include "absl/time/time.h"
#include "services/rpc/security.h"

namespace drover::rpc {

struct ChannelOptions {
  Security security = {};
  int max_message_bytes = 64 << 20;                      // received or sent; more is RESOURCE_EXHAUSTED
  absl::Duration keepalive_time = absl::Seconds(20);     // a ping after so long without data ...
  absl::Duration keepalive_timeout = absl::Seconds(20);  // ... and without its answer the connection is dead
  absl::Duration connect_timeout = absl::Seconds(10);    // of one attempt to connect
  absl::Duration min_reconnect_backoff = absl::Milliseconds(200);  // gRPC adds jitter to these
  absl::Duration max_reconnect_backoff = absl::Seconds(10);
};

// A channel to `target`, "host:port" (a name with several addresses is balanced round-robin) or any gRPC target URI. It
// connects when first used and reconnects for ever.
std::shared_ptr<grpc::Channel> MakeChannel(std::string_view target, const ChannelOptions& options = {});

inline constexpr absl::Duration kConnectPatience = absl::Seconds(1);

// Before another attempt, for callers that keep a backoff of their own: forgets the channel's pauses between attempts to
// resolve its name and to connect, so that it tries now, and waits up to `patience` until it is connected. Without the
// wait a call would still end with the failure of the attempt before, and find a peer that is there one pause too late.
void ConnectNow(grpc::Channel& channel, absl::Duration patience = kConnectPatience);

}  // namespace drover::rpc
