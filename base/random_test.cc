#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace drover {
namespace {

// Known answers of the Random123 library (kat_vectors, philox4x32 10).
TEST(RandomTest, PhiloxMatchesTheAuthorsVectors) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const uint32_t f = 0xffffffff;
  EXPECT_EQ(Philox4x32({f, f, f, f}, {f, f}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

// The values of docs/reference/random-numbers.md, which tests/replay/ computes from that page.
TEST(RandomTest, DrawsAreThoseOfTheReference) {
  RandomStream draws(1, RandomPurpose::kPromptOrder, 0);
  EXPECT_EQ(draws(), 0x38c951a65794d44c);
  EXPECT_EQ(draws(), 0xbf6b91063365d44b);
  RandomStream uniform(1, RandomPurpose::kRewardShuffle, 3);
  EXPECT_EQ(uniform.Uniform(), 0.13940206828988722);
  EXPECT_EQ(uniform.Uniform(), 0.9680992491317406);
  RandomStream digits(1, RandomPurpose::kMinibatchOrder, 7170);
  for (const uint64_t digit : {6, 8, 8, 7, 0, 9, 7, 0}) EXPECT_EQ(digits.Below(10), digit);
  RandomStream rejects(0, RandomPurpose::kQuestions, (uint64_t{1} << 62) + (uint64_t{1} << 32));
  for (const uint64_t value : {7816679418823910508u, 562998082813583213u, 2970620541103634649u}) {
    EXPECT_EQ(rejects.Below((uint64_t{1} << 63) + 1), value);
  }
  EXPECT_EQ(SamplingUniform(1, 2, 3, 4), 0.8531060845635279);
  EXPECT_EQ(SamplingUniform(1099511627777, 4294967303, 1, 299), 0.10333955307890774);
}

TEST(RandomTest, ShuffleIsThatOfTheReference) {
  std::vector<int> ten(10), twelve(12);
  std::iota(ten.begin(), ten.end(), 0);
  std::iota(twelve.begin(), twelve.end(), 0);
  RandomStream minibatch(1, RandomPurpose::kMinibatchOrder, 0);
  RandomStream heldout(0, RandomPurpose::kPromptOrder, uint64_t{1} << 63);
  Shuffle(ten, minibatch);
  Shuffle(twelve, heldout);
  EXPECT_EQ(ten, (std::vector<int>{6, 9, 2, 3, 1, 7, 4, 5, 0, 8}));
  EXPECT_EQ(twelve, (std::vector<int>{7, 0, 8, 3, 11, 6, 10, 9, 1, 2, 5, 4}));
}

TEST(RandomTest, SamplingDependsOnEachCoordinateAlone) {
  const double base = SamplingUniform(1, 2, 3, 4);
  EXPECT_EQ(base, SamplingUniform(1, 2, 3, 4));
  std::set<double> seen = {base,
                           SamplingUniform(2, 2, 3, 4),
                           SamplingUniform(1, 3, 3, 4),
                           SamplingUniform(1, 2, 4, 4),
                           SamplingUniform(1, 2, 3, 5),
                           SamplingUniform(1, 2 + (uint64_t{1} << 32), 3, 4)};
  EXPECT_EQ(seen.size(), 6u);
}

TEST(RandomTest, UniformHasTheRightMeanAndRange) {
  double sum = 0;
  const int n = 100'000;
  for (int i = 0; i < n; ++i) {
    const double u = SamplingUniform(7, i / 100, i % 100, 0);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
  }
  EXPECT_NEAR(sum / n, 0.5, 5 * 0.2887 / std::sqrt(n));  // five standard errors
}

TEST(RandomTest, BelowIsUniform) {
  RandomStream random(3, RandomPurpose::kQuestions, 0);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[random.Below(7)];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(RandomTest, ShuffleIsAPermutationThatTheStreamNames) {
  std::vector<int> a(100), b(100);
  std::iota(a.begin(), a.end(), 0);
  std::iota(b.begin(), b.end(), 0);
  RandomStream first(1, RandomPurpose::kPromptOrder, 5), second(1, RandomPurpose::kPromptOrder, 6);
  Shuffle(a, first);
  Shuffle(b, second);
  EXPECT_NE(a, b);
  std::sort(a.begin(), a.end());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a[i], i);
}

}  // namespace
}  // namespace drover
