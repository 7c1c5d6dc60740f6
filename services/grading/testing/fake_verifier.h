// Verifiers for the client's tests: real servers on loopback that answer as a test says.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "services/grading/client.h"
#include "services/rpc/server.h"

namespace drover::grading {

using Handler = std::function<grpc::Status(const v1::GradeBatchRequest&, v1::GradeBatchResponse*)>;

class FakeVerifier : public v1::VerifierService::Service {
 public:
  // Without a handler it hangs: a call is not answered until its caller has given it up.
  explicit FakeVerifier(Handler handler, const std::string& listen = "127.0.0.1:0")
      : FakeVerifier(std::move(handler), rpc::ServerOptions{.listen = listen}) {}
  FakeVerifier(Handler handler, const rpc::ServerOptions& options) : handler_(std::move(handler)) {
    auto server = rpc::Server::Start(options, {{v1::VerifierService::service_full_name(), this}});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
  }
  ~FakeVerifier() override { server_.reset(); }

  grpc::Status Grade(grpc::ServerContext* context, const v1::GradeBatchRequest* request,
                     v1::GradeBatchResponse* response) override {
    ++calls;
    if (handler_) return handler_(*request, response);
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(2));
    return grpc::Status::CANCELLED;
  }
  const std::string& address() const { return server_->address(); }
  std::atomic<int> calls = 0;

 private:
  Handler handler_;
  std::unique_ptr<rpc::Server> server_;
};

inline Handler Hangs() { return nullptr; }

// Every response is right: reward 1.
inline grpc::Status AllRight(const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response) {
  for (const auto& r : request.requests()) {
    auto* result = response->add_results();
    result->set_id(r.id());
    result->set_reward(1);
  }
  return grpc::Status::OK;
}

inline Handler Fails(grpc::StatusCode code) {
  return
      [code](const v1::GradeBatchRequest&, v1::GradeBatchResponse*) { return grpc::Status(code, "fails"); };
}

// The address of a server that was there a moment ago.
inline std::string GoneAddress() { return FakeVerifier(AllRight).address(); }

inline std::vector<v1::GradeRequest> Requests(size_t n, size_t bytes = 10) {
  std::vector<v1::GradeRequest> requests(n);
  for (size_t i = 0; i < n; ++i) {
    requests[i].set_id(i * 7);
    requests[i].set_response(std::string(bytes, 'x'));
  }
  return requests;
}

inline GradingClientOptions Options(std::vector<std::string> addresses) {
  GradingClientOptions options;
  options.addresses = std::move(addresses);
  options.backoff = {.initial = absl::Milliseconds(10), .max = absl::Milliseconds(50)};
  return options;
}

}  // namespace drover::grading
