// Properties of the verdict over random answers: reflexive, symmetric where no convention is one-sided, unchanged by
// rewritings, never blind to a perturbation.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <utility>
#include <vector>

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

// An integer from 1,000 up with one of the separators between groups of three digits.
std::string Grouped(int64_t n, const std::string& separator) {
  std::string digits = std::to_string(n), out;
  while (digits.size() > 3) {
    out.insert(0, separator + digits.substr(digits.size() - 3));
    digits.resize(digits.size() - 3);
  }
  return digits + out;
}

TEST(Properties, WritingsOfOneNumberAreEqual) {
  Check("separators between groups change nothing", [] {
    const int64_t n = *rc::gen::inRange<int64_t>(1'000, 1'000'000'000);
    const std::string separator = *rc::gen::element<std::string>(",", "{,}", ",\\!", "\\,", "\\ ", " ", "~");
    RC_ASSERT(Same(std::to_string(n), Grouped(n, separator)));
    RC_ASSERT(Same(Grouped(n, separator), std::to_string(n)));
    RC_ASSERT(!Same(std::to_string(n), Grouped(n + 1, separator)));
  });
  Check("a decimal equals its fraction, its percentage and its scientific writing", [] {
    const int64_t n = *rc::gen::inRange<int64_t>(1, 100'000'000);
    const int places = *rc::gen::inRange(1, 9);
    std::string digits = std::to_string(n);
    while (static_cast<int>(digits.size()) <= places) digits.insert(0, "0");
    const std::string decimal = digits.substr(0, digits.size() - static_cast<size_t>(places)) + "." +
                                digits.substr(digits.size() - static_cast<size_t>(places));
    const std::string power = "10^{" + std::to_string(places) + "}";
    RC_ASSERT(Same(decimal, "\\frac{" + std::to_string(n) + "}{" + power + "}"));
    RC_ASSERT(Same(decimal, std::to_string(n) + "\\times 10^{-" + std::to_string(places) + "}"));
    RC_ASSERT(!Same(decimal, decimal + "1"));
    RC_ASSERT(!Same(decimal, "\\frac{" + std::to_string(n + 1) + "}{" + power + "}"));
  });
  Check("repeating decimals equal their fractions", [] {
    const int length = *rc::gen::inRange(1, 7);
    int64_t nines = 1;
    for (int i = 0; i < length; ++i) nines *= 10;
    const int64_t n = *rc::gen::inRange<int64_t>(0, --nines);
    std::string digits = std::to_string(n);
    while (static_cast<int>(digits.size()) < length) digits.insert(0, "0");
    const std::string fraction = "\\frac{" + std::to_string(n) + "}{" + std::to_string(nines) + "}";
    RC_ASSERT(Same(fraction, "0.\\overline{" + digits + "}"));
    RC_ASSERT(Same(fraction, "0.(" + digits + ")"));
    RC_ASSERT(!Same(fraction, "0." + digits) || n == 0);
  });
}

TEST(Properties, StructuresKeepTheirMeaning) {
  Check("products of linear factors equal their expansion in any order", [] {
    const int a = *rc::gen::inRange(-20, 21), b = *rc::gen::inRange(-20, 21);
    const auto factor = [](int root) { return "(x-(" + std::to_string(root) + "))"; };
    const std::string expanded =
        "x^2-(" + std::to_string(a + b) + ")x+(" + std::to_string(int64_t{a} * b) + ")";
    RC_ASSERT(Same(expanded, factor(a) + factor(b)));
    RC_ASSERT(Same(factor(b) + factor(a), expanded));
    RC_ASSERT(!Same(expanded + "+1", factor(a) + factor(b)));
  });
  Check("intervals equal their inequalities, with the ends as they are", [] {
    const int low = *rc::gen::inRange(-100, 100), high = low + *rc::gen::inRange(1, 100);
    const bool low_open = *rc::gen::arbitrary<bool>(), high_open = *rc::gen::arbitrary<bool>();
    const std::string l = std::to_string(low), h = std::to_string(high);
    const std::string gold = (low_open ? "(" : "[") + l + "," + h + (high_open ? ")" : "]");
    const auto inequality = [&](bool left_open, bool right_open) {
      return l + (left_open ? "<" : "\\le ") + "x" + (right_open ? "<" : "\\le ") + h;
    };
    RC_ASSERT(Same(gold, inequality(low_open, high_open)));
    RC_ASSERT(Same(inequality(low_open, high_open), gold));
    RC_ASSERT(!Same(gold, inequality(!low_open, high_open)));
    RC_ASSERT(!Same(gold, inequality(low_open, !high_open)));
  });
  Check("units of one dimension convert, others differ", [] {
    const int n = *rc::gen::inRange(1, 1000);
    RC_ASSERT(Same(std::to_string(n) + "\\text{ km}", std::to_string(n) + "000\\text{ m}"));
    RC_ASSERT(!Same(std::to_string(n) + "\\text{ km}", std::to_string(n) + "\\text{ m}"));
    RC_ASSERT(!Same(std::to_string(n) + "\\text{ km}", std::to_string(n) + "\\text{ kg}"));
    RC_ASSERT(Same(std::to_string(n), std::to_string(n) + "\\text{ km}"));
  });
  Check("radicals equal their squares under one root", [] {
    const int a = *rc::gen::inRange(2, 100), b = *rc::gen::inRange(2, 100);
    const std::string radicand = std::to_string(int64_t{a} * a * b);
    const std::string gold = std::to_string(a) + "\\sqrt{" + std::to_string(b) + "}";
    RC_ASSERT(Same(gold, "\\sqrt{" + radicand + "}"));
    RC_ASSERT(!Same(gold, "\\sqrt{" + radicand + "+1}"));
    RC_ASSERT(!Same(gold, "-\\sqrt{" + radicand + "}"));
  });
}

