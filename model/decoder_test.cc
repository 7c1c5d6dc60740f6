#include "model/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What each token adds to the text, and what is left at the end.
std::vector<std::string> Steps(const std::string& value, const std::vector<std::string>& tokens) {
  const absl::StatusOr<Decoder> decoder = Decoder::Parse(json::parse(value));
  EXPECT_TRUE(decoder.ok()) << decoder.status();
  if (!decoder.ok()) return {};
  DecodeStream stream(*decoder);
  std::vector<std::string> steps;
  for (const std::string& token : tokens) {
    stream.Add(decoder->Token(token), token, steps.emplace_back());
  }
  stream.Finish(steps.emplace_back());
  return steps;
}

constexpr char kLlama2[] =
    R"({"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
        {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]})";

TEST(Decoder, ByteLevelHoldsBackHalfCharacters) {
  // "Ġ" is a space; U+1F600 in two halves, F0 9F | 98 80.
  EXPECT_THAT(Steps(R"({"type":"ByteLevel"})", {"Ġa", "ðŁ", "ĺĢ", "<|x y|>"}),
              ElementsAre(" a", "", "\U0001F600", "<|x y|>", ""));
  EXPECT_THAT(Steps(R"({"type":"ByteLevel"})", {"ðŁ", "a", "Ĺ", "ðŁ"}),
              ElementsAre("", "\uFFFDa", "\uFFFD", "", "\uFFFD"));
  EXPECT_THAT(Steps(R"({"type":"Sequence","decoders":[{"type":"ByteLevel"}]})", {"a"}), ElementsAre("a", ""));
}

TEST(Decoder, ByteFallbackHoldsBackBytesUntilAToken) {
  EXPECT_THAT(Steps(kLlama2, {"▁a", "<0xC3>", "<0xA9>", "▁b"}), ElementsAre("a", "", "", "\u00E9 b", ""));
  EXPECT_THAT(Steps(kLlama2, {"<0xC3>", "<0xA9>", "<0xFF>"}), ElementsAre("", "", "", "\uFFFD\uFFFD\uFFFD"))
      << "they are no character together";
  EXPECT_THAT(Steps(kLlama2, {"<0x20>", "<0x0A>", "▁"}), ElementsAre("", "", "\n ", ""))
      << "one space is stripped";
  EXPECT_THAT(Steps(kLlama2, {"<0xG0>"}), ElementsAre("<0xG0>", ""));
}

TEST(Decoder, MetaspaceDropsTheFirstTokensMarks) {
  const char* always = R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true})";
  EXPECT_THAT(Steps(always, {"▁▁a▁b", "▁c"}), ElementsAre("ab", " c", ""));
  const char* never = R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"never"})";
  EXPECT_THAT(Steps(never, {"▁a", "▁c"}), ElementsAre(" a", " c", ""));
  const char* behind =
      R"({"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁"}]})";
  EXPECT_THAT(Steps(behind, {"<0x41>", "▁c"}), ElementsAre("", "A c", ""));
}

TEST(Decoder, StripLooksAtEachTokenBeforeFuse) {
  const char* strip = R"({"type":"Strip","content":"_","start":2,"stop":1})";
  EXPECT_THAT(Steps(strip, {"___a__", "b_", "_"}), ElementsAre("_a_", "b", "", ""));
}

TEST(Decoder, RefusesByField) {
  const auto error = [](const char* value) {
    return std::string(Decoder::Parse(json::parse(value)).status().message());
  };
  EXPECT_THAT(error(R"({"type":"WordPiece"})"), HasSubstr("decoder.type is \"WordPiece\""));
  EXPECT_THAT(error(R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteFallback"}]})"),
              HasSubstr("decoder.decoders[1].type is \"ByteFallback\", must be one \"Strip\" behind Fuse"));
  EXPECT_THAT(error(R"({"type":"Sequence","decoders":[{"type":"ByteLevel"},{"type":"Fuse"}]})"),
              HasSubstr("decoder.decoders[1].type"));
  EXPECT_THAT(error(R"({"type":"Sequence","decoders":[]})"), HasSubstr("decoder.decoders is []"));
  EXPECT_THAT(error(R"({"type":"Strip","content":"ab","start":0,"stop":0})"),
              HasSubstr("must be one character"));
  EXPECT_THAT(error(R"({"type":"Replace","pattern":{"Regex":"a"},"content":""})"),
              HasSubstr("decoder.pattern"));
  EXPECT_THAT(error(R"({"type":"Replace","pattern":{"String":"a"},"content":"aaaaa"})"),
              HasSubstr("decoder.content"));
  EXPECT_THAT(
      error(
          R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":"a","start":0,"stop":1}]})"),
      HasSubstr("decoder.decoders[1].stop is 1"));
}

}  // namespace
}  // namespace drover::model
