#include "model/split_scanner.h"

#include <gtest/gtest.h>
#include <unicode/uchar.h>

#include <string>

#include "base/random.h"
#include "model/character_classes.h"
#include "model/regex.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

// PCRE2's Unicode is the oldest of those at hand: what came later is of another class there.
constexpr int kCommonUnicode = 14;

bool IsCommon(UChar32 c) {
  UVersionInfo age;
  u_charAge(c, age);
  return U_IS_UNICODE_CHAR(c) && age[0] >= 1 && age[0] <= kCommonUnicode;
}

// A character of any kind, those that decide something more often.
void AppendRandom(RandomStream& random, std::string& text) {
  static constexpr char32_t kOdd[] = {U'\'', U'\'', U's',   U'S',   U't',   U'l',   U'L',   U'v',    U'e',
                                      U'd',  U'm',  U'r',   U' ',   U' ',   U' ',   U'\n',  U'\r',   U'\t',
                                      U'1',  U'2',  U'/',   U'.',   U'-',   U'A',   U'z',   0x17F,   0x1C5,
                                      0xAA,  0x2B0, 0x301,  0x93E,  0x905,  0x6F22, 0x3042, 0x30AB,  0xAC00,
                                      0x85,  0xA0,  0x2028, 0x3000, 0x200B, 0x200D, 0xFE0F, 0x1F600, 0x661,
                                      0xBD,  0x0,   0x1B,   0x7F,   0xAD,   0xFFFD, 0xE000, 0x2160,  0x1D7D9};
  char32_t c = kOdd[random.Below(std::size(kOdd))];
  if (random.Below(4) == 0) {
    do {
      c = static_cast<char32_t>(random.Below(random.Below(2) == 0 ? 0x3000 : 0x30000));
    } while (!IsCommon(static_cast<UChar32>(c)));
  }
  AppendUtf8(c, text);
}

TEST(SplitScanner, FindsWhatTheExpressionFinds) {
  RandomStream random(2, RandomPurpose::kQuestions, 0);
  for (const std::string_view pattern : SplitScanner::Patterns()) {
    const SplitScanner scanner = SplitScanner::For(pattern).value();
    const Regex regex = Regex::Compile(pattern).value();
    Regex::Matcher matcher(regex);
    std::vector<std::string_view> found, wanted;
    for (int round = 0; round < 4000; ++round) {
      std::string text;
      for (uint64_t length = random.Below(24); length > 0; --length) AppendRandom(random, text);
      found.clear();
      wanted.clear();
      scanner.FindAll(text, found);
      ASSERT_TRUE(matcher.FindAll(text, wanted).ok());
      ASSERT_EQ(found, wanted) << pattern << " in " << testing::PrintToString(text);
    }
  }
}

// Each character alone, between letters and behind a space: its class decides.
TEST(SplitScanner, KnowsTheClassOfEveryCharacter) {
  for (const std::string_view pattern : SplitScanner::Patterns()) {
    const SplitScanner scanner = SplitScanner::For(pattern).value();
    const Regex regex = Regex::Compile(pattern).value();
    Regex::Matcher matcher(regex);
    std::string text;
    for (UChar32 c = 0; c < 0x32000; ++c) {
      if (!IsCommon(c)) continue;
      std::string character;
      AppendUtf8(static_cast<char32_t>(c), character);
      text += character + "a" + character + "A" + character + character + " " + character;
    }
    std::vector<std::string_view> found, wanted;
    scanner.FindAll(text, found);
    ASSERT_TRUE(matcher.FindAll(text, wanted).ok());
    EXPECT_TRUE(found == wanted) << pattern;
  }
}

TEST(SplitScanner, OnlyForExpressionsThatItKnows) {
  EXPECT_FALSE(SplitScanner::For(R"(\p{N}{1,4})").has_value());
  EXPECT_GE(SplitScanner::Patterns().size(), 8u);
}

TEST(CharacterClasses, AreThoseOfUnicode) {
  const CharacterClasses& classes = CharacterClasses::Get();
  EXPECT_EQ(classes.Of(U'A'), kUpper);
  EXPECT_EQ(classes.Of(0x1C5), kUpper);  // a title-case letter
  EXPECT_EQ(classes.Of(0xE9), kLower);
  EXPECT_EQ(classes.Of(0x6F22), kOtherLetter);
  EXPECT_EQ(classes.Of(0x301), kMark);
  EXPECT_EQ(classes.Of(0x661), kNumber);
  EXPECT_EQ(classes.Of(0x85), kSpace);
  EXPECT_EQ(classes.Of(0x180E), 0);  // a format character that was white space once
  EXPECT_EQ(classes.Of(U'+'), kSign);
  EXPECT_EQ(classes.Of(0x10FFFF), 0);
  EXPECT_EQ(classes.Of(0x2EBF0), kOtherLetter);  // Unicode 15.1
  EXPECT_EQ(classes.Of(0x1CCF0), kNumber);       // Unicode 16
  for (uint8_t c = 0; c < 0x80; ++c) EXPECT_EQ(classes.OfAscii(c), classes.Of(c));
}

}  // namespace
}  // namespace drover::model
