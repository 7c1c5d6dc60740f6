#include "learner/exchange_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace drover::learner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AnExchangeQueue : public testing::TestWithParam<bool> {};

TEST_P(AnExchangeQueue, MakesExchangesInTheirOrder) {
  ExchangeQueue queue(GetParam());
  std::vector<int> made;
  std::thread::id by;
  uint64_t last = 0;
  for (int i = 0; i < 100; ++i) {
    last = queue.Post([&, i] {
      made.push_back(i);
      by = std::this_thread::get_id();
      return absl::OkStatus();
    });
  }
  ASSERT_TRUE(queue.Wait(last).ok());
  ASSERT_EQ(made.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(made[i], i);
  EXPECT_EQ(by != std::this_thread::get_id(), GetParam());
}

TEST_P(AnExchangeQueue, MakesNoneAfterOneThatFailed) {
  ExchangeQueue queue(GetParam());
  std::vector<int> made;
  const auto post = [&](int number, const absl::Status& status) {
    return queue.Post([&made, number, status] {
      made.push_back(number);
      return status;
    });
  };
  const uint64_t first = post(1, absl::OkStatus());
  EXPECT_TRUE(queue.Wait(first).ok());
  post(2, absl::UnavailableError("rank 1 is gone"));
  post(3, absl::InternalError("is never made"));
  EXPECT_EQ(queue.WaitForAll(), absl::UnavailableError("rank 1 is gone"));
  EXPECT_THAT(made, ElementsAre(1, 2));
}

TEST_P(AnExchangeQueue, AnExceptionIsAnError) {
  ExchangeQueue queue(GetParam());
  queue.Post([]() -> absl::Status { throw std::runtime_error("no memory"); });
  EXPECT_THAT(std::string(queue.WaitForAll().message()), HasSubstr("no memory"));
}

// Memory that a device may still read: it goes when the waiting thread knows that it does not.
TEST_P(AnExchangeQueue, LetsGoOfWhatAnExchangeHoldsWhenItIsWaitedFor) {
  ExchangeQueue queue(GetParam());
  const auto held = std::make_shared<int>(1);
  const auto post = [&] { return queue.Post([held] { return absl::OkStatus(); }); };
  const uint64_t first = post(), second = post(), third = post();
  ASSERT_TRUE(queue.Wait(third).ok());
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(queue.Wait(first).ok());  // over long ago
  EXPECT_TRUE(queue.Wait(second).ok());
  const uint64_t fourth = post();
  post();
  ASSERT_TRUE(queue.Wait(fourth).ok());
  EXPECT_EQ(held.use_count(), 2);
}

INSTANTIATE_TEST_SUITE_P(All, AnExchangeQueue, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "Thread" : "AtOnce"); });

TEST(ExchangeQueue, GoesOnWhileItsOwnerDoesSomethingElse) {
  absl::Notification computed;
  ExchangeQueue queue(/*threaded=*/true);
  const uint64_t number = queue.Post([&] {
    computed.WaitForNotification();
    return absl::OkStatus();
  });
  computed.Notify();  // reached while the exchange goes on
  EXPECT_TRUE(queue.Wait(number).ok());
}

TEST(ExchangeQueue, ItsEndIsBehindWhatIsPosted) {
  int made = 0;
  {
    ExchangeQueue queue(/*threaded=*/true);
    for (int i = 0; i < 10; ++i) {
      queue.Post([&] {
        ++made;
        return absl::OkStatus();
      });
    }
  }
  EXPECT_EQ(made, 10);
}

}  // namespace
}  // namespace drover::learner
