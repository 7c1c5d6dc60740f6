#include "services/experience/held_leases.h"

#include <gtest/gtest.h>

namespace drover::experience {
namespace {

HeldLease Held(uint64_t id, int seconds) {
  auto lease = std::make_shared<v1::Lease>();
  lease->set_lease(id);
  return {lease, "actor-0", absl::Seconds(seconds)};
}

TEST(HeldLeasesTest, ExpireByDeadlineEarliestFirst) {
  HeldLeases held;
  held.Add(Held(1, 30));
  held.Add(Held(2, 10));
  held.Add(Held(3, 20));
  EXPECT_TRUE(held.Expired(absl::Seconds(9)).empty());
  EXPECT_EQ(held.Expired(absl::Seconds(10)), (std::vector<uint64_t>{2}));
  EXPECT_EQ(held.Expired(absl::Seconds(25)), (std::vector<uint64_t>{2, 3}));
  EXPECT_TRUE(held.Renew(2, absl::Seconds(40)));
  EXPECT_EQ(held.Expired(absl::Seconds(35)), (std::vector<uint64_t>{3, 1}));
  EXPECT_TRUE(held.Remove(3));
  EXPECT_FALSE(held.Remove(3));
  EXPECT_FALSE(held.Renew(3, absl::Seconds(99)));
  EXPECT_EQ(held.Find(3), nullptr);
  EXPECT_EQ(held.Find(2)->deadline, absl::Seconds(40));
  EXPECT_EQ(held.size(), 2u);
  held.Clear();
  EXPECT_EQ(held.size(), 0u);
  EXPECT_TRUE(held.Expired(absl::InfiniteDuration()).empty());
}

}  // namespace
}  // namespace drover::experience
