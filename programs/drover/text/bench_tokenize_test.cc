#include "programs/drover/text/bench_tokenize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "model/tokenizer.h"

namespace drover::text {
namespace {

using ::testing::HasSubstr;

class BenchTokenizeTest : public testing::Test {
 protected:
  BenchTokenizeTest() {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    std::ofstream(options_.model + "/tokenizer.json") << model::CharacterTokenizerJson("0123456789+= \n");
  }
  void Write(const std::string& text) { std::ofstream(options_.file) << text; }
  const std::string dir_ = testing::TempDir() + "/bench_tokenize_test";
  BenchTokenizeOptions options_{dir_, dir_ + "/text", /*seconds=*/0};
};

TEST_F(BenchTokenizeTest, CountsWhatItMeasures) {
  Write("1+1=2\n\n12");
  const auto result = BenchTokenize(options_);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)["bytes"], 9);
  EXPECT_EQ((*result)["lines"], 2);
  EXPECT_EQ((*result)["tokens"], 9);
  for (const char* what : {"encode", "encode_lines", "decode"}) {
    EXPECT_GT((*result)[what]["megabytes_per_second"].get<double>(), 0) << what;
    EXPECT_EQ((*result)[what]["rounds"], 3) << what;
  }
}

TEST_F(BenchTokenizeTest, NamesTheFile) {
  EXPECT_THAT(std::string(BenchTokenize(options_).status().message()), HasSubstr("text"));
  Write("1\xff");
  EXPECT_THAT(std::string(BenchTokenize(options_).status().message()),
              HasSubstr("/text: the text is not UTF-8 at byte 1"));
  options_.model += "/absent";
  EXPECT_THAT(std::string(BenchTokenize(options_).status().message()), HasSubstr("absent/tokenizer.json"));
}

}  // namespace
}  // namespace drover::text
