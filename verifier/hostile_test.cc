// Answers made to hang, crash or exhaust a grader: each gets its verdict within a second here (10 ms on a free machine;
// tests run on busy ones), and wrapping or length alone is no reason to refuse.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

std::string Repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

Verdict GradeAnswer(std::string gold, const std::string& answer) {
  const auto start = std::chrono::steady_clock::now();
  const Verdict verdict = Grade({.golds = {std::move(gold)}, .response = "So \\boxed{" + answer + "}."});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LT(seconds, 1.0) << answer.substr(0, 60);
  return verdict;
}

TEST(Hostile, WrappingAndLengthAreGraded) {
  constexpr size_t kDepth = 100'000;
  EXPECT_EQ(GradeAnswer("5", Repeat("{", kDepth) + "5" + Repeat("}", kDepth)).reward, 1);
  EXPECT_EQ(GradeAnswer("5", Repeat("(", kDepth) + "5" + Repeat(")", kDepth)).reward, 1);
  EXPECT_EQ(GradeAnswer("5", Repeat("\\left(", kDepth) + "5" + Repeat("\\right)", kDepth)).reward, 1);
  EXPECT_EQ(GradeAnswer("5", Repeat("({", kDepth) + "5" + Repeat("})", kDepth)).reward, 1);
  EXPECT_EQ(GradeAnswer("6", Repeat("(", kDepth) + "5" + Repeat(")", kDepth)).reward, 0);
  EXPECT_EQ(GradeAnswer("5", std::string(1 << 20, ' ') + "5").reward, 1);
  EXPECT_EQ(GradeAnswer("524288", "1" + Repeat("+1", (1 << 19) - 1)).reward, 1);
  EXPECT_EQ(GradeAnswer("524289", "1" + Repeat("+1", (1 << 19) - 1)).reward, 0);
  EXPECT_EQ(GradeAnswer("5", Repeat("-", 10'000) + "5").reward, 1);
}

TEST(Hostile, CostIsRefusedBeforeItIsPaid) {
  for (const char* answer :
       {"9^{9^{9^9}}", "9**9**9", "10^9!", "((((5!)!)!)!)", "\\binom{1000000000}{500000000}",
        "10^{10^{10^{10}}}", "\\sum_{k=1}^{10^9} \\frac{1}{k}",
        "\\begin{pmatrix}1&1\\\\1&0\\end{pmatrix}^{1000000}", "2^{-10^{9^9}}", "\\frac{1}{9^{9^{9^9}}}",
        "(x+y+z+w)^{500}", "x^{10000000000}-1", "2^{1/999999999999}", "\\int_0^1\\int_0^1 x",
        "\\sqrt{9^{9^{9^9}}+1}", "\\sin(9^{9^{9^9}})", "1.0000001^{10000000000000000}", "20000!"}) {
    EXPECT_EQ(GradeAnswer("5", answer).reward, 0) << answer;
  }
  EXPECT_EQ(GradeAnswer("0", "(1+x)^{100000}-(1+x)^{100000}").reward, 1);
}

// Proofs on cells, factors, bounds for algebraic numbers and sums of arcs have a budget of their own.
TEST(Hostile, ProofsAreBounded) {
  std::string kinks, roots = "0", product = "0.5", extremes = "x";
  for (int i = 1; i <= 60; ++i) {
    const std::string n = std::to_string(i);
    kinks += "+|x-" + n + "|";
    roots += "+\\sqrt{" + n + "+\\sqrt{" + n + "}}";
    product += "(x-" + n + "y)";
    extremes = "\\max(" + extremes + ",y-" + n + ")";
  }
  const std::string answers[] = {kinks,
                                 roots,
                                 "\\sqrt{" + product + "+1}",
                                 "\\ln((a+b+x+y)^{12}-1)",
                                 "\\sqrt{(a+b+c+d+x+y+z)^{6}+1}",
                                 "(\\sin x+\\cos y+\\sin z)^{30}",
                                 "\\sum_{k=1}^{2000}|x-k|",
                                 "\\sum_{k=1}^{1008}\\cos\\frac{2k}{1009}",
                                 "\\arctan(\\tan(\\arctan(\\sin(5)+y+x)))",
                                 "x^{y^{z^w}}",
                                 Repeat("x(", 3'000),
                                 Repeat("P(A|", 3'000),
                                 extremes,
                                 "x^{36}-x^{35}+3x^7<1"};
  for (const std::string& answer : answers) {
    EXPECT_EQ(GradeAnswer("7", answer).reward, 0) << answer.substr(0, 60);
    EXPECT_EQ(GradeAnswer(answer, answer + "+10^{-90}").reward, 0) << answer.substr(0, 60);
  }
}

TEST(Hostile, BytesAndShapes) {
  const std::string shapes[] = {"\xff\xfe\xc3(",
                                "5\xcc\x81",
                                "\xd9\xa5",
                                "\xf0\x9d\x9f\x93",
                                "\xe2\x80\xae"
                                "21",
                                Repeat("{", 100'000),
                                Repeat("}", 100'000),
                                Repeat("\\", 99'999),
                                Repeat("%", 100'000),
                                Repeat("\\text{", 20'000),
                                Repeat("\\frac{1}{", 9'000),
                                Repeat("\\sqrt", 50'000),
                                Repeat("x^", 50'000),
                                Repeat("|", 50'000),
                                Repeat("1/", 50'000) + "1",
                                Repeat("ab", 20'000),
                                Repeat("7", 100'000),
                                "0." + Repeat("3", 100'000),
                                Repeat("(1,2),", 20'000) + "(1,2)",
                                Repeat("\\begin{pmatrix}", 5'000),
                                Repeat("5,", 100'000),
                                Repeat("\\boxed{a}", 10'000),
                                Repeat("\\boxed{", 30'000),
                                Repeat("$", 100'000),
                                Repeat("x_{", 30'000),
                                Repeat("!", 100'000),
                                "5" + Repeat("!", 100'000),
                                Repeat("_5", 50'000),
                                Repeat("\\pm 1", 20'000),
                                Repeat("1 \\text{ and } ", 20'000),
                                Repeat("x<", 30'000) + "1",
                                Repeat("3:", 30'000) + "1"};
  for (const std::string& shape : shapes) EXPECT_EQ(GradeAnswer("5", shape).reward, 0) << shape.substr(0, 40);
}

}  // namespace
}  // namespace drover::verifier
