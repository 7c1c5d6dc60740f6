// What the mutation fuzzer found in the grader, in small.
#include "verifier/testing/cases.h"

namespace drover::verifier {
namespace {

TEST(Findings, ArgumentsAreInLowestTerms) {
  ExpectSame({{"\\sin(3x)", "\\sin\\left(3\\left(\\frac{x^2-49}{x-7}-7\\right)\\right)"},
              {"2^{n}-1", "2^{\\frac{n^2-121}{n-11}-11}-1"},
              {"\\binom{2n}{n}", "\\binom{2\\left(\\frac{n^2-25}{n-5}-5\\right)}{n}"},
              {"\\arctan(x+y)", "\\arctan\\left(\\frac{x^2-y^2}{x-y}\\right)"}});
  ExpectDifferent({{"\\sin(3x)", "\\sin\\left(3\\left(\\frac{x^2-49}{x-7}+7\\right)\\right)"},
                   {"\\arctan(x+y)", "\\arctan\\left(\\frac{x^2+y^2}{x-y}\\right)"}});
}

// The discriminant of a kink in two symbols may be a square.
TEST(Findings, KinksInSeveralSymbols) {
  ExpectDifferent({{"x+y", "x+y+\\max(0,3-|x+y-5|)"},
                   {"\\frac{t}{u}", "\\frac{t}{u}+\\max(0,3-|(u+t)-4|)"},
                   {"xy", "\\sqrt{x^2y^2}"},
                   {"|x-y|", "\\sqrt{x^2-2xy+y^2}+|x+y-9|-x-y+9"}});
  ExpectSame({{"|x-y|", "\\sqrt{x^2-2xy+y^2}"}, {"\\max(x+y,3)", "\\frac{x+y+3+|x+y-3|}{2}"}});
}

TEST(Findings, AppliedLettersAreFunctionsThroughout) {
  ExpectSame({{"V(2)", "V\\left(\\frac{12}{6}\\right)"}, {"y(0)e^{-t}", "y(3-3)e^{-t}"}});
  ExpectDifferent({{"V(2)", "V(\\frac{12}{4})"}, {"V(2)", "\\frac{12}{6}V"}, {"y(0)e^{-t}", "y(3-2)e^{-t}"}});
}

TEST(Findings, ListsOfTwoAreNoDecimals) {
  ExpectDifferent(
      {{"2500,7500", "2500.7500"}, {"381,12162", "381.12162"}, {"4,5", "4.5"}, {"11,13", "11.13"}});
  ExpectSame({{"1000.99", "1000,99"}});
}

TEST(Findings, SignsInEmphasis) {
  for (const char* response :
       {"Thus it is __-164__.", "Thus it is _-164_.", "So the result: __\u2212164__"}) {
    EXPECT_EQ(Grade({.golds = {"164"}, .response = response, .format = RewardFormat::kPlain}).reward, 0)
        << response;
    EXPECT_EQ(Grade({.golds = {"-164"}, .response = response, .format = RewardFormat::kPlain}).reward, 1)
        << response;
  }
}

// A gold in prose, whose final answer alone would be its last formula.
TEST(Findings, ProseIsItself) {
  const char* gold = "$f(x)=a x+b$, where $b$ is an arbitrary integer, and $a$ one with $\\mho(a)=0$";
  ExpectSame({{gold, gold}});
  EXPECT_EQ(Grade({.golds = {gold}, .response = std::string("So \\boxed{") + gold + "}."}).reward, 1);
}

TEST(Findings, AmountsInBrackets) {
  ExpectSame({{"\\$57", "\\$(47+10)"}});
  ExpectDifferent({{"\\$57", "\\$(47+11)"}, {"\\$57", "(47+10)\\%"}});
}

// Factors of 0 and 1 are letters' or numbers' that words hide.
TEST(Findings, OffersAreNoFactors) {
  ExpectDifferent({{"0", "0\\text{ (or }102)"},
                   {"-\\frac{37}{18}", "-\\frac{74}{36}\\text{ (or }1)"},
                   {"0", "0 is wrong"},
                   {"0", "x=0 is false"},
                   {"146\\%", "146\\% is wrong"},
                   {"0", "0 (rejected)"},
                   {"0", "\\neg 0"},
                   {"0", "not 0"},
                   {"70\\sqrt{2}", "70\\sqrt{2}\\quad 1"}});
  for (const char* answer : {"0 is wrong", "0 (rejected)", "not 0", "1,2,0 is wrong"}) {
    const std::string response = std::string("So it is \\boxed{") + answer + "}.";
    EXPECT_EQ(Grade({.golds = {"0", "1,2,0"}, .response = response}).reward, 0) << answer;
  }
  ExpectSame({{"\\text{incorrect}", "incorrect"}, {"\\text{false}", "False"}});
}

}  // namespace
}  // namespace drover::verifier
