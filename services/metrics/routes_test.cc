#include "services/metrics/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "services/http/server.h"
#include "services/http/testing/client.h"
#include "services/metrics/actor_metrics.h"

namespace drover::metrics {
namespace {

using ::testing::HasSubstr;

class PagesTest : public ::testing::Test {
 protected:
  void Start(PageOptions options = {}) {
    http::Routes routes;
    AddPages(std::move(options), {metrics_.registry}, routes);
    auto server = http::Server::Start({}, std::move(routes));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  http::Answer Get(const std::string& path, const std::string& method = "GET") {
    return http::Get(server_->port(), path, method);
  }

  ActorMetrics metrics_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(PagesTest, ServeTheTextOfWhatIsDeclared) {
  Start();
  const http::Answer answer = Get("/metrics");
  EXPECT_EQ(answer.code, 200);
  EXPECT_THAT(answer.head, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer.body, HasSubstr("# TYPE drover_actor_generated_tokens_total counter\n"));
  EXPECT_THAT(answer.body, HasSubstr("\ndrover_actor_generated_tokens_total 0\n"));
  EXPECT_THAT(answer.body, HasSubstr("\ndrover_actor_groups_total{outcome=\"expired\"} 0\n"));
  metrics_.generated_tokens.Increment(7);
  EXPECT_THAT(Get("/metrics").body, HasSubstr("\ndrover_actor_generated_tokens_total 7\n"));
}

TEST_F(PagesTest, ProbesFollowTheirFunctions) {
  std::atomic<bool> ready = false;
  Start({.ready = [&] { return ready ? absl::OkStatus() : absl::UnavailableError("no weights yet"); }});
  EXPECT_EQ(Get("/livez").code, 200);
  EXPECT_EQ(Get("/readyz").code, 503);
  EXPECT_EQ(Get("/readyz").body, "no weights yet\n");
  ready = true;
  EXPECT_EQ(Get("/readyz").code, 200);
  EXPECT_EQ(Get("/readyz").body, "ok\n");
}

TEST_F(PagesTest, TellOfTheProcessAndLookUpBeforeTheyAnswer) {
  double looked = 0;
  Start({.refresh = [&] { metrics_.leases_held.Set(++looked); }});
  const std::string body = Get("/metrics").body;
  EXPECT_THAT(body, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(body, HasSubstr("drover_build_info{process=\"metrics_test\""));
  EXPECT_THAT(body, HasSubstr("\ndrover_actor_leases_held 1\n"));
  EXPECT_THAT(Get("/metrics").body, HasSubstr("\ndrover_actor_leases_held 2\n"));
}

TEST_F(PagesTest, AreAllThatIsThere) {
  Start();
  EXPECT_EQ(Get("/").body, "there are: /livez, /metrics, /readyz\n");
  EXPECT_EQ(Get("/metrics/../etc/passwd").code, 404);
  EXPECT_EQ(Get("/metrics", "DELETE").code, 405);
  EXPECT_EQ(Get("/metrics", "POST").code, 405);
  EXPECT_EQ(Get("/metrics", "HEAD").body, "");
}

TEST_F(PagesTest, AreReadByManyAtOnce) {
  Start();
  std::atomic<int> good = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] {
      for (int j = 0; j < 10; ++j) good += Get("/metrics").code == 200;
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace drover::metrics
