#include "services/metrics/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "services/metrics/actor_metrics.h"
#include "services/metrics/testing/http_get.h"

namespace drover::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// As with CUDA's libraries, which keep 120 KB for each thread: a server whose threads have small stacks does not start.
thread_local char of_each_thread[256 << 10];

TEST(MetricsServer, ServesWhereEachThreadHasMuchStorageOfItsOwn) {
  of_each_thread[0] = 1;
  auto server = MetricsServer::Start({}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(HttpGet((*server)->port(), "/livez").code, 200);
}

TEST(MetricsServer, ServesTheTextOfWhatIsDeclared) {
  ActorMetrics metrics;
  auto server = MetricsServer::Start({}, {metrics.registry});
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_GT((*server)->port(), 0);
  HttpAnswer answer = HttpGet((*server)->port(), "/metrics");
  EXPECT_EQ(answer.code, 200);
  EXPECT_THAT(answer.head, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer.body, HasSubstr("# TYPE drover_actor_generated_tokens_total counter\n"));
  EXPECT_THAT(answer.body, HasSubstr("\ndrover_actor_generated_tokens_total 0\n"));
  EXPECT_THAT(answer.body, HasSubstr("\ndrover_actor_groups_total{outcome=\"expired\"} 0\n"));
  metrics.generated_tokens.Increment(7);
  EXPECT_THAT(HttpGet((*server)->port(), "/metrics").body,
              HasSubstr("\ndrover_actor_generated_tokens_total 7\n"));
}

TEST(MetricsServer, ProbesFollowTheirFunctions) {
  std::atomic<bool> ready = false;
  MetricsServerOptions options;
  options.ready = [&] { return ready ? absl::OkStatus() : absl::UnavailableError("no weights yet"); };
  auto server = MetricsServer::Start(options, {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(HttpGet((*server)->port(), "/livez").code, 200);
  EXPECT_EQ(HttpGet((*server)->port(), "/readyz").code, 503);
  EXPECT_EQ(HttpGet((*server)->port(), "/readyz").body, "no weights yet\n");
  ready = true;
  EXPECT_EQ(HttpGet((*server)->port(), "/readyz").code, 200);
  EXPECT_EQ(HttpGet((*server)->port(), "/readyz").body, "ok\n");
}

TEST(MetricsServer, TellsOfTheProcessAndLooksUpBeforeItAnswers) {
  ActorMetrics metrics;
  double looked = 0;
  auto server =
      MetricsServer::Start({.refresh = [&] { metrics.leases_held.Set(++looked); }}, {metrics.registry});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string body = HttpGet((*server)->port(), "/metrics").body;
  EXPECT_THAT(body, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(body, HasSubstr("drover_build_info{process=\"metrics_test\""));
  EXPECT_THAT(body, HasSubstr("\ndrover_actor_leases_held 1\n"));
  EXPECT_THAT(HttpGet((*server)->port(), "/metrics").body, HasSubstr("\ndrover_actor_leases_held 2\n"));
}

TEST(MetricsServer, NothingElseIsThere) {
  auto server = MetricsServer::Start({}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(HttpGet((*server)->port(), "/").code, 404);
  EXPECT_EQ(HttpGet((*server)->port(), "/metrics/../etc/passwd").code, 404);
  EXPECT_EQ(HttpGet((*server)->port(), "/metrics", "DELETE").code, 405);
  EXPECT_EQ(HttpGet((*server)->port(), "/metrics", "POST").code, 405);
  EXPECT_EQ(HttpGet((*server)->port(), "/metrics", "HEAD").body, "");
}

TEST(MetricsServer, ListensOnAllAddresses) {
  auto four = MetricsServer::Start({.listen = "0.0.0.0:0"}, {});
  ASSERT_TRUE(four.ok()) << four.status();
  EXPECT_EQ(HttpGet((*four)->port(), "/livez").code, 200);
  const auto six = MetricsServer::Start({.listen = "[::]:0"}, {});
  if (!six.ok()) GTEST_SKIP() << "skipped: no IPv6 (" << six.status() << ")";
  EXPECT_EQ(HttpGet((*six)->port(), "/livez").code, 200) << "by IPv4";
}

TEST(MetricsServer, ANameIsNoAddress) {
  for (const char* listen : {"example.org:0", "1.2.3:0", "[1.2.3.4]:0"}) {
    const auto server = MetricsServer::Start({.listen = listen}, {});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << listen;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr(listen));
  }
}

TEST(MetricsServer, ARequestOfAnySizeAndShapeHarmsNothing) {
  auto server = MetricsServer::Start({}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_NE(HttpGet((*server)->port(), "/" + std::string(1 << 20, 'x')).code, 200);
  EXPECT_EQ(HttpGet((*server)->port(), "/livez?verbose=1").code, 200);
  EXPECT_NE(HttpGet((*server)->port(), "\r\n\r\n", "\xff\xfe").code, 200);
  EXPECT_EQ(HttpGet((*server)->port(), "/livez").code, 200);
}

// Many connections that send a request a byte at a time are never idle: the probes are answered all the same.
TEST(MetricsServer, DripFedConnectionsDoNotStarveTheProbes) {
  auto server = MetricsServer::Start({}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>((*server)->port()));
  std::vector<int> dripping;
  for (int i = 0; i < 300; ++i) {
    dripping.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(dripping.back(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::send(dripping.back(), "GET ", 4, MSG_NOSIGNAL), 4);
  }
  for (int round = 0; round < 5; ++round) {
    for (const int fd : dripping) ::send(fd, "x", 1, MSG_NOSIGNAL);
    const absl::Time asked = absl::Now();
    EXPECT_EQ(HttpGet((*server)->port(), "/livez").code, 200);
    EXPECT_LT(absl::Now() - asked, absl::Seconds(2));
  }
  for (const int fd : dripping) ::close(fd);
  EXPECT_EQ(HttpGet((*server)->port(), "/livez").code, 200);
}

TEST(MetricsServer, APortThatIsTakenIsAnError) {
  auto server = MetricsServer::Start({}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string address = "127.0.0.1:" + std::to_string((*server)->port());
  const auto second = MetricsServer::Start({.listen = address}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
  EXPECT_EQ(MetricsServer::Start({.listen = "9090"}, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MetricsServer, ManyReadersAtOnce) {
  ActorMetrics metrics;
  auto server = MetricsServer::Start({}, {metrics.registry});
  ASSERT_TRUE(server.ok()) << server.status();
  std::atomic<int> good = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] {
      for (int j = 0; j < 10; ++j) good += HttpGet((*server)->port(), "/metrics").code == 200;
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace drover::metrics
