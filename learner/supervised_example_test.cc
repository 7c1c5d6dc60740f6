#include "learner/supervised_example.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::learner {
namespace {

using testing::HasSubstr;

constexpr ExampleLimits kLimits = {.vocab_size = 10, .max_positions = 4};

TEST(CheckExamples, TakesWhatFits) {
  EXPECT_TRUE(CheckExamples({{{0}, {9}}, {{1, 2}, {3, 4}}}, kLimits).ok());
}

TEST(CheckExamples, NamesWhatDoesNotFit) {
  const auto refused = [](const std::vector<SupervisedExample>& examples) {
    const absl::Status status = CheckExamples(examples, kLimits);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(refused({}), HasSubstr("without examples"));
  EXPECT_THAT(refused({{{1}, {2}}, {{1}, {}}}), HasSubstr("example 1 has 1 prompt and 0 response tokens"));
  EXPECT_THAT(refused({{{1, 2}, {3, 4, 5}}}), HasSubstr("example 0 has 5 tokens; the model has 4 positions"));
  EXPECT_THAT(refused({{{1}, {10}}}), HasSubstr("example 0 has token id 10, but the vocabulary has 10"));
}

}  // namespace
}  // namespace drover::learner
