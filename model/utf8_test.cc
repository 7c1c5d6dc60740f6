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

}  // namespace
}  // namespace drover::model
