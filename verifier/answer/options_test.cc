// Conventions that an option changes (docs/reference/math-grammar.md).
#include <gtest/gtest.h>

#include "verifier/answer/unevaluated.h"
#include "verifier/grader.h"

namespace drover::verifier {
namespace {

Reason GradeOptional(const char* gold, const char* answer, const Options& options,
                     const char* question = "") {
  return Grade({.golds = {gold}, .response = std::string("\\boxed{") + answer + "}", .question = question},
               options)
      .reason;
}

TEST(Options, ExactGolds) {
  for (const auto& [gold, answer] :
       {std::pair{"3.14", "\\pi"}, {"1.41", "\\sqrt{2}"}, {"3.14", "\\frac{22}{7}"}}) {
    EXPECT_TRUE(ReasonIsEqual(GradeOptional(gold, answer, {}))) << gold;
    EXPECT_EQ(GradeOptional(gold, answer, {.rounded_golds = false}), Reason::kDifferent) << gold;
  }
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("2.5", "\\frac{5}{2}", {.rounded_golds = false})));
}

TEST(Options, BoxedLists) {
  const GradeRequest request = {.golds = {"1, 2"}, .response = "so \\boxed{1} and \\boxed{2}."};
  EXPECT_EQ(Grade(request).reward, 0);
  EXPECT_EQ(Grade(request, {.boxed_lists = true}).reward, 1);
  const GradeRequest apart = {.golds = {"2"}, .response = "First \\boxed{1}. Then it is \\boxed{2}."};
  EXPECT_EQ(Grade(apart, {.boxed_lists = true}).reward, 1);
}

TEST(Options, RestatingTheQuestionEarnsNothing) {
  const Options training{.refuse_unevaluated = true};
  const char* question =
      "Simplify $|x-3| + |x+3|$ for $-3<x<3$, and find $\\binom{10}{4}$ and \\(2^{10}-24\\).";
  EXPECT_EQ(GradeOptional("210", "\\binom{10}{4}", training, question), Reason::kUnevaluated);
  EXPECT_EQ(GradeOptional("1000", "2^{10} - 24", training, question), Reason::kUnevaluated);
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("1000", "2^{10} - 24", {}, question)));
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("1000", "2^{10} - 24", training)));
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("210", "\\binom{10}{6}", training, question)));
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("1000", "1000", training, question)));
  EXPECT_EQ(GradeOptional("5050", "\\sum_{k=1}^{100} k", training), Reason::kUnevaluated);
  EXPECT_EQ(GradeOptional("120", "\\prod_{k=1}^{5} k", training), Reason::kUnevaluated);
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("5050", "\\sum_{k=1}^{100} k", {})));
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("\\int_0^1 x^2 dx", "\\int_0^1 x^{2}dx", training)));
  EXPECT_EQ(GradeOptional("7", "\\binom{10}{4}", training, question), Reason::kDifferent);
}

// What the question names as a possible answer is one.
TEST(Options, AnswersOfTheQuestionAreNoRestatements) {
  const Options training{.refuse_unevaluated = true};
  const char* question =
      "Which is larger, $\\frac{2}{3}$ or $\\frac35$? Is the root $x+1$ or $x-1$? At (-3,4)?";
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("2/3", "\\frac{2}{3}", training, question)));
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("1+x", "x+1", training, question)));
  EXPECT_TRUE(ReasonIsEqual(GradeOptional("(-3,4)", "\\left(-3,4\\right)", training, question)));
}

TEST(Options, AFormulaMustStandThereWhole) {
  EXPECT_TRUE(IsUnevaluated("x+1", "7", "Let $y = x + 1$."));
  EXPECT_FALSE(IsUnevaluated("x+1", "7", "Let $y = 2x + 1$."));
  EXPECT_FALSE(IsUnevaluated("x+1", "7", "Let $y = x + 12$."));
  EXPECT_TRUE(IsUnevaluated("\\dfrac{a}{b}", "7", "the ratio $\\frac{a}{b}$"));
  EXPECT_FALSE(IsUnevaluated("x", "7", "find x"));
  EXPECT_FALSE(IsUnevaluated("12", "7", "12 apples"));
}

}  // namespace
}  // namespace drover::verifier
