#include "data/mixture.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

TEST(ParseMixturePart, FileWeightAndFormat) {
  const auto plain = ParseMixturePart("a/b.jsonl:0.7");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->path, "a/b.jsonl");
  EXPECT_EQ(plain->weight, 0.7);
  EXPECT_EQ(plain->format, "");
  const auto named = ParseMixturePart("c:/odd:name.jsonl:3:gsm8k");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(named->path, "c:/odd:name.jsonl");
  EXPECT_EQ(named->weight, 3);
  EXPECT_EQ(named->format, "gsm8k");
  EXPECT_EQ(ToText(*named), "c:/odd:name.jsonl:3:gsm8k");
  EXPECT_EQ(ToText(*plain), "a/b.jsonl:0.7");
  for (const char* wrong :
       {"", "a.jsonl", "a.jsonl:", ":1", "a:0", "a:-1", "a:nan", "a:inf", "a:1:gsm9k", "a:gsm8k", "a:1e9"}) {
    EXPECT_THAT(std::string(ParseMixturePart(wrong).status().message()),
                testing::HasSubstr("may be FILE:WEIGHT"))
        << wrong;
  }
}

}  // namespace
}  // namespace drover::data
