// Properties of the verdict over random answers: reflexive, symmetric where no convention is one-sided, unchanged by
// rewritings, never blind to a perturbation.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

bool Same(const std::string& gold, const std::string& answer) {
  return Grade({.golds = {gold}, .response = answer, .already_extracted = true}).reward == 1;
}

// A random expression in x and y and small integers, fully bracketed.
std::string Expression(int depth) {
  const int kind = depth == 0 ? *rc::gen::inRange(0, 2) : *rc::gen::inRange(0, 6);
  switch (kind) {
    case 0:
      return std::to_string(*rc::gen::inRange(1, 50));
    case 1:
      return *rc::gen::element(std::string("x"), std::string("y"), std::string("\\pi"),
                               std::string("\\sqrt{2}"));
    case 2:
      return "(" + Expression(depth - 1) + "+" + Expression(depth - 1) + ")";
    case 3:
      return "(" + Expression(depth - 1) + "-" + Expression(depth - 1) + ")";
    case 4:
      return Expression(depth - 1) + "\\cdot " + Expression(depth - 1);
    default:
      return "\\frac{" + Expression(depth - 1) + "}{" + std::to_string(*rc::gen::inRange(1, 30)) + "}";
  }
}

void Check(const std::string& name, void (*property)()) { EXPECT_TRUE(rc::check(name, property)); }

TEST(Properties, Hold) {
  Check("an answer equals itself", [] {
    const std::string e = Expression(3);
    RC_ASSERT(Same(e, e + " "));
  });
  Check("equality is symmetric", [] {
    const std::string a = Expression(2), b = Expression(2);
    RC_ASSERT(Same(a, b) == Same(b, a));
  });
  Check("rewritings change nothing", [] {
    const std::string e = Expression(3);
    RC_ASSERT(Same(e, "\\left(" + e + "\\right)"));
    RC_ASSERT(Same(e, "0+" + e));
    RC_ASSERT(Same(e, "\\frac{2\\cdot(" + e + ")}{2}"));
    RC_ASSERT(Same(e, "$" + e + "$"));
    RC_ASSERT(Same("(" + e + ")^2", "(" + e + ")\\cdot(" + e + ")"));
  });
  Check("sums commute", [] {
    const std::string a = Expression(2), b = Expression(2);
    RC_ASSERT(Same(a + "+" + b, b + "+" + a));
  });
  Check("a perturbed number is never equal", [] {
    const std::string e = Expression(3);
    const std::string by = "10^{-" + std::to_string(*rc::gen::inRange(0, 40)) + "}";
    RC_ASSERT(!Same(e, e + "+" + by));
    RC_ASSERT(!Same(e + "+" + by, e));
  });
  Check("fractions equal their multiples and nothing else", [] {
    const int a = *rc::gen::inRange(1, 100000), b = *rc::gen::inRange(2, 100000),
              k = *rc::gen::inRange(2, 1000);
    const std::string gold = "\\frac{" + std::to_string(a) + "}{" + std::to_string(b) + "}";
    RC_ASSERT(Same(gold, std::to_string(int64_t{a} * k) + "/" + std::to_string(int64_t{b} * k)));
    RC_ASSERT(!Same(gold, std::to_string(int64_t{a} * k + 1) + "/" + std::to_string(int64_t{b} * k)));
  });
  Check("lists equal their rotations", [] {
    const int a = *rc::gen::inRange(0, 1000);
    const std::string x = std::to_string(a), y = std::to_string(a + 1), z = std::to_string(a + 2);
    RC_ASSERT(Same(x + ", " + y + ", " + z, z + ", " + x + ", " + y));
    RC_ASSERT(!Same("(" + x + ", " + y + ")", "(" + y + ", " + x + ")"));
  });
}

TEST(Properties, RandomBytesGetAVerdict) {
  EXPECT_TRUE(rc::check("no bytes crash the grader", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "\\frac", "{", "}", "(", ")", "[", "]", "^", "_", "\\sqrt", "1", "23", "x", "e", "i", "\\pi", "+",
        "-", "/", ",", ";", "=", "<", "\\le", "\\cup", "\\{", "\\}", "|", "\\text{", "\\pm", "\\%", "!",
        "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\", "$", ":", "\\in", "\\ln", "\\sin", "\\infty", ".",
        "\\overline{", "\\circ", "\xe2\x88\x9a", "\xff", " "));
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    Grade({.golds = {text}, .response = text + "1", .already_extracted = true});
    Grade({.golds = {"x"}, .response = "\\boxed{" + text});
  }));
}

}  // namespace
}  // namespace drover::verifier