using StringPairs = std::vector<std::pair<std::string, std::string>>;

// "four hundred and seven thousand twenty-one".
std::string InWords(int64_t n) {
  static const char* const kSmall[] = {"zero",    "one",     "two",       "three",    "four",
                                       "five",    "six",     "seven",     "eight",    "nine",
                                       "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                       "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  static const char* const kTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                      "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (n < 20) return kSmall[n];
  if (n < 100) return kTens[n / 10] + (n % 10 == 0 ? std::string() : std::string("-") + kSmall[n % 10]);
  const auto with = [](int64_t count, const char* scale, int64_t rest, const char* joint) {
    return InWords(count) + " " + scale + (rest == 0 ? std::string() : joint + InWords(rest));
  };
  if (n < 1'000) return with(n / 100, "hundred", n % 100, " and ");
  return n < 1'000'000 ? with(n / 1'000, "thousand", n % 1'000, " ")
                       : with(n / 1'000'000, "million", n % 1'000'000, " ");
}

TEST(Properties, WordsKeepTheirValue) {
  Check("numbers in words are the numbers", [] {
    const int64_t n = *rc::gen::inRange<int64_t>(0, 1'000'000'000);
    const std::string words = "\\text{" + InWords(n) + "}";
    RC_ASSERT(Same(std::to_string(n), words));
    RC_ASSERT(!Same(std::to_string(n + 1), words));
    RC_ASSERT(n == 0 || !Same(std::to_string(n), "\\text{minus " + InWords(n) + "}"));
  });
  Check("words after a number change it by what they say", [] {
    const int n = *rc::gen::inRange(2, 1'000);
    const auto [word, value] = *rc::gen::elementOf(StringPairs{{"hundred", "100"},
                                                               {"dozen", "12"},
                                                               {"thousand", "1000"},
                                                               {"halves", "1/2"},
                                                               {"tenths", "1/10"},
                                                               {"million", "1000000"}});
    const std::string answer = std::to_string(n) + "\\text{ " + word + "}";
    RC_ASSERT(Same(std::to_string(n) + "\\cdot " + value, answer));
    RC_ASSERT(!Same(std::to_string(n), answer));
    RC_ASSERT(Same(std::to_string(n) + "^2", std::to_string(n) + "\\text{ squared}"));
  });
  Check("what may bear on the value is refused", [] {
    const std::string n = std::to_string(*rc::gen::inRange(1, 1'000));
    const std::string word = *rc::gen::element<std::string>(
        "plus one", "minus two", "or so", "is wrong", "maybe", "not", "at most", "below zero", "excluded",
        "times two", "point five", "percent of 10", "rejected", "negative", "and a half", "divided by two");
    RC_ASSERT(!Same(n, n + "\\text{ " + word + "}"));
  });
}

TEST(Properties, UnitsOfOneKindOnly) {
  Check("quantities of different dimensions are never equal, and a unit may be missing", [] {
    static const std::vector<std::string> kUnits = {"\\%",
                                                    "^\\circ",
                                                    "\\text{ rad}",
                                                    "\\text{ cm}",
                                                    "\\text{ kg}",
                                                    "\\text{ hours}",
                                                    "\\text{ cm}^2",
                                                    "\\text{ euros}",
                                                    "\\text{ liters}",
                                                    "\\text{ apples}",
                                                    "\\text{ km/h}",
                                                    "\\text{ joules}"};
    const std::string n = std::to_string(*rc::gen::inRange(2, 1'000));
    const size_t i = *rc::gen::inRange<size_t>(0, kUnits.size()),
                 j = *rc::gen::inRange<size_t>(0, kUnits.size());
    RC_ASSERT(Same(n + kUnits[i], n + kUnits[j]) == (i == j));
    RC_ASSERT(Same(n, n + kUnits[i]));
    RC_ASSERT(Same(n + kUnits[i], n));
  });
}

TEST(Properties, NamesSayWhichValueIsWhich) {
  Check("assignments are the tuple in the names' order", [] {
    const int a = *rc::gen::inRange(-50, 50), b = a + *rc::gen::inRange(1, 50);
    const std::string x = std::to_string(a), y = std::to_string(b);
    const auto [first, second] = *rc::gen::elementOf(
        StringPairs{{"x", "y"}, {"a", "b"}, {"u", "v"}, {"p", "q"}, {"x_1", "x_2"}, {"m", "n"}});
    const std::string tuple = "(" + x + "," + y + ")";
    RC_ASSERT(Same(tuple, first + "=" + x + ", " + second + "=" + y));
    RC_ASSERT(Same(tuple, second + "=" + y + ", " + first + "=" + x));
    RC_ASSERT(!Same(tuple, second + "=" + x + ", " + first + "=" + y));
    RC_ASSERT(!Same(tuple, "(" + second + "," + first + ")=" + tuple));
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
