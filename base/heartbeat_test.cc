#include "base/heartbeat.h"

#include <gtest/gtest.h>

#include <optional>

namespace drover {
namespace {

class HeartbeatTest : public ::testing::Test {
 protected:
  absl::Duration now_ = absl::Seconds(1000);
  Heartbeats heartbeats_{absl::Seconds(10), [this] { return now_; }};
};

TEST_F(HeartbeatTest, NoLoopIsNeverLate) {
  now_ += absl::Hours(1);
  EXPECT_TRUE(heartbeats_.Check().ok());
}

TEST_F(HeartbeatTest, ASilentLoopIsLateJustAfterTheLimitAndNamed) {
  Heartbeats::Pulse engine = heartbeats_.Begin("engine");
  Heartbeats::Pulse lease = heartbeats_.Begin("lease");
  now_ += absl::Seconds(10);
  EXPECT_TRUE(heartbeats_.Check().ok());
  lease.Beat();
  now_ += absl::Seconds(1);
  const absl::Status late = heartbeats_.Check();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(late.message().find("\"engine\" should have gone round 1s ago"), absl::string_view::npos) << late;
  EXPECT_EQ(late.message().find("lease"), absl::string_view::npos) << late;
  engine.Beat();
  EXPECT_TRUE(heartbeats_.Check().ok()) << "late, but not stuck after all";
}

TEST_F(HeartbeatTest, ACallWithADeadlineOfItsOwnMayTakeIt) {
  Heartbeats::Pulse loop = heartbeats_.Begin("submit");
  loop.Beat(absl::Seconds(60));
  now_ += absl::Seconds(70);
  EXPECT_TRUE(heartbeats_.Check().ok());
  now_ += absl::Seconds(1);
  EXPECT_FALSE(heartbeats_.Check().ok());
}

TEST_F(HeartbeatTest, ALoopThatIsOverIsNotLate) {
  std::optional<Heartbeats::Pulse> loop = heartbeats_.Begin("renew");
  Heartbeats::Pulse moved = *std::move(loop);
  loop.reset();
  now_ += absl::Seconds(11);
  EXPECT_FALSE(heartbeats_.Check().ok()) << "the pulse was moved, not ended";
  moved = Heartbeats::Pulse();
  EXPECT_TRUE(heartbeats_.Check().ok());
  moved.Beat();  // one without a Heartbeats does nothing
}

TEST(Heartbeats, TheSteadyClockIsTheDefault) {
  Heartbeats heartbeats(absl::Seconds(-1));
  const Heartbeats::Pulse loop = BeginPulse(&heartbeats, "loop");
  EXPECT_FALSE(heartbeats.Check().ok()) << "with a negative limit it is late at once";
  BeginPulse(nullptr, "nothing").Beat();
}

}  // namespace
}  // namespace drover
