#include "services/rpc/retry_budget.h"

#include <gtest/gtest.h>

namespace drover::rpc {
namespace {

TEST(RetryBudget, RetriesEndWhenHalfOfTheBucketIsSpent) {
  RetryBudget budget({.max_tokens = 10, .token_ratio = 0.1});
  EXPECT_EQ(budget.tokens(), 10);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(budget.MayAdd()) << i << " failures";
    budget.OnFailure();
  }
  EXPECT_EQ(budget.tokens(), 5);  // half is not over half
  EXPECT_FALSE(budget.MayAdd());
  for (int i = 0; i < 100; ++i) budget.OnFailure();
  EXPECT_EQ(budget.tokens(), 0);
}

TEST(RetryBudget, SuccessesGiveItBack) {
  RetryBudget budget({.max_tokens = 10, .token_ratio = 0.1});
  for (int i = 0; i < 100; ++i) budget.OnFailure();
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(budget.MayAdd()) << i << " successes";
    budget.OnSuccess();
  }
  EXPECT_FALSE(budget.MayAdd());  // 50 x 0.1 = 5, just half
  budget.OnSuccess();
  EXPECT_TRUE(budget.MayAdd());
  for (int i = 0; i < 1000; ++i) budget.OnSuccess();
  EXPECT_EQ(budget.tokens(), 10);
}

// One failure in twelve attempts: 11 x 0.1 - 1 = +0.1. One in ten: 9 x 0.1 - 1 = -0.1.
TEST(RetryBudget, OneFailureInElevenIsTheLimit) {
  const auto left_after = [](int successes_for_a_failure) {
    RetryBudget budget({.max_tokens = 10, .token_ratio = 0.1});
    for (int round = 0; round < 1000; ++round) {
      budget.OnFailure();
      for (int i = 0; i < successes_for_a_failure; ++i) budget.OnSuccess();
    }
    return budget.MayAdd();
  };
  EXPECT_TRUE(left_after(11));
  EXPECT_FALSE(left_after(9));
}

// However slow the peers are, hedges are at most max_tokens / 2 and one for ten answers.
TEST(RetryBudget, HedgesArePaidFor) {
  RetryBudget budget({.max_tokens = 10, .token_ratio = 0.1});
  int hedges = 0;
  for (int call = 0; call < 1000; ++call) {
    hedges += budget.TakeHedge();
    budget.OnSuccess();
  }
  EXPECT_LE(hedges, 5 + 1000 / 10);
  EXPECT_GE(hedges, 1000 / 10);
  for (int i = 0; i < 10; ++i) budget.OnFailure();
  const double before = budget.tokens();
  EXPECT_FALSE(budget.TakeHedge());
  EXPECT_EQ(budget.tokens(), before);
}

TEST(RetryBudget, WrongOptionsAreNamed) {
  EXPECT_TRUE(RetryBudgetOptions().Validate().ok());
  EXPECT_FALSE(RetryBudgetOptions{.max_tokens = 0}.Validate().ok());
  EXPECT_FALSE(RetryBudgetOptions{.token_ratio = -1}.Validate().ok());
  EXPECT_FALSE((RetryBudgetOptions{.max_tokens = 1, .token_ratio = 1.5}.Validate().ok()));
}

}  // namespace
}  // namespace drover::rpc
