#include "model/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string_view> Matches(std::string_view pattern, std::string_view text) {
  std::vector<std::string_view> matches;
  absl::StatusOr<Regex> regex = Regex::Compile(pattern);
  EXPECT_TRUE(regex.ok()) << regex.status();
  if (!regex.ok()) return {};
  EXPECT_TRUE(Regex::Matcher(*regex).FindAll(text, matches).ok());
  return matches;
}

TEST(Regex, FindsLeftmostMatchesWithUnicodeClasses) {
  EXPECT_THAT(Matches(R"(\p{L}+|\p{N})", "Élan 12\xD9\xA3"), ElementsAre("Élan", "1", "2", "\xD9\xA3"));
  EXPECT_THAT(Matches(R"(\s+(?!\S)|\s+)", "a   b "), ElementsAre("  ", " ", " "));
  EXPECT_THAT(Matches(R"((?i:'s|'ll))", "it'S we'LL x's"), ElementsAre("'S", "'LL", "'s"));
  EXPECT_THAT(Matches(R"(.+)", "a\r\nb"), ElementsAre("a\r", "b"));  // '.' stops at \n only, as in Ruby
  EXPECT_THAT(Matches(R"([a-c\]\\\-]+)", "x]\\-y"), ElementsAre("]\\-"));
  EXPECT_TRUE(Matches("a", "").empty());
}

TEST(Regex, AnchorsAreThoseOfLines) {
  EXPECT_THAT(Matches(R"(\s+$)", "a \n b  "), ElementsAre(" ", "  "));
  EXPECT_THAT(Matches("^a", "aa\naa"), ElementsAre("a", "a"));
}

TEST(Regex, WhiteSpaceIsTheUnicodeProperty) {
  // U+0085 and U+3000 are white space; U+180E, which PCRE2's own \s has, and U+200B are not.
  EXPECT_THAT(Matches(R"(\s)", "\xC2\x85|\xE3\x80\x80|\xE1\xA0\x8E|\xE2\x80\x8B"),
              ElementsAre("\xC2\x85", "\xE3\x80\x80"));
  EXPECT_THAT(Matches(R"([^\S\n]+)", "a \n\tb"), ElementsAre(" ", "\t"));
}

TEST(TranslateRegex, RewritesWhatTheDialectsReadDifferently) {
  EXPECT_EQ(TranslateRegex(R"([\s\p{L}]\S\d\D)").value(),
            R"([\p{White_Space}\p{L}]\P{White_Space}\p{Nd}\P{Nd})");
  EXPECT_EQ(TranslateRegex(R"(\p{Han}\P{^Lu}\u00e9\x{1F600})").value(),
            R"(\p{sc:Han}\P{^Lu}\x{00e9}\x{1F600})");
  EXPECT_EQ(TranslateRegex(R"(\p{N}{1,3}| ?[^\s$]+[\r\n/]*)").value(),
            R"(\p{N}{1,3}| ?[^\p{White_Space}$]+[\r\n/]*)");
}

TEST(TranslateRegex, RefusesWhatItDoesNotTranslate) {
  for (const char* pattern : {R"(\w+)", R"(\bx)",  R"(\h)",    R"((a)\1)",    "(?<n>a)",
                              "(?i)a",  "(?m:a)",  "(*UTF)a",  "[[:alpha:]]", "[a&&b]",
                              "[]a]",   "a{,3}",   "a{1,3}+",  "a{2}?",       R"(\p{Alpha})",
                              R"(\pL)", R"(\p{L)", R"(\xff)",  R"(\u12)",     R"(\x{110000000})",
                              "[a",     "a\\",     R"(\x{12)", "a{"}) {
    absl::StatusOr<Regex> regex = Regex::Compile(pattern);
    EXPECT_EQ(regex.status().code(), absl::StatusCode::kUnimplemented) << pattern << " " << regex.status();
    EXPECT_THAT(std::string(regex.status().message()), HasSubstr("not supported")) << pattern;
  }
}

TEST(Regex, RefusesBrokenAndUnboundedExpressions) {
  EXPECT_EQ(Regex::Compile("(a").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Regex::Compile("[z-a]").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Regex::Compile(std::string(20000, 'a')).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Regex::Compile(std::string(5000, '(') + "a" + std::string(5000, ')')).ok());
  EXPECT_THAT(std::string(Regex::Compile("a*").status().message()), HasSubstr("empty string"));
  // Exponential backtracking ends in an error, not in years.
  std::vector<std::string_view> matches;
  Regex regex = Regex::Compile("(?:a+)+b").value();
  EXPECT_EQ(Regex::Matcher(regex).FindAll(std::string(60, 'a') + "cb", matches).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Regex, LongTextsNeedNoStack) {
  std::string text(1 << 20, ' ');
  EXPECT_EQ(Matches(R"((?:\s|x)+y|\s*[\r\n]+|\s+)", text).size(), 1u);
}

}  // namespace
}  // namespace drover::model
