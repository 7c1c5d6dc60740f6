#include "data/prompt_order.h"

#include <algorithm>
#include <set>

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

TEST(PromptOrder, OneQuestion) { EXPECT_EQ(PromptOrder(1, 1).At(12345), 0u); }

}  // namespace
}  // namespace drover::data
