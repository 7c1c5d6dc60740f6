#include "data/flat_json.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::HasSubstr;

TEST(FlatJson, LeavesStandUnderTheNamesOnTheWayToThem) {
  const auto flat = FlatJson::Parse(
      R"({"a":{"b":" x "},"l":[{"c":1.50},[2,{}],true],"n":null,"big":123456789012345678901})");
  ASSERT_TRUE(flat.ok()) << flat.status();
  EXPECT_EQ(flat->Find("a.b")->text, " x ");
  EXPECT_EQ(flat->Text("a.b"), "x");
  EXPECT_EQ(flat->Text("l.0.c"), "1.50");
  EXPECT_EQ(flat->Text("l.1.0"), "2");
  EXPECT_EQ(flat->Text("big"), "123456789012345678901");
  EXPECT_EQ(flat->Text("l.2"), "") << "true is no text";
  EXPECT_EQ(flat->Find("l.2")->text, "true");
  EXPECT_EQ(flat->Find("n")->kind, JsonLeaf::Kind::kOther);
  EXPECT_EQ(flat->Find("a"), nullptr);
  EXPECT_TRUE(flat->Has("a"));
  EXPECT_TRUE(flat->Has("l.1"));
  EXPECT_FALSE(flat->Has("l.3"));
  EXPECT_FALSE(flat->Has("bi"));
}

TEST(FlatJson, AListAndTheObjectMadeOfItAreAlike) {
  EXPECT_EQ(FlatJson::Parse(R"([{"v":"x"}])")->Text("0.v"),
            FlatJson::Parse(R"({"0":{"v":"x"}})")->Text("0.v"));
}

TEST(FlatJson, Errors) {
  const std::pair<std::string, std::string> cases[] = {
      {"{\"a\":1", "is not JSON (byte "},
      {"7", "is no object"},
      {"\"x\"", "is no object"},
      {"null", "is no object"},
      {"", "is not JSON"},
      {R"({"a":1,"a":2})", "has `a` twice"},
      {R"({"a.b":1,"a":{"b":2}})", "has `a.b` twice"},
      {std::string(65, '[') + std::string(65, ']'), "nests deeper than 64"},
      {"{\"a\":\"\xff\"}", "is not JSON"},
      {"{} {}", "is not JSON"}};
  for (const auto& [json, error] : cases) {
    const auto flat = FlatJson::Parse(json);
    ASSERT_FALSE(flat.ok()) << json;
    EXPECT_THAT(std::string(flat.status().message()), HasSubstr(error)) << json;
  }
  EXPECT_TRUE(FlatJson::Parse(std::string(64, '[') + std::string(64, ']')).ok());
}

// A long name with many leaves below it would be kept once for each of them.
TEST(FlatJson, LeavesOfLongPathsAreNotKept) {
  const std::string name(300, 'k');
  const auto flat = FlatJson::Parse("{\"" + name + "\":[1,2,3],\"a\":4}");
  ASSERT_TRUE(flat.ok()) << flat.status();
  EXPECT_FALSE(flat->Has(name));
  EXPECT_EQ(flat->Text("a"), "4");
}

}  // namespace
}  // namespace drover::data
