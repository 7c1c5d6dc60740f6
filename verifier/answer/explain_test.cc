#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "verifier/grader.h"
#include "verifier/rules.h"
#include "verifier/utf8.h"

namespace drover::verifier {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Explain(std::vector<std::string> golds, std::string answer) {
  return ExplainGrade({.golds = std::move(golds), .response = std::move(answer), .already_extracted = true});
}

// Also where the fastest path decides, which builds no tree of its own.
TEST(Explain, BothTreesNormalFormsAndTheRule) {
  const std::string text = Explain({"\\frac{1}{2}"}, "0.25");
  EXPECT_THAT(text, HasSubstr("different: reward 0\n"));
  EXPECT_THAT(text, HasSubstr("rational: both are rational numbers: exact arithmetic\n"));
  EXPECT_THAT(text, HasSubstr("  gold          \\frac{1}{2}\n"));
  EXPECT_THAT(text, HasSubstr("  response      0.25\n"));
  EXPECT_THAT(text, HasSubstr("normal form 1/2\n"));
  EXPECT_THAT(text, HasSubstr("normal form 1/4\n"));
}

TEST(Explain, NormalFormsAreWrittenAsAPersonWould) {
  EXPECT_THAT(Explain({"x^2-1"}, "(x-1)(x+1)"), HasSubstr("normal form x^2 - 1\n"));
  EXPECT_THAT(Explain({"3\\sqrt{2}"}, "-\\pi/2"), HasSubstr("normal form 3*2^(1/2)\n"));
  EXPECT_THAT(Explain({"3\\sqrt{2}"}, "-\\pi/2"), HasSubstr("normal form -1/2*pi\n"));
}

TEST(Explain, EveryGoldIsArguedWith) {
  const std::string text = Explain({"1", "2\\sqrt{2}"}, "\\sqrt{8}");
  EXPECT_THAT(text, HasSubstr("equal_exact: reward 1\n"));
  EXPECT_THAT(text, HasSubstr("\nagainst 1: different\n"));
  EXPECT_THAT(text, HasSubstr("\nagainst 2\\sqrt{2}: equal_exact\n"));
  EXPECT_THAT(text, HasSubstr("normal form: exact normal forms\n"));
}

TEST(Explain, ResponsesAndFormats) {
  GradeRequest request = {.golds = {"5"}, .response = "it is 5"};
  EXPECT_THAT(ExplainGrade(request), HasSubstr("(none found)"));
  EXPECT_THAT(ExplainGrade(request), HasSubstr("boxed, which the response does not keep to"));
  request.response = "\\boxed{5}";
  EXPECT_THAT(ExplainGrade(request), HasSubstr("boxed, which the response keeps to"));
  request.truncated = true;
  EXPECT_THAT(ExplainGrade(request), HasSubstr("truncated: reward 0\n"));
}

TEST(Explain, WhatCannotBeReadIsSaid) {
  EXPECT_THAT(Explain({"5"}, "\\frac{1}{"), HasSubstr("(not read as mathematics)"));
  EXPECT_THAT(Explain({"5"}, "\xff"), HasSubstr("bytes: not readable as text"));
}

TEST(Explain, NoBytesReachATerminalRaw) {
  EXPECT_EQ(Printable("a\x1b[2Jb\n", 100), "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(Printable("\xce\xb1", 100), "\xce\xb1");
  EXPECT_EQ(Printable("a\xc2\x9b", 100), "a\\x9b");
  EXPECT_EQ(Printable("a\xff", 100), "a\\xff");
  EXPECT_EQ(Printable("abcdef", 3), "abc... (6 bytes)");
  EXPECT_EQ(Printable("a\xce\xb1", 2), "a... (3 bytes)");
  EXPECT_THAT(Explain({"\x1b[31m"}, "\x1b[2J"), Not(HasSubstr("\x1b")));
}

// docs/reference/math-grammar.md has the table of rules, in their order.
TEST(Explain, RulesAreDocumentedInTheirOrder) {
  std::ifstream in("docs/reference/math-grammar.md");
  if (!in) GTEST_SKIP() << "skipped: the documentation is not beside the tests";
  const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  size_t at = 0;
  for (const RuleInfo& rule : AllRules()) {
    const std::string row = "| " + std::string(rule.name) + " | " + std::string(PowerName(rule.power)) +
                            " | " + std::string(rule.sentence) + " |";
    const size_t found = page.find(row, at);
    ASSERT_NE(found, page.npos) << row;
    at = found;
  }
}

}  // namespace
}  // namespace drover::verifier
