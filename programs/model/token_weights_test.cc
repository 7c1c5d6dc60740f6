#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "programs/model/token_weights_command.h"

namespace drover::model_tool {
namespace {

learner::LossOptions Options(learner::Aggregation aggregation) {
  learner::LossOptions options;
  options.aggregation = aggregation;
  options.budget = 100;
  return options;
}

const GradedGroup kHalf{{1, 0, 0, 1}, {10, 10, 40, 20}};
const GradedGroup kEasy{{1, 1, 1, 0}, {5, 5, 5, 5}};

// Dr. GRPO: A_i / (N L), whatever the length.
TEST(TokenWeightsOf, DrGrpoWeighsEachTokenByTheAdvantageAlone) {
  const auto weights = TokenWeightsOf({kHalf, kEasy}, Options(learner::Aggregation::kConstant), false);
  const double unit = 1.0 / (8 * 100);
  const std::vector<double> half{0.5, -0.5, -0.5, 0.5}, easy{0.25, 0.25, 0.25, -0.75};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(weights[0].token_weights[i], half[i] * unit, 1e-15);
    EXPECT_NEAR(weights[1].token_weights[i], easy[i] * unit, 1e-15);
  }
}

// GRPO: (A_i / std) / (N |o_i|).
TEST(TokenWeightsOf, GrpoDividesByLengthAndDeviation) {
  const auto weights = TokenWeightsOf({kHalf, kEasy}, Options(learner::Aggregation::kResponseLength), true);
  const double half_std = std::sqrt(1.0 / 3), easy_std = 0.5;
  const std::vector<double> lengths{10, 10, 40, 20}, signs{0.5, -0.5, -0.5, 0.5};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(weights[0].advantages[i], signs[i] / half_std, 1e-7);
    EXPECT_NEAR(weights[0].token_weights[i], signs[i] / half_std / (8 * lengths[i]), 1e-9);
  }
  EXPECT_NEAR(weights[1].token_weights[3], -0.75 / easy_std / (8 * 5), 1e-9);
}

TEST(TokenWeightsOf, OfNothing) { EXPECT_TRUE(TokenWeightsOf({}, learner::LossOptions(), false).empty()); }

class TokenWeightsFile : public ::testing::Test {
 protected:
  absl::Status Run(const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(in_, text).ok());
    std::filesystem::remove(out_);
    TokenWeightsOptions options;
    options.in = in_;
    options.out = out_;
    options.loss.budget = 10;
    return TokenWeights(options);
  }
  const std::string in_ = ::testing::TempDir() + "token_weights_in.jsonl";
  const std::string out_ = ::testing::TempDir() + "token_weights_out.jsonl";
};

TEST_F(TokenWeightsFile, ALineALine) {
  ASSERT_TRUE(Run("{\"id\":\"a\",\"rewards\":[1,0],\"lengths\":[3,4]}\n").ok());
  EXPECT_EQ(ReadFile(out_).value(),
            "{\"id\":\"a\",\"advantages\":[0.5,-0.5],\"token_weights\":[0.025,-0.025]}\n");
}

TEST_F(TokenWeightsFile, BadLinesNameFileAndLineAndLeaveNoOutput) {
  for (const char* line :
       {"{\"rewards\":[1],\"lengths\":[3]}", "{\"rewards\":[1,0],\"lengths\":[3]}",
        "{\"rewards\":[1,0],\"lengths\":[3,0]}", "{\"rewards\":[1,0],\"lengths\":[3,2.5]}",
        "{\"rewards\":[1,\"x\"],\"lengths\":[3,2]}", "{\"rewards\":[1,0],\"lengths\":[9000000,9000000]}"}) {
    const absl::Status status = Run(std::string("\n") + line + "\n");
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << line;
    EXPECT_NE(std::string(status.message()).find(in_ + ":2: "), std::string::npos) << status.ToString();
    EXPECT_FALSE(std::filesystem::exists(out_));
  }
}

}  // namespace
}  // namespace drover::model_tool
