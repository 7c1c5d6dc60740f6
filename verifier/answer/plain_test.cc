// Reward format plain: signs, amounts of money, and what follows the answer in its sentence.
#include <gtest/gtest.h>

#include "verifier/answer/extract.h"
#include "verifier/grader.h"

namespace drover::verifier {
namespace {

TEST(Plain, SignsMoneyAndExplanations) {
  struct Row {
    const char* gold;
    const char* response;
    bool right;
  };
  const Row rows[] = {
      {"-3", "The minimum of the function is **-3**", true},
      {"-3", "The minimum equals −3", true},
      {"3", "The minimum equals −3", false},
      {"-3", "so x ∈ {-3}", true},
      {"-3", "it is (-3).", true},
      {"-3", "value: -3", true},
      {"-3", "value:-3", true},
      {"-3", "The result is “-3”", true},
      {"-3", "x=-3", true},
      {"-3", "x = - 3", true},
      {"-3", "the minimum is minus 3", true},
      {"-3", "the minimum is negative 3.", true},
      {"3", "the minimum is minus 3", false},
      {"3", "then 5-3", true},
      {"-5", "It falls by –5", true},
      {"-5", "It is －5 degrees", true},
      {"-5", "the temperature is _-5_", true},
      {"-70", "the profit is -$70", true},
      {"-70", "the profit is −$70.", true},
      {"-70", "the profit is $-70.", true},
      {"-1/2", "the slope is -1/2", true},
      {"-3.5", "[-3.5]", true},
      {"3", "<-3>", false},
      {"15", "pages 10–15", true},
      {"2", "we get 5 minus 3 which gives 2", true},
      {"72", "The answer is 72, in total, so we need to buy more.", true},
      {"42", "The answer is 42 (see above).", true},
      {"42", "The answer is 42 because 6*7=42.", true},
      {"42", "The answer is 42, since 6*7=42.", true},
      {"72", "The answer is 72 in total.", true},
      {"72", "The answer is **72**, as computed above.", true},
      {"72", "The answer is 72, which is even.", true},
      {"72", "The answer is 72 (as shown above), so we are done", true},
      {"x+1", "The answer is x+1, where x is real.", true},
      {"42", "The answer is 42 — because 6 times 7 is 42", true},
      {"72", "The answer is 72 dollars.", true},
      {"-72", "The answer is −72, because it is negative.", true},
      {"5", "The answer is 5, or maybe 6", false},
      {"5", "The answer is 5 or 6.", false},
      {"5", "The answer is 5, so maybe 6", false},
      {"5", "The answer is 5 (or 6)", false},
      {"5", "The answer is not 5.", false},
      {"5", "The answer is 5, which is wrong", false},
      {"5", "The answer is 5 if x is even", false},
      {"5", "The answer is 6. Or 5", false},
      {"70000", "The profit is $200,000 - $130,000 = $70,000", true},
      {"70000", "So $200,000 - $130,000 = $70,000.", true},
      {"200000", "The profit is $200,000 - $130,000 = $70,000", false},
      {"70000", "The answer is $200,000 - $130,000 = $70,000", true},
      {"\\$70,000", "The profit is $200,000-$130,000=$70,000.", true},
      {"11", "It costs $5 and $6, which makes $11", true},
      {"13", "So the answer: $13$", true},
      {"x^2", "so we get $x^2$.", true},
      {"-3/2", "with a minimum value of −3/2", true},
      {"-3.2", "so x ≈ −3.2", true},
      {"-4", "hence → −4", true},
      {"-3", "x=–3", true},
      {"72", "The answer is 72: the sum of both numbers.", true},
      {"72", "The answer is 72, a perfect number of weeks.", true},
      {"72", "The answer is 72; the rest follows.", true},
      {"1200", "That costs $1,200.", true},
      {"6", "The answer is 6, not 5 but 7", false},
      {"72", "The answer is 72\\%, since most agree.", true},
      {"5", "The answer is 5 unless x = 6", false},
      {"3:4", "The answer is 3:4.", true},
      {"\\frac{3}{4}", "The answer is $\\frac{3}{4}$, since it is reduced.", true},
      {"\\frac{3}{4}", "The answer is 3/4, i.e. three quarters.", true},
      {"42", "The answer is 42 and we are done.", true},
      {"42", "The answer is 42 by the computation above.", true},
      {"42", "The answer is 42 after simplification.", true},
      {"42", "The answer is 42 in base 8.", false},
      {"42", "The answer is 42 at least.", false},
      {"42", "The answer is 42 in thousands.", false},
      {"5", "The answer is 5 and 6.", false},
      {"5", "The answer is 5 with remainder 2.", false},
      {"-3", "equals ―3", true},
      {"3", "equals ─3", false},
      {"3", "so x = ±3", false},
      {"\\pm 3", "so x = ±3", true},
      {"-3", "it is &minus;3", true},
      {"3", "it is ⁻3", false},
      {"5", "We have: 5", true},
      {"-4", "Thus the result is __-4__.", true},
      {"4", "Thus the result is __–4__.", false},
      {"-4", "Thus it is _-4_.", true},
  };
  for (const Row& row : rows) {
    const Verdict verdict =
        Grade({.golds = {row.gold}, .response = row.response, .format = RewardFormat::kPlain});
    EXPECT_EQ(verdict.reward > 0, row.right) << row.gold << "   |   " << row.response << "   |   "
                                             << verdict.extracted << "   |   " << ReasonName(verdict.reason);
  }
}

TEST(Plain, LastNumberHasItsSign) {
  EXPECT_EQ(LastNumber("**-3**"), "-3");
  EXPECT_EQ(LastNumber("equals \xe2\x88\x92"
                       "3"),
            "-3");
  EXPECT_EQ(LastNumber("{-3}"), "-3");
  EXPECT_EQ(LastNumber("5-3"), "3");
  EXPECT_EQ(LastNumber("5 \xe2\x88\x92 3"), "3");
  EXPECT_EQ(LastNumber("x\xc2\xb2\xe2\x88\x92"
                       "3"),
            "3");
  EXPECT_EQ(LastNumber("-$1,250"), "-1,250");
  EXPECT_EQ(LastNumber("5 minus 3"), "3");
  EXPECT_EQ(LastNumber("it is minus 3"), "-3");
  EXPECT_EQ(LastNumber("-50%"), "-50%");
  EXPECT_EQ(LastNumber("no digits"), std::nullopt);
}

TEST(Plain, ExplanationsEndTheAnswer) {
  EXPECT_EQ(WithoutExplanation("72, in total, so we go"), "72");
  EXPECT_EQ(WithoutExplanation("42 (see above)"), "42");
  EXPECT_EQ(WithoutExplanation("f(x) = x + 1, where x is real"), "f(x) = x + 1");
  EXPECT_EQ(WithoutExplanation("5 or 6"), "5 or 6");
  EXPECT_EQ(WithoutExplanation("5, so perhaps 6"), "5, so perhaps 6");
  EXPECT_EQ(WithoutExplanation("x=1; y=2"), "x=1; y=2");
  EXPECT_EQ(WithoutExplanation("1, 2, 3"), "1, 2, 3");
  EXPECT_EQ(WithoutExplanation("(1, 2)"), "(1, 2)");
}

}  // namespace
}  // namespace drover::verifier
