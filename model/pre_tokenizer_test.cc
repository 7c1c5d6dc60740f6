#include "model/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Cut(const std::string& value, std::string_view text) {
  absl::StatusOr<PreTokenizer> pre = PreTokenizer::Parse(json::parse(value));
  EXPECT_TRUE(pre.ok()) << pre.status();
  Pieces pieces;
  if (!pre.ok()) return {};
  EXPECT_TRUE(pre->Cut(text, /*at_start=*/true, pieces).ok());
  return {pieces.views.begin(), pieces.views.end()};
}

// `step` before a ByteLevel that does nothing to the pieces.
std::string With(const std::string& step) {
  return R"({"type":"Sequence","pretokenizers":[)" + step +
         R"(,{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})";
}

std::string Split(const std::string& pattern, const std::string& behavior, bool invert) {
  return With(
      json{{"type", "Split"}, {"pattern", json::parse(pattern)}, {"behavior", behavior}, {"invert", invert}}
          .dump());
}

TEST(PreTokenizer, ByteLevelUsesGpt2sExpression) {
  EXPECT_THAT(Cut(R"({"type":"ByteLevel","add_prefix_space":false})", "It's 12 cats  !?"),
              ElementsAre("It", "'s", " 12", " cats", " ", " !?"));
  EXPECT_THAT(Cut(R"({"type":"ByteLevel","add_prefix_space":true})", "a b"), ElementsAre(" a", " b"));
  EXPECT_THAT(Cut(R"({"type":"ByteLevel"})", " a"), ElementsAre(" a"));
  EXPECT_THAT(Cut(R"({"type":"ByteLevel","use_regex":false})", "a b"), ElementsAre(" a b"));
  EXPECT_TRUE(Cut(R"({"type":"ByteLevel"})", "").empty());
}

TEST(PreTokenizer, SplitBehaviors) {
  const std::string digits = R"({"Regex":"\\d"})";
  EXPECT_THAT(Cut(Split(digits, "Isolated", false), "a12b"), ElementsAre("a", "1", "2", "b"));
  EXPECT_THAT(Cut(Split(digits, "Removed", false), "a12b3"), ElementsAre("a", "b"));
  EXPECT_THAT(Cut(Split(digits, "Contiguous", false), "a12b3"), ElementsAre("a", "12", "b", "3"));
  EXPECT_THAT(Cut(Split(digits, "Removed", true), "a12b"), ElementsAre("1", "2"));
  EXPECT_THAT(Cut(Split(digits, "Isolated", true), "ab12"), ElementsAre("ab", "1", "2"));
  EXPECT_THAT(Cut(Split(digits, "MergedWithPrevious", false), "1a12b"), ElementsAre("1", "a1", "2", "b"));
  EXPECT_THAT(Cut(Split(digits, "MergedWithNext", false), "a12b3"), ElementsAre("a", "1", "2b", "3"));
  EXPECT_THAT(Cut(Split(digits, "Contiguous", true), "a12b"), ElementsAre("a", "12", "b"));
  EXPECT_THAT(Cut(Split(R"({"String":"+."})", "Isolated", false), "a+.b+"), ElementsAre("a", "+.", "b+"));
}

TEST(PreTokenizer, DigitsOfEveryScript) {
  EXPECT_THAT(Cut(With(R"({"type":"Digits","individual_digits":true})"), "a12\xC2\xBD"),
              ElementsAre("a", "1", "2", "\xC2\xBD"));
  EXPECT_THAT(Cut(With(R"({"type":"Digits","individual_digits":false})"), "a12\xC2\xBD b"),
              ElementsAre("a", "12\xC2\xBD", " b"));
}

