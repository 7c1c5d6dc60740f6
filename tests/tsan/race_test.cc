// The watchman watched: ThreadSanitizer reports a race, and what Abseil orders is none.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

namespace drover {
namespace {

struct Counter {
  absl::Mutex mutex;
  int guarded ABSL_GUARDED_BY(mutex) = 0;
  alignas(8) int bare = 0;  // the sanitizer remembers a few accesses of every eight bytes
};

// Not for itself: SeesARace runs it, in a process of its own.
TEST(Tsan, DISABLED_Race) {
  Counter counter;
  const auto add = [&] {
    ++counter.bare;
    for (int i = 0; i < 1000; ++i) {
      absl::MutexLock lock(&counter.mutex);
      ++counter.guarded;
    }
  };
  std::thread other(add);
  add();
  other.join();
  EXPECT_LE(counter.bare, 2);
}

TEST(Tsan, SeesARace) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const int status = std::system(
      (self + " --gtest_also_run_disabled_tests --gtest_filter=Tsan.DISABLED_Race --gtest_output= 2>&1")
          .c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 66) << "the sanitizer's exit status after a report";
}

TEST(Tsan, AMutexOrders) {
  Counter counter;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      absl::MutexLock lock(&counter.mutex);
      ++counter.guarded;
    }
  });
  {
    // The condition is evaluated by whichever thread unlocks.
    absl::MutexLock lock(&counter.mutex);
    const auto half = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(counter.mutex) { return counter.guarded >= 500; };
    counter.mutex.Await(absl::Condition(&half));
    ++counter.guarded;
  }
  other.join();
}

TEST(Tsan, ANotificationOrders) {
  int value = 0;
  absl::Notification waited_for, asked_for;
  std::thread other([&] {
    value = 1;
    waited_for.Notify();
    asked_for.Notify();
  });
  waited_for.WaitForNotification();
  EXPECT_EQ(value, 1);
  while (!asked_for.HasBeenNotified()) std::this_thread::yield();
  EXPECT_EQ(value, 1);
  other.join();
}

}  // namespace
}  // namespace drover
