#include "services/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/address.h"
#include "base/status.h"
#include "services/rpc/milliseconds.h"

namespace drover::rpc {
namespace {

// Both are process-wide switches that servers built later take up.
void EnablePlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

void SetArguments(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_receive_bytes);
  builder.SetMaxSendMessageSize(options.max_send_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Milliseconds(options.handshake_timeout));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Milliseconds(options.max_idle));
  // Clients ping as often as ChannelOptions says; without this they would be told to go away.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Two processes on one port would share its calls; the second must get an error.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  if (options.max_connection_age < absl::InfiniteDuration()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(options.max_connection_age));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               Milliseconds(options.max_connection_age_grace));
  }
  grpc::ResourceQuota quota("server");
  quota.Resize(static_cast<size_t>(options.max_buffered_bytes));
  quota.SetMaxThreads(options.max_threads);
  builder.SetResourceQuota(quota);
}

absl::Status CannotListen(const std::string& listen, absl::string_view why) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", listen, ": ", why));
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  RETURN_IF_ERROR(ParseHostPort(listen).status());
  if (max_receive_bytes < 1024 || max_send_bytes < 1024) {
    return absl::InvalidArgumentError("server: a message limit below 1024 bytes lets nothing through");
  }
  if (handshake_timeout <= absl::ZeroDuration() || max_idle <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("server: handshake_timeout and max_idle are above 0");
  }
  if (max_concurrent_streams < 1 || max_threads < 1) {
    return absl::InvalidArgumentError("server: max_concurrent_streams and max_threads are at least 1");
  }
  if (max_buffered_bytes / 2 < max_receive_bytes) {  // a message needs a little more than its size
    return absl::InvalidArgumentError("server: max_buffered_bytes is at least twice max_receive_bytes");
  }
  if (reserved_files < 0 || max_open_files < 1) {
    return absl::InvalidArgumentError("server: reserved_files is at least 0 and max_open_files at least 1");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const std::vector<NamedService>& services) {
  RETURN_IF_ERROR(options.Validate());
  EnablePlugins();
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options.listen));

  absl::StatusOr<ListeningSockets> listening = ListeningSockets::Open(address);
  if (!listening.ok()) return CannotListen(options.listen, listening.status().message());

  std::unique_ptr<Server> server(new Server());
  server->port_ = listening->port();
  server->address_ = absl::StrCat(address.host, ":", server->port_);
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  server->connections_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, options.security.ForServer());
  for (const NamedService& named : services) {
    builder.RegisterService(named.service);
    server->names_.push_back(named.name);
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) return CannotListen(options.listen, "gRPC does not start");
  server->SetServing(false);
  ASSIGN_OR_RETURN(
      server->acceptor_,
      Acceptor::Start({.reserved_files = options.reserved_files,
                       .max_open_files = options.max_open_files,
                       .user_timeout = options.keepalive_timeout},
                      *std::move(listening), [connections = server->connections_.get()](int socket) {
                        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
                        connection.fd = socket;
                        connections->HandleNewConnection(&connection);
                      }));
  return server;
}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

void Server::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus("", serving);
  for (const std::string& name : names_) health->SetServingStatus(name, serving);
}

void Server::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  if (grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService()) health->Shutdown();
  if (acceptor_ != nullptr) acceptor_->Stop();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_->Wait();
}

}  // namespace drover::rpc
