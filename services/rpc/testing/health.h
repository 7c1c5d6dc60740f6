// The standard health service as a client sees it, by hand: its proto is not installed.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <string>

namespace drover::rpc {

enum class Health {
  kNoAnswer = -1,
  kUnknown = 0,
  kServing = 1,
  kNotServing = 2
};  // grpc.health.v1's ServingStatus

// grpc.health.v1.Health/Check, within ten seconds. `service` "" is the whole server.
Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service = "");

// grpc.health.v1.Health/Watch: each status of the whole server as it comes, for two minutes at most.
class HealthWatch {
 public:
  explicit HealthWatch(const std::shared_ptr<grpc::Channel>& channel);
  ~HealthWatch();  // gives up the call

  // Waits for the next status; kNoAnswer at the end of the call.
  Health Next();

 private:
  bool Completed();  // waits for the operation that was started last

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  bool open_ = false;
};

}  // namespace drover::rpc
