#include "programs/drover/text/tokenize_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model/tokenizer.h"

namespace drover::text {
namespace {

using ::testing::HasSubstr;

class TokenizeCommandTest : public testing::Test {
 protected:
  TokenizeCommandTest() {
    std::filesystem::create_directories(dir_);
    std::ofstream(dir_ + "/tokenizer.json") << model::CharacterTokenizerJson("0123456789+= \n");
  }
  absl::Status RunTokenize(const std::string& text, const model::EncodeOptions& options = {}) {
    std::istringstream in(text);
    return Tokenize(dir_, options, in, out_);
  }
  absl::Status RunDetokenize(const std::string& text) {
    std::istringstream in(text);
    return Detokenize(dir_, in, out_);
  }
  std::string dir_ = testing::TempDir() + "/tokenize_command_test";
  std::ostringstream out_;
};

TEST_F(TokenizeCommandTest, OneValuePerLineBothWays) {
  ASSERT_TRUE(RunTokenize("\"1+1=\"\n\"\"\n\"2\\n<eos>\"").ok());  // the last line without its end
  EXPECT_EQ(out_.str(), "[3,12,3,13]\n[]\n[4,15,1]\n");
  std::string ids = out_.str();
  out_.str("");
  ASSERT_TRUE(RunDetokenize(ids).ok());
  EXPECT_EQ(out_.str(), "\"1+1=\"\n\"\"\n\"2\\n<eos>\"\n");
}

TEST_F(TokenizeCommandTest, ErrorsNameTheLine) {
  EXPECT_THAT(std::string(RunTokenize("\"1\"\n7\n").message()),
              HasSubstr("line 2: is 7, must be a JSON string"));
  EXPECT_EQ(out_.str(), "[3]\n");
  EXPECT_THAT(std::string(RunTokenize("\n").message()), HasSubstr("line 1: not JSON"));
  EXPECT_THAT(std::string(RunTokenize("\"x\"").message()), HasSubstr("line 1: the character 'x'"));
  EXPECT_THAT(std::string(RunDetokenize("[1]\n[16]").message()), HasSubstr("line 2: the id 16 must be"));
  EXPECT_THAT(std::string(RunDetokenize("[-1]").message()), HasSubstr("the id -1"));
  EXPECT_THAT(std::string(RunDetokenize("[4294967297]").message()), HasSubstr("the id 4294967297"));
  EXPECT_THAT(std::string(RunDetokenize("\"1\"").message()), HasSubstr("must be a JSON array"));
}

TEST_F(TokenizeCommandTest, SpecialTokensOnDemand) {
  auto json = nlohmann::json::parse(model::CharacterTokenizerJson("0123456789"));
  json["post_processor"] = {{"type", "BertProcessing"}, {"cls", {"<pad>", 0}}, {"sep", {"<eos>", 1}}};
  std::ofstream(dir_ + "/tokenizer.json") << json.dump();
  ASSERT_TRUE(RunTokenize("\"1\"").ok());
  ASSERT_TRUE(RunTokenize("\"1\"\n\"1<eos>\"", {.add_special_tokens = true}).ok());
  EXPECT_EQ(out_.str(), "[3]\n[0,3,1]\n[0,3,1]\n");
}

TEST_F(TokenizeCommandTest, ATokenizerOfAnotherKindIsBadInput) {
  std::ofstream(dir_ + "/tokenizer.json")
      << R"({"model":{"type":"Unigram","vocab":[]},"pre_tokenizer":null})";
  EXPECT_EQ(RunTokenize("\"1\"").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RunDetokenize("[1]").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TokenizeCommandTest, NoTokenizerThere) {
  std::istringstream in("\"1\"");
  absl::Status status = Tokenize(dir_ + "/absent", {}, in, out_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("absent/tokenizer.json"));
}

}  // namespace
}  // namespace drover::text
