#include "services/rpc/testing/health.h"

#include <chrono>

namespace drover::rpc {
namespace {

// A HealthCheckRequest: field 1 is the service's name.
grpc::ByteBuffer Request(const std::string& service) {
  const grpc::Slice slice(
      service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service);
  return grpc::ByteBuffer(&slice, 1);
}

// A HealthCheckResponse: field 1 is the status, which is left out when it is 0.
Health Status(const grpc::ByteBuffer& response) {
  grpc::Slice bytes;
  if (!response.DumpToSingleSlice(&bytes).ok()) return Health::kNoAnswer;
  if (bytes.size() == 0) return Health::kUnknown;
  return bytes.size() == 2 && bytes.begin()[0] == 0x08 ? static_cast<Health>(bytes.begin()[1])
                                                       : Health::kNoAnswer;
}

void SetDeadline(grpc::ClientContext& context, std::chrono::seconds timeout) {
  context.set_deadline(std::chrono::system_clock::now() + timeout);
}

}  // namespace

Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  grpc::ClientContext context;
  SetDeadline(context, std::chrono::seconds(10));
  grpc::CompletionQueue queue;
  auto call = grpc::GenericStub(channel).PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                                          Request(service), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  return status.ok() ? Status(response) : Health::kNoAnswer;
}

HealthWatch::HealthWatch(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
  SetDeadline(context_, std::chrono::seconds(120));
  call_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
  call_->StartCall(this);
  open_ = Completed();
  if (!open_) return;
  call_->Write(Request(""), this);
  open_ = Completed();
}

HealthWatch::~HealthWatch() {
  context_.TryCancel();
  grpc::Status status;
  call_->Finish(&status, this);
  Completed();
}

Health HealthWatch::Next() {
  if (!open_) return Health::kNoAnswer;
  grpc::ByteBuffer response;
  call_->Read(&response, this);
  open_ = Completed();
  return open_ ? Status(response) : Health::kNoAnswer;
}

bool HealthWatch::Completed() {
  void* tag;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

}  // namespace drover::rpc
