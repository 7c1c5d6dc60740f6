// What the mutation fuzzer found in the grader, in small.
#include "verifier/cases.h"

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

}  // namespace
}  // namespace drover::verifier
