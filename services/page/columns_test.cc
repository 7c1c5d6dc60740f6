#include "services/page/columns.h"

#include <gtest/gtest.h>

namespace drover::page {
namespace {

using Json = nlohmann::ordered_json;

Json Parsed(const char* text) { return Json::parse(text); }

TEST(ColumnsTest, FieldsThatComeAndGoAreNullWhereTheyAreNot) {
  Columns columns(10);
  columns.Add(Parsed(R"({"step":1,"a":0.5})"));
  columns.Add(Parsed(R"({"step":2,"b":null})"));
  columns.Add(Parsed(R"({"step":3,"a":2,"b":7})"));
  EXPECT_EQ(columns.ToJson(), Parsed(R"({"step":[1,2,3],"a":[0.5,null,2],"b":[null,null,7]})"));
}

TEST(ColumnsTest, SixDigitsOfFractionsAndAllOfIntegers) {
  Columns columns(10);
  columns.Add(Parsed(R"({"x":0.12345678901,"n":12345678901,"s":1.23456789e-12})"));
  EXPECT_EQ(columns.ToJson().dump(), R"({"x":[0.123457],"n":[12345678901],"s":[1.23457e-12]})");
}

TEST(ColumnsTest, AnIntervalIsTwoColumnsAndTextIsNone) {
  Columns columns(10);
  columns.Add(Parsed(R"({"i":[0.25,0.75],"t":"text","l":[1,2,3],"o":{}})"));
  EXPECT_EQ(columns.ToJson(), Parsed(R"({"i_low":[0.25],"i_high":[0.75]})"));
}

// What is kept of 1..n: evenly spaced, the first and the newest, never more than the limit and one.
TEST(ColumnsTest, ThinsToTheLimit) {
  for (const size_t limit : {2U, 3U, 4U, 7U, 16U}) {
    Columns columns(limit);
    for (int step = 1; step <= 200; ++step) {
      columns.Add(Json({{"step", step}}));
      const std::vector<int> kept = columns.ToJson()["step"].get<std::vector<int>>();
      ASSERT_LE(kept.size(), limit + 1);
      ASSERT_EQ(kept.size(), columns.rows());
      ASSERT_EQ(kept.front(), 1);
      ASSERT_EQ(kept.back(), step);
      for (size_t i = 0; i + 1 < kept.size(); ++i) {
        ASSERT_EQ((kept[i] - 1) % static_cast<int>(columns.stride()), 0)
            << "limit " << limit << " step " << step;
      }
      for (size_t i = 0; i + 2 < kept.size(); ++i) {
        ASSERT_EQ(kept[i + 1] - kept[i], static_cast<int>(columns.stride()));
      }
    }
    EXPECT_EQ(columns.lines(), 200U);
  }
}

}  // namespace
}  // namespace drover::page
