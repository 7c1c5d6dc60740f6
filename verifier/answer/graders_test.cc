#include <gtest/gtest.h>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

Reason GradeWith(std::string_view grader, std::string gold, std::string answer) {
  const Grader* found = FindGrader(grader);
  EXPECT_NE(found, nullptr);
  return found
      ->Grade({.golds = {std::move(gold)}, .response = std::move(answer), .already_extracted = true}, {})
      .reason;
}

TEST(Registry, KnowsItsGraders) {
  EXPECT_EQ(GraderNames(), (std::vector<std::string>{"choice", "countdown", "exact", "math"}));
  EXPECT_EQ(FindGrader("nope"), nullptr);
}

TEST(Countdown, UsesEachNumberOnceAndReachesTheTarget) {
  EXPECT_EQ(GradeWith("countdown", "24: 3 8 8 3", "8/(3-8/3)"), Reason::kEqualExact);
  EXPECT_EQ(GradeWith("countdown", "24: 4, 6", "4 \\times 6 = 24"), Reason::kEqualExact);
  EXPECT_EQ(GradeWith("countdown", "-2: 1 3", "1-3"), Reason::kEqualExact);
  EXPECT_EQ(GradeWith("countdown", "24: 4 6 1", "4*6"), Reason::kDifferent);
  EXPECT_EQ(GradeWith("countdown", "24: 4 6", "4*6*1"), Reason::kDifferent);
  EXPECT_EQ(GradeWith("countdown", "25: 4 6", "4*6"), Reason::kDifferent);
  EXPECT_EQ(GradeWith("countdown", "24: 4 6", "4*(6"), Reason::kUnparsedResponse);
  EXPECT_EQ(GradeWith("countdown", "24: 4 6", "4/(6-6)"), Reason::kUnparsedResponse);
  EXPECT_EQ(GradeWith("countdown", "twenty", "4*6"), Reason::kUnparsedGold);
  EXPECT_EQ(GradeWith("countdown", "24: 4 6", std::string(3000, '(')), Reason::kUnparsedResponse);
}

TEST(Exact, ComparesBytes) {
  EXPECT_EQ(GradeWith("exact", "Paris", " Paris\n"), Reason::kEqualText);
  EXPECT_EQ(GradeWith("exact", "Paris", "paris"), Reason::kDifferent);
}

TEST(Choice, ReadsTheLetter) {
  EXPECT_EQ(GradeWith("choice", "B", "(b)"), Reason::kEqualText);
  EXPECT_EQ(GradeWith("choice", "B", "\\text{(B)} 12"), Reason::kEqualText);
  EXPECT_EQ(GradeWith("choice", "B", "The answer is B because A is wrong"), Reason::kEqualText);
  EXPECT_EQ(GradeWith("choice", "B", "C"), Reason::kDifferent);
  EXPECT_EQ(GradeWith("choice", "B", "12"), Reason::kUnparsedResponse);
  // More than one option, or one that is denied, is none.
  for (const char* answer : {"B or C", "(B), (C)", "A: 1, B: 2, C: 3", "The answer is B or C", "(B) and (D)",
                             "B is wrong", "The answer is either B or D."}) {
    EXPECT_EQ(GradeWith("choice", "B", answer), Reason::kUnparsedResponse) << answer;
  }
  EXPECT_EQ(GradeWith("choice", "B", "B, because (A) is too small and (C) too large"), Reason::kEqualText);
}

}  // namespace
}  // namespace drover::verifier
