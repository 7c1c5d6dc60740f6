#include "data/pass_rates.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

TEST(PassRates, LinesOfEachKind) {
  PassRates rates;
  ASSERT_TRUE(rates
                  .AddFile("{\"problem\":\"What is\\n "
                           "1?\",\"responses\":[{\"text\":\"x\",\"reward\":1},{\"reward\":0},{\"reward\":0},{"
                           "\"reward\":1.0}]}\n"
                           "{\"question\":\"two\",\"reward\":1}\n{\"question\":\"two\",\"reward\":0}\n{"
                           "\"question\":\"two\",\"reward\":0}\n"
                           "{\"id\":7,\"reward\":1,\"extracted\":\"3\"}\n{\"id\":\"8\",\"reward\":0}\n")
                  .ok());
  EXPECT_EQ(rates.responses(), 9u);
  EXPECT_EQ(rates.Of({.text = " What is 1? "}), 0.5) << "by its key, however it is spaced";
  EXPECT_DOUBLE_EQ(*rates.Of({.index = 7, .text = "two"}), 1.0 / 3) << "the text goes before the number";
  EXPECT_EQ(rates.Of({.index = 7, .text = "three"}), 1);
  EXPECT_EQ(rates.Of({.index = 8, .text = "four"}), 0);
  EXPECT_FALSE(rates.Of({.index = 9, .text = "five"}).has_value());
}

TEST(PassRates, WrongLines) {
  const std::pair<const char*, const char*> cases[] = {
      {"{", "1: the line is not JSON"},
      {"{\"reward\":1}", "1: the line names no question"},
      {"{\"id\":\"x\",\"reward\":1}", "1: the line names no question"},
      {"{\"id\":1}", "1: the line has no number in `reward`"},
      {"{\"id\":1,\"reward\":\"1\"}", "has no number in `reward`"},
      {"\n{\"problem\":\"p\",\"responses\":[{\"text\":\"\"}]}",
       "2: the line has no number in `responses.0.reward`"}};
  for (const auto& [line, error] : cases) {
    EXPECT_THAT(std::string(PassRates().AddFile(line).message()), testing::HasSubstr(error)) << line;
  }
}

}  // namespace
}  // namespace drover::data
