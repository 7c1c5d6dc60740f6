#include "model/utf8.h"

#include <gtest/gtest.h>

#include "model/byte_alphabet.h"

namespace drover::model {
namespace {

TEST(Utf8, EveryCodePointThereAndBack) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    std::string text = "x";
    AppendUtf8(c, text);
    ASSERT_EQ(FirstInvalidUtf8(text), std::nullopt) << static_cast<uint32_t>(c);
    size_t position = 1;
    ASSERT_EQ(NextCodePoint(text, position), c);
    ASSERT_EQ(position, text.size());
    ASSERT_EQ(LastCodePoint(text), c);
  }
}

// Every sequence of three bytes, against the ranges of the Unicode Standard's table 3-7 read as code points: what
// decodes to a code point in its shortest form, and nothing else.
TEST(Utf8, ExactlyTheWellFormedThreeByteSequences) {
  int64_t valid = 0;
  for (int a = 0xE0; a < 0xF0; ++a) {
    for (int b = 0; b < 256; ++b) {
      for (int c = 0; c < 256; ++c) {
        const char text[3] = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        valid += FirstInvalidUtf8({text, 3}) == std::nullopt;
      }
    }
  }
  EXPECT_EQ(valid, 0x10000 - 0x800 - 0x800);  // without surrogates and what two bytes hold
}

TEST(Utf8, NamesTheFirstBadByte) {
  EXPECT_EQ(FirstInvalidUtf8("ab\xff"), 2u);
  EXPECT_EQ(FirstInvalidUtf8("\xc3"), 0u);                 // cut
  EXPECT_EQ(FirstInvalidUtf8("a\xe2\x82"), 1u);            // cut
  EXPECT_EQ(FirstInvalidUtf8("\x80"), 0u);                 // continuation alone
  EXPECT_EQ(FirstInvalidUtf8("\xc0\xaf"), 0u);             // overlong /
  EXPECT_EQ(FirstInvalidUtf8("\xf4\x90\x80\x80"), 0u);     // U+110000
  EXPECT_EQ(FirstInvalidUtf8("\xf0\x80\x80\x80"), 0u);     // overlong
  EXPECT_EQ(FirstInvalidUtf8("ok \xed\xa0\x80 bad"), 3u);  // surrogate
  EXPECT_EQ(FirstInvalidUtf8(std::string_view("\0", 1)), std::nullopt);
}

TEST(ByteAlphabet, KnownSpellings) {
  EXPECT_EQ(SpellBytes("a b\n\t!~"),
            "a\xC4\xA0"
            "b\xC4\x8A\xC4\x89!~");                       // GPT-2's Ġ Ċ ĉ
  EXPECT_EQ(SpellBytes("\xC3\xA9"), "\xC3\x83\xC2\xA9");  // é is Ã©
  EXPECT_EQ(ByteCharacter(0x00), 0x100u);
  EXPECT_EQ(ByteCharacter(0xAD), 0x143u);  // the last of the 68
}

TEST(ByteAlphabet, EveryByteThereAndBack) {
  std::string all;
  for (int b = 0; b < 256; ++b) all += static_cast<char>(b);
  EXPECT_EQ(UnspellBytes(SpellBytes(all)), all);
  EXPECT_EQ(UnspellBytes(" "), std::nullopt);         // a space is spelled differently
  EXPECT_EQ(UnspellBytes("\xC5\x84"), std::nullopt);  // U+0144
  EXPECT_EQ(UnspellBytes("\xE6\xBC\xA2"), std::nullopt);
}

TEST(Utf8, LossyReplacesTheLongestBeginnings) {
  const auto lossy = [](std::string_view bytes) {
    std::string text;
    AppendLossy(bytes, text);
    return text;
  };
  EXPECT_EQ(lossy(""), "");
  EXPECT_EQ(lossy("a\u00e9\U0001F600"), "a\u00e9\U0001F600");
  // The example of the Unicode Standard, section 3.9: F1 80 80 | E1 80 | C2 are one each.
  EXPECT_EQ(lossy("a\xF1\x80\x80\xE1\x80\xC2"
                  "b\x80"
                  "c\x80\xBF"
                  "d"),
            "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
  EXPECT_EQ(lossy("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(lossy("\xF0\x80\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "an overlong form";
  EXPECT_EQ(lossy("x\xF0\x9F\x98"), "x\uFFFD");
}

TEST(Utf8, UnfinishedIsWhatMoreBytesCouldComplete) {
  EXPECT_EQ(UnfinishedUtf8(""), 0u);
  EXPECT_EQ(UnfinishedUtf8("a"), 0u);
  EXPECT_EQ(UnfinishedUtf8("\u00e9"), 0u);
  EXPECT_EQ(UnfinishedUtf8("a\xC3"), 1u);
  EXPECT_EQ(UnfinishedUtf8("\xF0\x9F\x98"), 3u);
  EXPECT_EQ(UnfinishedUtf8("\x9F\x98"), 0u);
  EXPECT_EQ(UnfinishedUtf8("\xF0\x80"), 0u);
  EXPECT_EQ(UnfinishedUtf8("\xED\xA0"), 0u);
  EXPECT_EQ(UnfinishedUtf8("\xFF"), 0u);
}

TEST(Utf8, AsciiAtEveryLength) {
  for (size_t length = 0; length < 20; ++length) {
    EXPECT_TRUE(IsAscii(std::string(length, 'a')));
    for (size_t at = 0; at < length; ++at) {
      std::string text(length, 'a');
      text[at] = '\x80';
      EXPECT_FALSE(IsAscii(text));
      EXPECT_EQ(FirstInvalidUtf8(text), at);
    }
  }
}

}  // namespace
}  // namespace drover::model
