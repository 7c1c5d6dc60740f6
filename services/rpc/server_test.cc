#include "services/rpc/server.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "drover/v1/verifier.grpc.pb.h"
#include "services/rpc/channel.h"
#include "services/rpc/status.h"
#include "services/rpc/testing/health.h"

namespace drover::rpc {
namespace {

using ::testing::HasSubstr;

class Echo : public v1::VerifierService::CallbackService {
  grpc::ServerUnaryReactor* Grade(grpc::CallbackServerContext* context, const v1::GradeBatchRequest* request,
                                  v1::GradeBatchResponse* response) override {
    for (const auto& r : request->requests()) response->add_results()->set_extracted(r.response());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

absl::StatusOr<std::string> Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& text) {
  v1::GradeBatchRequest request;
  request.add_requests()->set_response(text);
  v1::GradeBatchResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  const grpc::Status status = v1::VerifierService::NewStub(channel)->Grade(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response.results(0).extracted();
}

class ServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    auto server = Server::Start(options, {{v1::VerifierService::service_full_name(), &service_}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    channel_ = MakeChannel(server_->address());
  }
  Echo service_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ServerTest, PicksAPortAndServes) {
  Start();
  EXPECT_GT(server_->port(), 0);
  EXPECT_EQ(*Call(channel_, "hello"), "hello");
}

TEST_F(ServerTest, HealthFollowsServing) {
  Start();
  EXPECT_EQ(CheckHealth(channel_), Health::kNotServing);
  EXPECT_EQ(CheckHealth(channel_, "drover.v1.VerifierService"), Health::kNotServing);
  HealthWatch watch(channel_);
  EXPECT_EQ(watch.Next(), Health::kNotServing);
  server_->SetServing(true);
  EXPECT_EQ(watch.Next(), Health::kServing);
  EXPECT_EQ(CheckHealth(channel_), Health::kServing);
  EXPECT_EQ(CheckHealth(channel_, "drover.v1.VerifierService"), Health::kServing);
  EXPECT_EQ(CheckHealth(channel_, "no.such.Service"), Health::kNoAnswer);
  server_->SetServing(false);
  EXPECT_EQ(watch.Next(), Health::kNotServing);
  EXPECT_EQ(CheckHealth(channel_), Health::kNotServing);
}

TEST_F(ServerTest, TwoServersCannotShareAPort) {
  Start();
  Echo other;
  const auto second = Server::Start({.listen = server_->address()}, {{"other", &other}});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(server_->address()));
}

TEST_F(ServerTest, MessagesOverTheLimitAreRefused) {
  Start({.max_receive_bytes = 4096});
  EXPECT_TRUE(Call(channel_, std::string(1000, 'x')).ok());
  EXPECT_EQ(Call(channel_, std::string(10000, 'x')).status().code(), absl::StatusCode::kResourceExhausted);
}

// A connection that says nothing costs a descriptor: it is closed, whoever else is served.
TEST_F(ServerTest, SilentConnectionsAreClosed) {
  Start({.handshake_timeout = absl::Milliseconds(300)});
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(server_->port()));
  std::vector<int> silent;
  for (int i = 0; i < 50; ++i) {
    silent.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(silent.back(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  EXPECT_EQ(*Call(channel_, "hello"), "hello");
  for (const int fd : silent) {
    const timeval patience = {.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    char bytes[4096];
    ssize_t got = 0;
    while ((got = ::recv(fd, bytes, sizeof(bytes), 0)) > 0) continue;  // the server's settings
    EXPECT_TRUE(got == 0 || errno == ECONNRESET) << "still open: " << std::strerror(errno);
    ::close(fd);
  }
  EXPECT_EQ(*Call(channel_, "hello"), "hello");
}

TEST_F(ServerTest, ListensOnAllAddressesOfEitherFamily) {
  for (const char* listen : {"0.0.0.0:0", "[::]:0"}) {
    auto server = Server::Start({.listen = listen}, {{v1::VerifierService::service_full_name(), &service_}});
    if (!server.ok() && listen[0] == '[') GTEST_SKIP() << "skipped: no IPv6";
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ(*Call(MakeChannel("127.0.0.1:" + std::to_string((*server)->port())), "hello"), "hello")
        << listen;
  }
}

TEST_F(ServerTest, BadAddressesAreErrors) {
  EXPECT_EQ(Server::Start({.listen = "nonsense"}, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

// Without the wait the call would end with the failure before it.
TEST_F(ServerTest, AfterConnectNowTheNextCallFindsAServerThatHasComeUp) {
  Start();
  const std::string address = server_->address();
  server_.reset();
  // Its own pauses are longer than the test.
  const auto channel = MakeChannel(
      address, {.min_reconnect_backoff = absl::Minutes(5), .max_reconnect_backoff = absl::Minutes(5)});
  EXPECT_FALSE(Call(channel, "a").ok());
  auto again = Server::Start({.listen = address}, {{v1::VerifierService::service_full_name(), &service_}});
  ASSERT_TRUE(again.ok()) << again.status();
  ConnectNow(*channel, absl::Seconds(20));
  const auto answer = Call(channel, "b");
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST_F(ServerTest, ConnectNowIsPatientForSoLongOnly) {
  Start();
  const auto channel = MakeChannel(server_->address());
  server_.reset();
  ConnectNow(*channel, absl::Milliseconds(10));
  EXPECT_FALSE(Call(channel, "a").ok());
}

TEST_F(ServerTest, AClientFindsAServerThatComesBack) {
  Start();
  ASSERT_TRUE(Call(channel_, "a").ok());
  const std::string address = server_->address();
  server_.reset();
  EXPECT_FALSE(Call(channel_, "b").ok());
  auto again = Server::Start({.listen = address}, {{v1::VerifierService::service_full_name(), &service_}});
  ASSERT_TRUE(again.ok()) << again.status();
  absl::StatusOr<std::string> answer = absl::UnavailableError("");
  for (int i = 0; i < 100 && !answer.ok(); ++i) {
    answer = Call(channel_, "c");
    if (!answer.ok()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(answer.ok()) << answer.status();
}

}  // namespace
}  // namespace drover::rpc