std::string Metaspace(const char* scheme, bool split) {
  return json{{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", scheme}, {"split", split}}
      .dump();
}

TEST(PreTokenizer, MetaspaceMarksSpaces) {
  EXPECT_THAT(Cut(Metaspace("always", true), "a  b c"), ElementsAre("_a", "_", "_b", "_c"));
  EXPECT_THAT(Cut(Metaspace("always", true), " a"), ElementsAre("_a"));
  EXPECT_THAT(Cut(Metaspace("always", true), "_a"), ElementsAre("_a"));
  EXPECT_THAT(Cut(Metaspace("never", true), "a b"), ElementsAre("a", "_b"));
  EXPECT_THAT(Cut(Metaspace("first", false), "a b"), ElementsAre("_a_b"));
}

TEST(PreTokenizer, MetaspacePutsItsFirstMarkOnlyBeforeTheText) {
  const auto pre = PreTokenizer::Parse(json::parse(Metaspace("first", true))).value();
  EXPECT_FALSE(pre.byte_level());
  Pieces pieces;
  ASSERT_TRUE(pre.Cut("a b", /*at_start=*/false, pieces).ok());
  EXPECT_THAT(pieces.views, ElementsAre("a", "_b"));
  const std::string steps =
      R"({"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"String":"x"},"behavior":"Removed",
      "invert":false},)" +
      Metaspace("first", true) + "]}";
  EXPECT_THAT(Cut(steps, "axb"), ElementsAre("_a", "b"));
  EXPECT_THAT(Cut(steps, "xb"), ElementsAre("b"));
}

TEST(PreTokenizer, LookAheadSeesOnlyItsPiece) {
  // The second step looks at " " alone, so nothing follows it there.
  std::string steps =
      R"j({"type":"Split","pattern":{"String":"x"},"behavior":"Isolated","invert":false},)j"
      R"j({"type":"Split","pattern":{"Regex":" (?!\\S)"},"behavior":"Removed","invert":false})j";
  EXPECT_THAT(Cut(With(steps), " x"), ElementsAre("x"));
}

TEST(PreTokenizer, RefusesOtherKindsByField) {
  auto error = [](const std::string& value) {
    return std::string(PreTokenizer::Parse(json::parse(value)).status().message());
  };
  EXPECT_THAT(error(R"({"type":"Metaspace"})"), HasSubstr("pre_tokenizer.replacement is missing"));
  EXPECT_THAT(error(R"({"type":"Metaspace","replacement":"ab"})"),
              HasSubstr("\"ab\", must be one character"));
  EXPECT_THAT(error(R"({"type":"Metaspace","replacement":"_","prepend_scheme":"last"})"),
              HasSubstr("pre_tokenizer.prepend_scheme is \"last\""));
  EXPECT_THAT(error(R"({"type":"Metaspace","replacement":"_","add_prefix_space":false})"),
              HasSubstr("pre_tokenizer.add_prefix_space is false"));
  EXPECT_THAT(error(R"({"type":"Punctuation"})"), HasSubstr("pre_tokenizer.type is \"Punctuation\""));
  EXPECT_THAT(error(With(R"({"type":"ByteLevel"})")), HasSubstr("pre_tokenizer.pretokenizers[1].type"));
  EXPECT_THAT(error(With(R"({"type":"Whitespace"})")), HasSubstr("pretokenizers[0].type is \"Whitespace\""));
  EXPECT_THAT(error(Split(R"({"Regex":"\\w"})", "Isolated", false)),
              HasSubstr("pretokenizers[0].pattern.Regex"));
  EXPECT_THAT(error(Split(R"({"String":""})", "Isolated", false)), HasSubstr("not empty"));
  EXPECT_THAT(error(Split(R"({"Regex":"a"})", "Merged", false)), HasSubstr("behavior is \"Merged\""));
  EXPECT_THAT(error(R"({"type":"Sequence","pretokenizers":[]})"), HasSubstr("pre_tokenizer.pretokenizers"));
  EXPECT_THAT(error(R"({"type":"ByteLevel","use_regex":1})"),
              HasSubstr("use_regex is 1, must be true or false"));
  EXPECT_THAT(error("[]"), HasSubstr("pre_tokenizer is [], must be an object"));
}

}  // namespace
}  // namespace drover::model
