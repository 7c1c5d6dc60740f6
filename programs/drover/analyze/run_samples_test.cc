#include "programs/drover/analyze/run_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/testing/temp_folder.h"

namespace drover::cli::analyze {
namespace {

std::string Group(int step, int group, const std::string& prompt) {
  return absl::StrCat(
      R"({"step":)", step, R"(,"group":)", group, R"(,"prompt":")", prompt,
      R"(","responses":[{"text":"a","reward":1.0,"tokens":3},{"text":"b","reward":0.0,"tokens":5}]})", "\n");
}

class RunSamplesTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<StepSamples>> Read(const std::string& text, size_t bins = 20) {
    std::ofstream(folder_.path() + "/samples.jsonl") << text;
    return ReadRunSamples(folder_.path(), bins);
  }
  const testing::TempFolder folder_;
};

TEST_F(RunSamplesTest, StepsAreStretches) {
  const auto steps = Read(Group(1, 0, "p") + Group(1, 1, "q") + Group(2, 2, "p"));
  ASSERT_TRUE(steps.ok()) << steps.status();
  ASSERT_EQ(steps->size(), 2u);
  const StepSamples& first = (*steps)[0];
  ASSERT_EQ(first.samples.size(), 4u);
  EXPECT_EQ(first.samples[3].id, "step-1/group-1#1");
  EXPECT_TRUE(first.samples[0].correct);
  EXPECT_FALSE(first.samples[1].correct);
  EXPECT_EQ(first.samples[1].tokens, 5u);
  EXPECT_EQ(first.samples[0].question, (*steps)[1].samples[0].question);
  EXPECT_NE(first.samples[0].question, first.samples[2].question);
}

TEST_F(RunSamplesTest, ManyStepsArePutTogether) {
  std::string text;
  for (int step = 1; step <= 45; ++step) text += Group(step, step, "p");
  const auto steps = Read(text, 20);
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_EQ(steps->size(), 15u);
  EXPECT_EQ(steps->front().first, 1);
  EXPECT_EQ(steps->front().last, 3);
  EXPECT_EQ(steps->back().last, 45);
}

TEST_F(RunSamplesTest, ATornLastLineIsPassedOver) {
  const auto steps = Read(Group(1, 0, "p") + R"({"step":2,"gro)");
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_EQ(steps->size(), 1u);
}

TEST_F(RunSamplesTest, WrongLinesSayWhere) {
  for (const char* line :
       {"nonsense\n", "[]\n", "{}\n", "{\"step\":1,\"group\":1,\"prompt\":\"p\",\"responses\":[{}]}\n",
        "{\"step\":\"1\",\"group\":1,\"prompt\":\"p\",\"responses\":[]}\n"}) {
    const absl::Status status = Read(Group(1, 0, "p") + line).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << line;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("samples.jsonl:2: "));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(Read("").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadRunSamples(folder_.path() + "/none", 5).status()));
}

TEST_F(RunSamplesTest, CheckpointsAreInOrder) {
  EXPECT_FALSE(Checkpoints(folder_.path()).ok());
  for (const char* name : {"step-000010", "step-000002", "step-x", "other"}) {
    std::filesystem::create_directories(folder_.path() + "/checkpoints/" + name);
  }
  const auto checkpoints = Checkpoints(folder_.path());
  ASSERT_TRUE(checkpoints.ok()) << checkpoints.status();
  ASSERT_EQ(checkpoints->size(), 2u);
  EXPECT_EQ((*checkpoints)[0].first, 2);
  EXPECT_EQ((*checkpoints)[1].second, folder_.path() + "/checkpoints/step-000010");
}

}  // namespace
}  // namespace drover::cli::analyze
