// Client channels with the options that every process of Drover uses.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace drover::rpc {

struct ChannelOptions {
  int max_message_bytes = 64 << 20;                             // received or sent; more is RESOURCE_EXHAUSTED
  absl::Duration keepalive_time = absl::Seconds(20);            // a ping after so long without data ...
  absl::Duration keepalive_timeout = absl::Seconds(20);         // ... and without its answer the connection is dead
  absl::Duration min_reconnect_backoff = absl::Milliseconds(200);  // gRPC adds jitter to all of these
  absl::Duration max_reconnect_backoff = absl::Seconds(10);
};

// A channel to `target`, "host:port" (a name with several addresses is balanced round-robin) or any gRPC target URI. It
// connects when first used and reconnects for ever.
std::shared_ptr<grpc::Channel> MakeChannel(std::string_view target, const ChannelOptions& options = {});

// "host:port" with a port in 0..65535 ("[::1]:80" for IPv6). INVALID_ARGUMENT says what is wrong with it.
struct HostPort {
  std::string host;
  int port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(std::string_view address);

// A comma-separated list of "host:port", none empty, ports from 1.
absl::StatusOr<std::vector<std::string>> ParseAddresses(std::string_view list);

}  // namespace drover::rpc
