#include "services/rpc/caller.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "services/rpc/channel.h"
#include "services/rpc/server.h"

namespace drover::rpc {
namespace {

constexpr absl::Duration kLong = absl::Seconds(60);

CallerOptions Fast(std::shared_ptr<grpc::Channel> channel = nullptr) {
  return {.backoff = {.initial = absl::Milliseconds(5), .max = absl::Milliseconds(50)},
          .channel = std::move(channel)};
}

class Echo : public v1::VerifierService::CallbackService {
  grpc::ServerUnaryReactor* Grade(grpc::CallbackServerContext* context, const v1::GradeBatchRequest*,
                                  v1::GradeBatchResponse*) override {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

absl::Status CallEcho(Caller& caller, const std::shared_ptr<grpc::Channel>& channel,
                      absl::Duration retry_for) {
  const auto stub = v1::VerifierService::NewStub(channel);
  return caller.Call("echo", absl::Seconds(10), retry_for, [&](grpc::ClientContext* context) {
    v1::GradeBatchResponse response;
    return stub->Grade(context, {}, &response);
  });
}

TEST(CallerTest, TriesAgainUntilItSucceeds) {
  Caller caller(Fast());
  int attempts = 0;
  const absl::Status status = caller.Call("call", kLong, kLong, [&](grpc::ClientContext*) {
    constexpr grpc::StatusCode kAnswers[] = {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED,
                                             grpc::StatusCode::DEADLINE_EXCEEDED,
                                             grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::OK};
    return grpc::Status(kAnswers[attempts++], "");
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(attempts, 5);
}

// It may also be a message that the server will never take.
TEST(CallerTest, AnOverloadIsWaitedOutForSoLongOnly) {
  CallerOptions options = Fast();
  options.overload_patience = absl::Milliseconds(100);
  Caller caller(options);
  int attempts = 0;
  const absl::Status status = caller.Call("call", kLong, absl::InfiniteDuration(), [&](grpc::ClientContext*) {
    ++attempts;
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
  });
  EXPECT_EQ(status, absl::ResourceExhaustedError("call: full"));
  EXPECT_GT(attempts, 1);
}

TEST(CallerTest, AnErrorThatStaysIsReturnedAtOnceWithTheCallsName) {
  Caller caller(Fast());
  int attempts = 0;
  const absl::Status status = caller.Call("call", kLong, kLong, [&](grpc::ClientContext*) {
    ++attempts;
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "a field");
  });
  EXPECT_EQ(status, absl::InvalidArgumentError("call: a field"));
  EXPECT_EQ(attempts, 1);
}

TEST(CallerTest, AServerThatStartsLaterIsFound) {
  Echo echo;
  std::string address;
  {
    auto first = Server::Start({}, {{v1::VerifierService::service_full_name(), &echo}});
    ASSERT_TRUE(first.ok()) << first.status();
    address = (*first)->address();
  }
  const auto channel = MakeChannel(address);
  Caller caller(Fast(channel));
  EXPECT_EQ(CallEcho(caller, channel, absl::Milliseconds(200)).code(), absl::StatusCode::kUnavailable);
  absl::Status late = absl::UnknownError("not called");
  std::thread call([&] { late = CallEcho(caller, channel, kLong); });
  absl::SleepFor(absl::Milliseconds(300));
  auto second = Server::Start({.listen = address}, {{v1::VerifierService::service_full_name(), &echo}});
  EXPECT_TRUE(second.ok()) << second.status();
  call.join();
  EXPECT_TRUE(late.ok()) << late;
}

// A name server on loopback that knows no name until it is told to, and then says 127.0.0.1 for every name.
class NameServer {
 public:
  NameServer() : fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~NameServer() {
    ended_ = true;
    thread_.join();
    ::close(fd_);
  }
  int port() const { return port_; }
  int asked() const { return asked_; }
  void LearnTheName() { known_ = true; }

 private:
  void Serve() {
    while (!ended_) {
      pollfd wait = {.fd = fd_, .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, 20) <= 0) continue;
      char bytes[512];
      sockaddr_in peer = {};
      socklen_t size = sizeof(peer);
      const ssize_t length =
          ::recvfrom(fd_, bytes, sizeof(bytes), 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (length < 17) continue;
      ++asked_;
      const std::string answer = Answer(std::string(bytes, static_cast<size_t>(length)));
      ::sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }

  // RFC 1035: a header of 12 bytes, the question as it came, and for questions of type A an address.
  std::string Answer(const std::string& query) const {
    const size_t name_end = query.find('\0', 12);
    if (name_end == std::string::npos || name_end + 5 > query.size()) return query;
    const std::string question = query.substr(12, name_end + 5 - 12);
    const bool type_a = question[question.size() - 4] == 0 && question[question.size() - 3] == 1;
    const bool found = known_ && type_a;
    std::string answer = query.substr(0, 2);
    answer += '\x81';
    answer += known_ ? '\x80' : '\x83';  // no error, or no such name
    answer += std::string("\0\1\0", 3) + (found ? '\1' : '\0') + std::string(4, '\0') + question;
    if (found) answer += std::string("\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1", 16);
    return answer;
  }

  const int fd_;
  int port_ = 0;
  std::atomic<bool> ended_{false}, known_{false};
  std::atomic<int> asked_{0};
  std::thread thread_;
};

TEST(CallerTest, ANameThatDoesNotResolveAtFirstIsAskedForAgain) {
  Echo echo;
  auto server = Server::Start({}, {{v1::VerifierService::service_full_name(), &echo}});
  ASSERT_TRUE(server.ok()) << server.status();
  NameServer names;
  const auto channel =
      MakeChannel(absl::StrCat("dns://127.0.0.1:", names.port(), "/learner.drover.test:", (*server)->port()));
  Caller caller(
      {.backoff = {.initial = absl::Milliseconds(50), .max = absl::Milliseconds(200)}, .channel = channel});
  absl::Status status = absl::UnknownError("not called");
  std::thread call([&] { status = CallEcho(caller, channel, kLong); });
  const absl::Time begun = absl::Now();
  while (names.asked() < 4 && absl::Now() - begun < kLong) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_GE(names.asked(), 4);
  names.LearnTheName();
  call.join();
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace drover::rpc
