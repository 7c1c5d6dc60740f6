#include "data/prompt_order.h"

#include <algorithm>
#include <map>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

TEST(PromptOrder, EachEpochIsAPermutationOfItsOwn) {
  const PromptOrder order(5, 50);
  std::vector<std::vector<uint64_t>> epochs;
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<uint64_t> indices;
    for (uint64_t i = 0; i < 50; ++i) indices.push_back(order.At(epoch * 50 + i));
    EXPECT_EQ(std::set<uint64_t>(indices.begin(), indices.end()).size(), 50u);
    EXPECT_LT(*std::max_element(indices.begin(), indices.end()), 50u);
    epochs.push_back(indices);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
}

TEST(PromptOrder, DoesNotDependOnTheOrderOfCalls) {
  const PromptOrder forward(5, 7), backward(5, 7), other_seed(6, 7);
  std::vector<uint64_t> a(70), b(70), c(70);
  for (int n = 0; n < 70; ++n) a[n] = forward.At(n);
  for (int n = 70; n-- > 0;) b[n] = backward.At(n);
  for (int n = 0; n < 70; ++n) c[n] = other_seed.At(n);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(MixtureCounts, AddUpByLargestRemainders) {
  EXPECT_THAT(MixtureCounts({{1, 0.7}, {1, 0.3}}), testing::ElementsAre(700, 300));
  EXPECT_THAT(MixtureCounts({{1, 1}, {1, 1}, {1, 1}}), testing::ElementsAre(334, 333, 333));
  EXPECT_THAT(MixtureCounts({{1, 2}, {1, 5}}), testing::ElementsAre(286, 714));
  EXPECT_THAT(MixtureCounts({{1, 1}, {1, 1e6}}), testing::ElementsAre(0, 1000));
  EXPECT_THAT(MixtureCounts({{9, 3}}), testing::ElementsAre(1000));
}

TEST(MixtureOrder, EveryBlockHasItsShares) {
  const MixtureOrder order(5, {{10, 0.7}, {400, 0.3}});
  std::map<uint64_t, int> asked;
  for (uint64_t n = 0; n < 3000; ++n) {
    ++asked[order.At(n)];
    if (n % 1000 == 999) {
      int first = 0;
      for (uint64_t i = 0; i < 10; ++i) first += asked[i];
      EXPECT_EQ(first, 700 * static_cast<int>(n / 1000 + 1));
    }
  }
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(asked[i], 210) << "of a small set whole epochs";
  for (uint64_t i = 10; i < 410; ++i) EXPECT_TRUE(asked[i] == 2 || asked[i] == 3) << i << ": " << asked[i];
  EXPECT_EQ(asked.rbegin()->first, 409u);
}

TEST(MixtureOrder, DoesNotDependOnTheOrderOfCalls) {
  const std::vector<MixtureSet> sets = {{7, 1}, {7, 2}};
  const MixtureOrder forward(5, sets), backward(5, sets), other_seed(6, sets);
  std::vector<uint64_t> a(2500), b(2500), c(2500);
  for (int n = 0; n < 2500; ++n) a[n] = forward.At(n);
  for (int n = 2500; n-- > 0;) b[n] = backward.At(n);
  for (int n = 0; n < 2500; ++n) c[n] = other_seed.At(n);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

// Sets of one size are not asked in step with each other.
TEST(MixtureOrder, SetsHaveOrdersOfTheirOwn) {
  const PromptOrder first(5, 50), second(5, 50, 1);
  int equal = 0;
  for (int n = 0; n < 50; ++n) equal += first.At(n) == second.At(n);
  EXPECT_LT(equal, 10);
}

TEST(CurriculumOrder, TheWindowMovesFromEasyToHard) {
  std::vector<uint32_t> easiest_first;
  for (uint32_t i = 0; i < 100; ++i) easiest_first.push_back(99 - i);  // question 99 is the easiest
  const CurriculumOrder order(3, easiest_first, 1000, 0.2);
  std::set<uint64_t> asked;
  for (uint64_t n = 0; n < 1000; ++n) {
    const uint64_t place = 99 - order.At(n), begin = n * 80 / 1000;
    EXPECT_GE(place, begin) << n;
    EXPECT_LT(place, begin + 20) << n;
    asked.insert(order.At(n));
  }
  EXPECT_GT(asked.size(), 90u);
  std::set<uint64_t> after;
  for (uint64_t n = 1000; n < 1100; ++n) after.insert(order.At(n));
  EXPECT_EQ(after.size(), 100u) << "then an epoch of all";
  const PromptOrder plain(3, 100);
  EXPECT_EQ(order.At(1000), plain.At(0));
}

TEST(CurriculumOrder, WindowsOfOneQuestionAndOfAll) {
  EXPECT_EQ(CurriculumOrder(1, {0}, 5, 1).At(3), 0u);
  const CurriculumOrder narrow(1, {2, 0, 1}, 3, 1e-9);
  EXPECT_EQ(narrow.At(0), 2u);
  const CurriculumOrder wide(1, {2, 0, 1}, 300, 1);
  std::set<uint64_t> asked;
  for (uint64_t n = 0; n < 100; ++n) asked.insert(wide.At(n));
  EXPECT_EQ(asked.size(), 3u);
}

TEST(PromptOrder, OneQuestion) { EXPECT_EQ(PromptOrder(1, 1).At(12345), 0u); }

}  // namespace
}  // namespace drover::data
