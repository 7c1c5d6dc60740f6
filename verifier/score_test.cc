#include "verifier/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

namespace drover::verifier {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ScoreTest : public ::testing::Test {
 protected:
  ScoreTest()
      : path_(::testing::TempDir() + "/score_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl") {}
  ~ScoreTest() override { std::remove(path_.c_str()); }
  bool Read(const std::string& lines) {
    std::ofstream(path_) << lines;
    return ReadCases(path_, RewardFormat::kBoxed, &cases_, &error_);
  }
  const std::string path_;
  std::vector<ScoreCase> cases_;
  std::string error_;
};

TEST_F(ScoreTest, CasesAndLinesOfDroverGrade) {
  ASSERT_TRUE(Read(R"({"id":"a","gold":"5","pred":"5","expected":true,"kind":"k","class":"math"}
{"id":"b","gold":["5","6"],"pred":"x","response":"\\boxed{6}","expected":false,"expected_math":true,"kind":"k","class":"math"}
{"id":7,"gold":"5","response_b64":"XGJveGVkezR9","expected":true}

{"gold":"24: 3 8","answer":"3*8","grader":"countdown"}
{"gold":"5","response":"\\boxed{5}","truncated":true,"expected":true}
)")) << error_;
  ASSERT_EQ(cases_.size(), 5u);
  EXPECT_EQ(cases_[2].id, "7");
  const Score score = RunScore(cases_, {}, /*seconds=*/0);
  EXPECT_EQ(score.lines, 5);
  EXPECT_EQ(score.all.cases, 4);
  EXPECT_EQ(score.all.right, 2);
  EXPECT_EQ(score.all.false_negatives, 2);
  EXPECT_EQ(score.kinds.at("math/k").right, 2);
  EXPECT_EQ(score.reasons.at("equal_exact"), 3);
  EXPECT_EQ(score.reasons.at("truncated"), 1);
  EXPECT_EQ(score.mistakes.size(), 2u);
}

TEST_F(ScoreTest, ALineMayNameItsFormat) {
  ASSERT_TRUE(Read(R"({"gold":"5","response":"The answer is 5.","format":"plain","expected":true}
{"gold":"5","response":"The answer is 5.","expected":false}
)")) << error_;
  EXPECT_EQ(RunScore(cases_, {}, /*seconds=*/0).all.right, 2);
}

TEST_F(ScoreTest, TheObjectHasTheKeysThatScriptsRead) {
  ASSERT_TRUE(Read("{\"gold\":\"5\",\"answer\":\"5\",\"kind\":\"k\"}\n"));
  const auto json = nlohmann::json::parse(ScoreJson(RunScore(cases_, {}, /*seconds=*/0.01)));
  for (const auto& timing : {json["single"], json["all"], json["kinds"]["k"]}) {
    for (const char* key : {"grades_per_second", "p50_ms", "p99_ms", "max_ms"}) {
      EXPECT_GT(timing[key].get<double>(), 0) << key;
    }
  }
}

TEST_F(ScoreTest, MalformedLinesAreNamed) {
  const std::string good = "{\"gold\":\"5\",\"answer\":\"5\"}\n";
  for (const auto& [line, why] : std::vector<std::pair<std::string, std::string>>{
           {"{", "parse error"},
           {"[]", "not an object"},
           {"{\"answer\":\"5\"}", "\"gold\" is missing"},
           {"{\"gold\":5,\"answer\":\"5\"}", "\"gold\" is neither"},
           {"{\"gold\":[],\"answer\":\"5\"}", "\"gold\" is neither"},
           {"{\"gold\":[5],\"answer\":\"5\"}", "no string"},
           {"{\"gold\":\"5\"}", "no answer"},
           {"{\"gold\":\"5\",\"answer\":5}", "\"answer\" is no string"},
           {"{\"gold\":\"5\",\"response_b64\":\"*\"}", "no base64"},
           {"{\"gold\":\"5\",\"answer\":\"5\",\"expected\":1}", "\"expected\" is neither"},
           {"{\"gold\":\"5\",\"answer\":\"5\",\"grader\":\"x\"}", "no grader \"x\""},
           {"{\"gold\":\"5\",\"answer\":\"5\",\"format\":\"x\"}", "no format \"x\""}}) {
    EXPECT_FALSE(Read(good + line + "\n")) << line;
    EXPECT_THAT(error_, StartsWith(path_ + ":2: ")) << line;
    EXPECT_THAT(error_, HasSubstr(why)) << line;
    EXPECT_THAT(error_, HasSubstr("a line is an object with")) << line;
  }
  EXPECT_FALSE(ReadCases("/no/such/file", RewardFormat::kBoxed, &cases_, &error_));
}

}  // namespace
}  // namespace drover::verifier
