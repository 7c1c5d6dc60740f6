#include "model/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

using ::testing::HasSubstr;

absl::Status ParseError(std::string_view text) { return ParseJson(text).status(); }

TEST(ParseJson, RefusesWhatIsNotStrictJson) {
  EXPECT_TRUE(ParseJson(R"({"a": [1, {"b": null}]})").ok());
  for (const char* bad : {"", "{", "[1,]", "nul", "{\"a\" 1}", "[1] 2", "\"\\ud800\"", "\"\xff\"", "1e999"}) {
    EXPECT_EQ(ParseError(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(ParseJson, RefusesANameGivenTwiceInOneObjectOnly) {
  EXPECT_THAT(std::string(ParseError(R"({"a": 1, "b": {"a": 2}, "a": 3})").message()),
              HasSubstr("the name \"a\" is there twice"));
  EXPECT_TRUE(ParseJson(R"([{"a": 1}, {"a": {"a": 2}}])").ok());
}

TEST(ParseJson, BoundsDepthAndSize) {
  std::string deep(1'000'000, '[');
  EXPECT_THAT(std::string(ParseError(deep).message()), HasSubstr("nested deeper than 16 levels"));
  EXPECT_TRUE(ParseJson("[[1]]", {.max_depth = 2}).ok());
  EXPECT_FALSE(ParseJson("[[[1]]]", {.max_depth = 2}).ok());
  EXPECT_EQ(ParseJson("[1, 2]", {.max_bytes = 5}).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(ShowJson, IsShortWhateverTheValue) {
  EXPECT_EQ(ShowJson("text"), "\"text\"");
  EXPECT_EQ(ShowJson(std::string(100, 'x')).size(), 63u);
  EXPECT_EQ(ShowJson(nlohmann::json(std::vector<int>(1000))), "an array of 1000");
}

class JsonFieldsTest : public testing::Test {
 protected:
  nlohmann::json value_ = {{"n", 7},          {"huge", UINT64_MAX}, {"x", 0.5}, {"minus", -1.0},
                           {"none", nullptr}, {"yes", true},        {"s", "t"}, {"inner", {{"n", "seven"}}}};
  JsonFields fields_ = JsonFields::Of(value_, "").value();
};

TEST_F(JsonFieldsTest, ReadsInRange) {
  EXPECT_EQ(fields_.Int("n", 0, 10).value(), 7);
  EXPECT_EQ(fields_.Int("none", 0, 10, 3).value(), 3);
  EXPECT_EQ(fields_.OptionalInt("absent", 0, 1).value(), std::nullopt);
  EXPECT_EQ(fields_.Positive("x", 1.0).value(), 0.5);
  EXPECT_EQ(fields_.Bool("yes", false).value(), true);
  EXPECT_EQ(fields_.String("s").value(), "t");
}

TEST_F(JsonFieldsTest, NamesFieldValueAndRule) {
  EXPECT_EQ(fields_.Int("n", 8, 10).status().message(), "n is 7, must be an integer from 8 to 10");
  EXPECT_EQ(fields_.Int("absent", 8, 10).status().message(),
            "absent is missing, must be an integer from 8 to 10");
  EXPECT_FALSE(fields_.Int("huge", 0, INT64_MAX).ok());
  EXPECT_FALSE(fields_.Int("x", 0, 10).ok());
  EXPECT_FALSE(fields_.Positive("minus", 1.0).ok());
  EXPECT_FALSE(fields_.Bool("n", false).ok());
  EXPECT_EQ(fields_.Object("inner").value().Int("n", 0, 9).status().message(),
            "inner.n is \"seven\", must be an integer from 0 to 9");
  EXPECT_EQ(JsonFields::Of(nlohmann::json(3), "").status().message(), "the file is 3, must be an object");
}

}  // namespace
}  // namespace drover::model
