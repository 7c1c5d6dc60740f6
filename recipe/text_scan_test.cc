#include "recipe/text_scan.h"

#include "gtest/gtest.h"

namespace drover::recipe {
namespace {

// The place of `@` in a text.
Place At(std::string text) {
  const size_t offset = text.find('@');
  text.erase(offset, 1);
  return PlaceAt(text, offset);
}

TEST(PlaceAt, KnowsTheField) {
  EXPECT_EQ(At("run { seed: @x }").path, "run.seed");
  EXPECT_EQ(At("run { seed@: 5 }").path, "run.seed");
  EXPECT_EQ(At("run { seed: 5 } data { arithmetic { @").path, "");
  EXPECT_EQ(At("data { arithmetic { min_digits: 1 } stop: @\"x\"").path, "data.stop");
  EXPECT_EQ(At("data { arithmetic: < min_digits: @1 >").path, "data.arithmetic.min_digits");
  EXPECT_EQ(At("loss { aggregation: WRONG @}").path, "loss.aggregation");
  EXPECT_EQ(At("@").path, "");
}

TEST(PlaceAt, IsNotMisledByTextsCommentsAndLists) {
  EXPECT_EQ(At("data { template: \"} x: {\" # run { y\n train: @5").path, "data.train");
  EXPECT_EQ(At("data { stop: ['a', \"b\"] train: @5").path, "data.train");
  EXPECT_EQ(At("data { template: \"a\\\"} b\" train: @5").path, "data.train");
  EXPECT_EQ(At("a: [X, Y] b: @").path, "b");
  EXPECT_EQ(At("a: -inf b: @").path, "b");
  EXPECT_EQ(At("a: 1e-6x, b: @").path, "b");
}

TEST(PlaceAt, KnowsRepetitionAndColon) {
  EXPECT_TRUE(At("run { seed: 1 seed@: 2 }").repeated);
  EXPECT_FALSE(At("run { seed: 1 } data { seed@: 2 }").repeated);
  EXPECT_TRUE(At("seed @: 5").colon);
  EXPECT_FALSE(At("seed @5").colon);
  EXPECT_FALSE(At("seed @= 5").colon);
}

TEST(ValueEnd, OfEveryKind) {
  const auto value = [](const std::string& text) { return text.substr(0, ValueEnd(text, 0)); };
  EXPECT_EQ(value("10s }"), "10s");
  EXPECT_EQ(value("5;x"), "5");
  EXPECT_EQ(value("5# comment"), "5");
  EXPECT_EQ(value("\"a b\" }"), "\"a b\"");
  EXPECT_EQ(value("\"a\" # c\n 'b' x"), "\"a\" # c\n 'b'");
  EXPECT_EQ(value("\"open\n x"), "\"open");
  EXPECT_EQ(value("{ a { b: '}' } } c"), "{ a { b: '}' } }");
  EXPECT_EQ(value("[1, 2] x"), "[1, 2]");
  EXPECT_EQ(value("{ open"), "{ open");
  EXPECT_EQ(value(""), "");
}

TEST(OffsetAt, CountsTabsLikeTheParser) {
  EXPECT_EQ(OffsetAt("ab\ncd", 1, 1), 4u);
  EXPECT_EQ(OffsetAt("\tx", 0, 8), 1u);
  EXPECT_EQ(OffsetAt("ab\tx", 0, 8), 3u);
  EXPECT_EQ(OffsetAt("ab", 7, 7), 2u);
}

}  // namespace
}  // namespace drover::recipe
