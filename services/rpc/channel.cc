#include "services/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <string>

#include "absl/time/clock.h"
#include "services/rpc/milliseconds.h"

namespace drover::rpc {

std::shared_ptr<grpc::Channel> MakeChannel(std::string_view target, const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(options.max_message_bytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(options.min_reconnect_backoff));
  // Despite its name this is how long an attempt may take; ConnectNow starts the pauses afresh, so it cannot grow.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(options.max_reconnect_backoff));
  // A peer that was started again has another address: its name is looked up again soon, not after half a minute.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 2000);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // callers retry, with a budget that they know
  // Loopback and cluster addresses are never to be had through an HTTP proxy of the environment.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(std::string(target), options.security.ForChannel(), arguments);
}

void ConnectNow(grpc::Channel& channel, absl::Duration patience) {
  grpc::experimental::ChannelResetConnectionBackoff(&channel);
  channel.WaitForConnected(absl::ToChronoTime(absl::Now() + patience));
}

}  // namespace drover::rpc
