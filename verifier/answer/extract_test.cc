// The reward formats' truth table (docs/reference/reward-formats.md), row by row.
#include "verifier/answer/extract.h"

#include <gtest/gtest.h>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

struct Row {
  RewardFormat format;
  const char* response;
  bool formatted;
  const char* answer;  // nullptr: none
};

constexpr RewardFormat kBoxed = RewardFormat::kBoxed, kTag = RewardFormat::kAnswerTag,
                       kLenient = RewardFormat::kAnswerTagLenient, kPlain = RewardFormat::kPlain;

TEST(ExtractAnswer, TruthTable) {
  const Row rows[] = {
      {kBoxed, "so \\boxed{5}.", true, "5"},
      {kBoxed, "\\boxed{1} then \\boxed{2}", true, "2"},
      {kBoxed, "\\boxed {5}", true, "5"},
      {kBoxed, "\\fbox{7}", true, "7"},
      {kBoxed, "\\fbox{7} \\boxed{8} \\fbox{9}", true, "8"},
      {kBoxed, "\\boxed{\\frac{1}{2}}", true, "\\frac{1}{2}"},
      {kBoxed, "\\boxed{\\{1,2\\}}", true, "\\{1,2\\}"},
      {kBoxed, "\\boxed{\\boxed{5}}", true, "5"},
      {kBoxed, "\\boxed{5", false, nullptr},
      {kBoxed, "\\boxed{1} and \\boxed{2", false, nullptr},
      {kBoxed, "the answer is 5", false, nullptr},
      {kBoxed, "", false, nullptr},
      {kTag, "x </think> <answer> 5 </answer>", true, " 5 "},
      {kTag, "x </think> <answer> \\boxed{5} </answer>", true, "5"},
      {kTag, "x </think> <answer> \\boxed{1} \\boxed{5} </answer>", true, "5"},
      {kTag, "x </think> <answer> \\boxed{5 </answer>", true, nullptr},
      {kTag, "x </think><answer> 5 </answer>", false, nullptr},
      {kTag, "x </think>  <answer> 5 </answer>", false, nullptr},
      {kTag, "x </think> <answer> 5", false, nullptr},
      {kTag, "<answer> 5 </answer>", false, nullptr},
      {kTag, "</answer> x </think> <answer> 5", true, " 5"},
      {kTag, "</think> <answer> 1 </answer> <answer>2</answer>", true, "2"},
      {kTag, "</think> <answer></answer>", true, ""},
      {kLenient, "x </think><answer> 5 </answer>", true, " 5 "},
      {kLenient, "<answer>\\boxed{5}</answer>", true, "5"},
      {kLenient, "<answer> 5", false, nullptr},
      {kLenient, "5 </answer>", false, nullptr},
      {kPlain, "The answer is 5.", true, "5"},
      {kPlain, "the answer is 1. No, THE ANSWER IS: 2.", true, "2"},
      {kPlain, "The answer is $x+1$, as said.", true, "x+1"},
      {kPlain, "The answer is 3.5 and so on.", true, "3.5 and so on"},
      {kPlain, "We get $1$ and $2$ in 3 steps", true, "2"},
      {kPlain, "hence \\(x=4\\) of 7", true, "x=4"},
      {kPlain, "so \\boxed{6}", true, "6"},
      {kPlain, "it costs 1,250 dollars", true, "1,250"},
      {kPlain, "about -3/4 of it", true, "-3/4"},
      {kPlain, "no digits here", false, nullptr},
  };
  for (const Row& row : rows) {
    const Extraction found = ExtractAnswer(row.response, row.format);
    EXPECT_EQ(found.formatted, row.formatted) << row.response;
    EXPECT_EQ(found.answer.has_value(), row.answer != nullptr) << row.response;
    if (found.answer && row.answer) {
      EXPECT_EQ(*found.answer, row.answer) << row.response;
    }
  }
}

Verdict GradeBoxed(std::string response, bool truncated) {
  return Grade({.golds = {"5"}, .response = std::move(response), .truncated = truncated});
}

TEST(Grade, TruncationIsZeroWhateverTheAnswer) {
  const Verdict verdict = GradeBoxed("\\boxed{5}", true);
  EXPECT_EQ(verdict.reward, 0);
  EXPECT_EQ(verdict.reason, Reason::kTruncated);
  EXPECT_TRUE(verdict.formatted);
}

TEST(Grade, ReasonsTellWrongFromUnreadable) {
  EXPECT_EQ(GradeBoxed("\\boxed{5}", false).reason, Reason::kEqualExact);
  EXPECT_EQ(GradeBoxed("\\boxed{6}", false).reason, Reason::kDifferent);
  EXPECT_EQ(GradeBoxed("\\boxed{}", false).reason, Reason::kNoAnswer);
  EXPECT_EQ(GradeBoxed("five", false).reason, Reason::kNoAnswer);
  EXPECT_EQ(GradeBoxed("\\boxed{5+}", false).reason, Reason::kUnparsedResponse);
  EXPECT_EQ(GradeBoxed("\\boxed{10^9!}", false).reason, Reason::kOverBudget);
  EXPECT_EQ(GradeBoxed(std::string("\\boxed{5\0}", 10), false).reason, Reason::kUnparsedResponse);
  EXPECT_EQ(Grade({.golds = {}, .response = "\\boxed{5}"}).reason, Reason::kInvalidRequest);
  EXPECT_EQ(Grade({.golds = {"5+"}, .response = "\\boxed{5}"}).reason, Reason::kUnparsedGold);
}

TEST(Grade, AnyGoldCounts) {
  EXPECT_EQ(Grade({.golds = {"4", "\\frac{10}{2}"}, .response = "\\boxed{5}"}).reward, 1);
  EXPECT_EQ(Grade({.golds = {"4", "6"}, .response = "\\boxed{5}"}).reward, 0);
}

TEST(RewardFormat, NamesRoundTrip) {
  for (RewardFormat format : {kBoxed, kTag, kLenient, kPlain}) {
    EXPECT_EQ(ParseRewardFormat(RewardFormatName(format)), format);
  }
  EXPECT_FALSE(ParseRewardFormat("Boxed"));
}

}  // namespace
}  // namespace drover::verifier
