// Settings that change which processes run, and how they wait for one another.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "services/run/jsonl.h"
#include "tests/system/journal_view.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

uint64_t LargestStaleness(const TrainingRun& run) {
  uint64_t largest = 0;
  for (const Json& line : run.metrics()) largest = std::max(largest, line["staleness_max"].get<uint64_t>());
  return largest;
}

TEST(SettingsTest, StalenessIsZeroWithBoundZero) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(8) + Settings{"staleness.bound=0"});
  if (HasFailure()) return;
  EXPECT_EQ(LargestStaleness(run), 0u);
  ExpectJournalCloses(run, 8, 8);
}

TEST(SettingsTest, ABoundIsUsedAndKept) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(16) + Settings{"staleness.bound=2"});
  if (HasFailure()) return;
  EXPECT_LE(LargestStaleness(run), 2u);
  EXPECT_GE(LargestStaleness(run), 1u) << "actors generate ahead while the learner trains";
  ExpectJournalCloses(run, 16, 8);
}

TEST(SettingsTest, RunningResponsesMayGoOnUnderNewWeights) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(12) +
                  Settings{"staleness.bound=2", "weights.swap=CONTINUE", "loss.old_logprobs=ACTOR"});
  if (HasFailure()) return;
  EXPECT_LE(LargestStaleness(run), 2u);
  ExpectJournalCloses(run, 12, 8);
}

// The same groups (random numbers are named by group, not by who draws them) in one optimizer step.
TEST(SettingsTest, OneAndTwoRanksTakeTheSameStep) {
  TrainingRun base("base");
  base.RunToTheEnd(Tiny(1) + Settings{"run.checkpoint_every=1000"});
  if (HasFailure()) return;
  const Settings again = Tiny(1) + Settings{absl::StrCat("model.path=", base.folder().checkpoint(0)),
                                            "pretrain.batches=0", "evaluation.questions=0",
                                            "learner.minibatch_responses=32", "learner.learning_rate=1e-3"};
  TrainingRun one("one"), two("two");
  one.RunToTheEnd(again + Settings{"learner.ranks=1", "actors.count=1"});
  two.RunToTheEnd(again + Settings{"learner.ranks=2", "actors.count=2", "learner.microbatch_responses=5"});
  if (HasFailure()) return;
  const Json a = one.metrics().at(0), b = two.metrics().at(0);
  EXPECT_EQ(a["reward"], b["reward"]);
  EXPECT_EQ(a["response_tokens"], b["response_tokens"]);
  ASSERT_GT(a["grad_norm"], 0.0) << "a step without a gradient would show nothing";
  EXPECT_NEAR(a["loss"], b["loss"], 1e-6);
  EXPECT_NEAR(b["grad_norm"].get<double>() / a["grad_norm"].get<double>(), 1, 1e-4);
  EXPECT_NEAR(a["entropy"], b["entropy"], 1e-5);
  EXPECT_LT(b["logprob_gap_max"], 1e-3);
}

// The corners other than Dr. GRPO's, and the KL term: GRPO divides by the group's standard deviation.
TEST(SettingsTest, GrpoWithAReference) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(4) + Settings{"advantage.normalize_std=true", "loss.aggregation=RESPONSE_LENGTH",
                                     "loss.kl_coefficient=0.1", "learner.learning_rate=1e-3"});
  if (HasFailure()) return;
  EXPECT_GT(run.metrics().back()["kl"], 0.0) << "the policy has left its reference";
  const auto samples = run::ReadJsonl(run.folder().samples());
  ASSERT_TRUE(samples.ok()) << samples.status();
  int mixed = 0;
  for (const Json& sample : *samples) {
    double squares = 0;
    for (const Json& response : sample["responses"]) {
      squares += std::pow(response["advantage"].get<double>(), 2);
    }
    if (squares == 0) continue;
    ++mixed;
    EXPECT_NEAR(squares / 3, 1, 1e-6) << "sample variance of four advantages: " << sample;
  }
  EXPECT_GT(mixed, 0);
}

TEST(SettingsTest, EqualGroupsAreFilteredAndReplaced) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(4) + Settings{"rollout.drop_equal_groups=true"});
  if (HasFailure()) return;
  for (const Json& line : run.metrics()) EXPECT_EQ(line["zero_advantage_share"], 0.0);
  EXPECT_GT(run.summary()["groups"]["filtered"], 0);
  ExpectJournalCloses(run, 4, 8);
}

TEST(SettingsTest, QuestionsFromAFile) {
  TrainingRun run("run");
  std::string lines;
  for (int a = 1; a < 9; ++a) {
    for (int b = 1; b < 9; ++b) {
      lines += Json({{"problem", absl::StrCat(a, "+", b)}, {"answer", absl::StrCat(a + b)}}).dump() + "\n";
    }
  }
  const std::string file = TestFolder() + "/sums.jsonl";
  ASSERT_TRUE(WriteFileAtomically(file, lines).ok());
  run.RunToTheEnd(Tiny(3) + Settings{"data.train=" + file, "data.template={question}:", "pretrain.batches=0",
                                     "evaluation.questions=8"});
  if (HasFailure()) return;
  const auto samples = run::ReadJsonl(run.folder().samples());
  ASSERT_TRUE(samples.ok()) << samples.status();
  for (const Json& sample : *samples) {
    const std::string prompt = sample["prompt"];
    ASSERT_EQ(prompt.size(), 4u) << prompt;
    EXPECT_EQ(sample["gold"][0], absl::StrCat(prompt[0] - '0' + prompt[2] - '0'));
  }
  ExpectJournalCloses(run, 3, 8);
}

TEST(SettingsTest, TwoRanksResume) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(2) + Settings{"learner.ranks=2"});
  if (HasFailure()) return;
  run.Resume({"run.steps=4", "learner.ranks=1"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  ExpectEachStepOnce(run, 4);
  ExpectJournalCloses(run, 4, 8);
}

}  // namespace
}  // namespace drover::system_test
