#include "programs/process/drain_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "absl/synchronization/notification.h"

namespace drover::process {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(20);

class DrainWatchTest : public ::testing::Test {
 protected:
  DrainWatchOptions Options(absl::Duration deadline) {
    return {.deadline = deadline,
            .drain = [this] { drained_.Notify(); },
            .cut =
                [this](const std::string& why) {
                  why_ = why;
                  cut_.Notify();
                }};
  }
  StopSignal signals_;
  absl::Notification drained_, cut_;
  std::string why_;
};

TEST_F(DrainWatchTest, TheFirstSignalDrainsAndTheSecondCuts) {
  DrainWatch watch(signals_, Options(absl::Hours(1)));
  EXPECT_FALSE(watch.draining());
  ::kill(::getpid(), SIGTERM);
  ASSERT_TRUE(drained_.WaitForNotificationWithTimeout(kSoon));
  EXPECT_TRUE(watch.draining());
  EXPECT_FALSE(cut_.HasBeenNotified());
  ::kill(::getpid(), SIGINT);
  ASSERT_TRUE(cut_.WaitForNotificationWithTimeout(kSoon));
  EXPECT_EQ(why_, "a second signal");
}

TEST_F(DrainWatchTest, TheDeadlineCuts) {
  DrainWatch watch(signals_, Options(absl::Milliseconds(1)));
  ::kill(::getpid(), SIGTERM);
  ASSERT_TRUE(cut_.WaitForNotificationWithTimeout(kSoon));
  EXPECT_NE(why_.find("--drain-seconds"), std::string::npos);
}

TEST_F(DrainWatchTest, ADrainThatHangsHoldsUpNothing) {
  absl::Notification go_on;
  DrainWatchOptions options = Options(absl::Hours(1));
  options.drain = [&] {
    drained_.Notify();
    go_on.WaitForNotification();
  };
  DrainWatch watch(signals_, options);
  ::kill(::getpid(), SIGTERM);
  ASSERT_TRUE(drained_.WaitForNotificationWithTimeout(kSoon));
  ::kill(::getpid(), SIGTERM);
  EXPECT_TRUE(cut_.WaitForNotificationWithTimeout(kSoon));
  go_on.Notify();
}

TEST_F(DrainWatchTest, WithoutASignalNothingHappens) {
  { DrainWatch watch(signals_, Options(absl::ZeroDuration())); }
  EXPECT_FALSE(drained_.HasBeenNotified());
  EXPECT_FALSE(cut_.HasBeenNotified());
}

TEST(DrainActionTest, TheLatestActionIsDoneAlsoWhenItComesAfterTheSignal) {
  int first = 0, second = 0, third = 0;
  DrainAction action;
  action.Become([&] { ++first; });
  action.Become([&] { ++second; });
  action.Drain();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
  action.Become([&] { ++third; });
  EXPECT_EQ(third, 1);
  action.Become(nullptr);
}

}  // namespace
}  // namespace drover::process
