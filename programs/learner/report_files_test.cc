#include "programs/learner/report_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "recipe/text.h"
#include "services/run/jsonl.h"

namespace drover::learner_process {
namespace {

v1::Group MakeGroup(double reward, int tokens) {
  v1::Group group;
  group.mutable_prompt()->set_text("1+1=");
  group.mutable_prompt()->add_gold("2");
  v1::Response& response = *group.add_responses();
  response.set_reward(reward);
  response.set_text("\xff 2");  // no UTF-8
  for (int i = 0; i < tokens; ++i) response.add_token_ids(1);
  return group;
}

class ReportFilesTest : public ::testing::Test {
 protected:
  ReportFilesTest() : folder_(::testing::TempDir() + "/drover_report_files_test"), reports_(folder_) {
    std::filesystem::remove_all(folder_.path());
    EXPECT_TRUE(folder_.Create().ok());
  }

  void Step(uint64_t step, double reward) {
    run::StepReport report;
    report.step = step;
    report.rollout.reward = reward;
    report.seconds = 10.0 * static_cast<double>(step);
    report.tokens_generated = 100 * step;
    ASSERT_TRUE(reports_.Append(report).ok());
    ASSERT_TRUE(reports_.Append(step, step - 1, {MakeGroup(reward, 3)}, {{0.5}}, 8).ok());
  }

  run::RunFolder folder_;
  ReportFiles reports_;
};

TEST_F(ReportFilesTest, ScoreIsTheShareOfRightGreedyAnswers) {
  const Evaluation e = Score(7, {MakeGroup(1, 2), MakeGroup(0, 4), MakeGroup(1, 6), MakeGroup(1, 0)});
  EXPECT_EQ(e.step, 7u);
  EXPECT_DOUBLE_EQ(e.accuracy(), 0.75);
  EXPECT_DOUBLE_EQ(e.response_length, 3);
}

// A learner that was started with a recipe from elsewhere leaves a folder that can be read.
TEST_F(ReportFilesTest, TheRecipeIsKept) {
  v1::Recipe recipe;
  recipe.set_name("by hand");
  ASSERT_TRUE(reports_.KeepRecipe(recipe).ok());
  EXPECT_EQ(ReadFile(folder_.recipe()).value_or(""), recipe::ToText(recipe));
  recipe.mutable_run()->set_steps(7);
  ASSERT_TRUE(reports_.KeepRecipe(recipe).ok());
  EXPECT_EQ(ReadFile(folder_.recipe()).value_or(""), recipe::ToText(recipe));
}

TEST_F(ReportFilesTest, GoingBackKeepsWhatTheCheckpointCovers) {
  ASSERT_TRUE(reports_.Append(Evaluation{.step = 0, .questions = 4, .correct = 1}).ok());
  for (uint64_t step = 1; step <= 4; ++step) Step(step, 0.1 * static_cast<double>(step));
  ASSERT_TRUE(reports_.Append(Evaluation{.step = 4, .questions = 4, .correct = 3}).ok());

  const auto history = reports_.GoBackTo(2);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->rewards.size(), 2u);
  EXPECT_DOUBLE_EQ(history->seconds, 20);
  EXPECT_EQ(history->tokens_generated, 200u);
  ASSERT_EQ(history->evaluations.size(), 1u);
  EXPECT_DOUBLE_EQ(history->evaluations[0].accuracy(), 0.25);
  EXPECT_EQ(run::ReadJsonl(folder_.samples())->size(), 2u);
}

TEST_F(ReportFilesTest, BenchmarksOfRolloutsThatAreUndoneGo) {
  EXPECT_FALSE(reports_.GoBackTo(0)->benchmarks_step.has_value());
  ASSERT_TRUE(reports_.AppendBenchmarks(0, 1.5, {.results = {{"n", 1}}, .responses = "none\n"}).ok());
  ASSERT_TRUE(reports_.AppendBenchmarks(3, 2, {.results = {{"n", 1}}, .responses = "three\n"}).ok());
  EXPECT_EQ(ReadFile(folder_.path() + "/benchmarks/step-000000.jsonl").value_or(""), "none\n");
  EXPECT_EQ(reports_.GoBackTo(3)->benchmarks_step, 3u);
  EXPECT_EQ(reports_.GoBackTo(2)->benchmarks_step, 0u);
  const auto lines = run::ReadJsonl(folder_.benchmarks());
  ASSERT_EQ(lines->size(), 1u);
  EXPECT_EQ(lines->at(0).dump(), R"({"step":0,"seconds":1.5,"n":1})");
}

// What a crash of the machine leaves in the files is dropped and told, and the rest is written whole.
TEST_F(ReportFilesTest, GoingBackDropsWhatIsNoLine) {
  for (uint64_t step = 1; step <= 2; ++step) Step(step, 0.5);
  ASSERT_TRUE(reports_.Append(Evaluation{.step = 0, .questions = 4, .correct = 1}).ok());
  for (const std::string& path : {folder_.metrics(), folder_.evaluations()}) {
    auto file = PosixFileSystem()->OpenForAppending(path);
    ASSERT_TRUE(file.ok() && (*file)->Append(std::string(100, '\0')).ok());
  }
  const auto history = reports_.GoBackTo(2);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->rewards.size(), 2u);
  EXPECT_EQ(history->evaluations.size(), 1u);
  ASSERT_EQ(history->notices.size(), 2u);
  EXPECT_NE(history->notices[0].find("metrics.jsonl: 1 line that is"), std::string::npos);
  EXPECT_TRUE(reports_.GoBackTo(2)->notices.empty());
}

TEST_F(ReportFilesTest, TimeCountsThatNoStepTellsOf) {
  EXPECT_EQ(reports_.GoBackTo(0)->seconds, 0);
  ASSERT_TRUE(reports_.WriteClock(7.5).ok());
  EXPECT_EQ(reports_.GoBackTo(0)->seconds, 7.5) << "killed before the first step";
  Step(1, 0.5);
  EXPECT_EQ(reports_.GoBackTo(1)->seconds, 10) << "the clock of an earlier release is not there";
  ASSERT_TRUE(reports_.WriteClock(31).ok());
  EXPECT_EQ(reports_.GoBackTo(1)->seconds, 31) << "steps that were undone took their time";
}

TEST_F(ReportFilesTest, SamplesHaveWhatAPersonAsksFor) {
  Step(1, 1);
  const auto samples = run::ReadJsonl(folder_.samples());
  ASSERT_EQ(samples->size(), 1u);
  const auto& sample = samples->front();
  EXPECT_EQ(sample["prompt"], "1+1=");
  EXPECT_EQ(sample["responses"][0]["reward"], 1.0);
  EXPECT_EQ(sample["responses"][0]["advantage"], 0.5);
  EXPECT_EQ(sample["weight_version"], 0);
}

TEST_F(ReportFilesTest, SummaryAndCurveAreWritten) {
  ASSERT_TRUE(reports_.WriteSummary({.recipe = "r"}).ok());
  History history;
  history.rewards = {0.1, 0.2};
  ASSERT_TRUE(reports_.WriteCurve("r", history).ok());
  EXPECT_NE(ReadFile(folder_.reward_svg())->find("</svg>"), std::string::npos);
  EXPECT_NE(ReadFile(folder_.summary())->find("\"recipe\": \"r\""), std::string::npos);
}

}  // namespace
}  // namespace drover::learner_process
