// What a server takes at most: memory for messages, and descriptors for connections.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "services/rpc/caller.h"
#include "services/rpc/server.h"

namespace drover::rpc {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr rlim_t kPeersFiles = 2048;  // more than this process gets

// Answers with nothing, so that only what is received takes memory.
class Sink : public v1::VerifierService::CallbackService {
  grpc::ServerUnaryReactor* Grade(grpc::CallbackServerContext* context, const v1::GradeBatchRequest*,
                                  v1::GradeBatchResponse*) override {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// A connection of its own.
std::shared_ptr<grpc::Channel> NewConnection(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

v1::GradeBatchRequest RequestOf(int64_t bytes) {
  v1::GradeBatchRequest request;
  request.add_requests()->set_response(std::string(static_cast<size_t>(bytes), 'x'));
  return request;
}

// How much more memory was resident than at the beginning of its life, at most.
class PeakMemory {
 public:
  PeakMemory() : before_(Resident()), thread_([this] { Run(); }) {}
  ~PeakMemory() {
    ended_ = true;
    thread_.join();
  }
  int64_t mib() const { return (peak_ - before_) / kMiB; }

 private:
  static int64_t Resident() {
    std::ifstream in("/proc/self/statm");
    int64_t pages = 0, resident = 0;
    in >> pages >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
  }
  void Run() {
    while (!ended_) {
      peak_ = std::max(peak_.load(), Resident());
      absl::SleepFor(absl::Milliseconds(2));
    }
  }

  std::atomic<bool> ended_{false};
  std::atomic<int64_t> peak_{0};
  const int64_t before_;
  std::thread thread_;
};

class ServerBoundsTest : public ::testing::Test {
 protected:
  void Start(const ServerOptions& options) {
    auto server = Server::Start(options, {{v1::VerifierService::service_full_name(), &service_}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
  }

  // Calls with messages of `bytes` at once, each on its own connection. The senders' memory is one message for all.
  std::vector<grpc::Status> CallAtOnce(int calls, int64_t bytes) {
    const std::string message = RequestOf(bytes).SerializeAsString();
    grpc::Slice slice(message.data(), message.size(), grpc::Slice::STATIC_SLICE);
    const grpc::ByteBuffer request(&slice, 1);
    std::vector<grpc::ClientContext> contexts(static_cast<size_t>(calls));
    std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
    std::vector<grpc::ByteBuffer> responses(contexts.size());
    std::vector<grpc::Status> ends(contexts.size());
    absl::BlockingCounter left(calls);
    for (size_t i = 0; i < contexts.size(); ++i) {
      stubs.push_back(std::make_unique<grpc::GenericStub>(NewConnection(server_->address())));
      contexts[i].set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
      stubs[i]->UnaryCall(&contexts[i], "/drover.v1.VerifierService/Grade", {}, &request, &responses[i],
                          [&ends, &left, i](const grpc::Status& status) {
                            ends[i] = status;
                            left.DecrementCount();
                          });
    }
    left.Wait();
    return ends;
  }

  Sink service_;
  std::unique_ptr<Server> server_;
};

// Without the bound they take 1.1 GiB here.
TEST_F(ServerBoundsTest, ManyLargeCallsTakeSoMuchMemoryOnly) {
  Start({.max_receive_bytes = 32 * kMiB, .max_buffered_bytes = 128 * kMiB});
  const PeakMemory peak;
  const std::vector<grpc::Status> ends = CallAtOnce(/*calls=*/24, /*bytes=*/30 * kMiB);
  int served = 0;
  for (const grpc::Status& end : ends) {
    served += end.ok() ? 1 : 0;
    EXPECT_TRUE(end.ok() || end.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ||
                end.error_code() == grpc::StatusCode::UNAVAILABLE)
        << end.error_code() << ": " << end.error_message();
  }
  EXPECT_GT(served, 0);
  RecordProperty("served", served);
  RecordProperty("peak_mib", static_cast<int>(peak.mib()));
#ifndef DROVER_SANITIZED  // a sanitizer keeps freed memory
  EXPECT_LT(peak.mib(), 500);
#endif
}

TEST_F(ServerBoundsTest, CallersThatTryAgainAreAllServed) {
  Start({.max_receive_bytes = 8 * kMiB, .max_buffered_bytes = 16 * kMiB});
  const v1::GradeBatchRequest request = RequestOf(7 * kMiB);
  constexpr int kCallers = 12;
  std::vector<absl::Status> ends(kCallers, absl::UnknownError("not called"));
  std::vector<std::thread> threads;
  for (int i = 0; i < kCallers; ++i) {
    threads.emplace_back([&, i] {
      const auto stub = v1::VerifierService::NewStub(NewConnection(server_->address()));
      Caller caller({.backoff = {.initial = absl::Milliseconds(20), .max = absl::Milliseconds(500)},
                     .seed = static_cast<uint64_t>(i)});
      ends[static_cast<size_t>(i)] =
          caller.Call("grade", absl::Seconds(20), absl::Seconds(50), [&](grpc::ClientContext* context) {
            v1::GradeBatchResponse response;
            return stub->Grade(context, request, &response);
          });
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& end : ends) EXPECT_TRUE(end.ok()) << end;
}

TEST_F(ServerBoundsTest, BoundsThatLetNothingThroughAreErrors) {
  const auto code = [](const ServerOptions& options) { return options.Validate().code(); };
  EXPECT_EQ(code({}), absl::StatusCode::kOk);
  EXPECT_EQ(code({.max_receive_bytes = 8 * kMiB, .max_buffered_bytes = 16 * kMiB - 1}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.reserved_files = -1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.max_open_files = 0}), absl::StatusCode::kInvalidArgument);
}

// Another process with connections that say nothing.
class SilentPeers {
 public:
  // Returns when all are made, or refused.
  SilentPeers(int port, int count) {
    int ready[2] = {-1, -1};
    EXPECT_EQ(::pipe(ready), 0);
    child_ = ::fork();
    if (child_ == 0)
      Run(port, count, ready[1]);  // nothing but system calls: other threads' locks are as they were
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1) << "the peers could not connect";
    ::close(ready[0]);
  }
  ~SilentPeers() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] static void Run(int port, int count, int ready) {
    const rlimit limit = {.rlim_cur = kPeersFiles, .rlim_max = kPeersFiles};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    for (int i = 0; i < count; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) ::_exit(1);
    }
    if (::write(ready, "", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }

  pid_t child_ = -1;
};

// The soft limit of open files, for as long as this lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t soft) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit limit = {.rlim_cur = soft, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

// gRPC's own listener would have stopped for ever.
TEST_F(ServerBoundsTest, SilentConnectionsLeaveFilesAndCallsAlone) {
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < kPeersFiles) GTEST_SKIP() << "skipped: the peers may not have so many connections";
  const FileLimit usual(1024);
  Start({.handshake_timeout = absl::Seconds(3)});
  const auto call = [](const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
    context.set_wait_for_ready(true);
    v1::GradeBatchResponse response;
    return v1::VerifierService::NewStub(channel)->Grade(&context, RequestOf(10), &response).error_code();
  };
  const auto early = NewConnection(server_->address());
  EXPECT_EQ(call(early), grpc::StatusCode::OK);
  const SilentPeers peers(server_->port(), 1500);
  EXPECT_EQ(call(early), grpc::StatusCode::OK);
  EXPECT_TRUE(std::ifstream("/proc/self/status").good()) << "no file can be opened";
  // Those that were taken are closed after the handshake's timeout, and then others find room.
  EXPECT_EQ(call(NewConnection(server_->address())), grpc::StatusCode::OK);
  EXPECT_EQ(call(early), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace drover::rpc
