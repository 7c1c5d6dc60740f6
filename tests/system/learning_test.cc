// The model gets better, and it does so because of the rewards: the same pretrained weights are trained with real
// rewards (the positive control), with shuffled ones, and with learning rate 0.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

constexpr int kQuestions = 400;

// Half the width of the interval in which two accuracies of the same model on `n` questions differ with probability
// 0.99, were the questions drawn anew for each.
double Interval(double accuracy, int n) { return 2.58 * std::sqrt(2 * accuracy * (1 - accuracy) / n); }

std::string Weights(const TrainingRun& run, uint64_t step) {
  return ReadFile(run.folder().checkpoint(step) + "/model.safetensors").value_or("");
}

const Settings kLearning = {"run.device=cpu", "run.checkpoint_every=1000", "run.keep_checkpoints=2",
                            absl::StrCat("evaluation.questions=", kQuestions)};

TEST(LearningTest, TheGainComesFromTheReward) {
  TrainingRun real("real");
  real.RunToTheEnd(kLearning + Settings{"run.steps=15"}, absl::Minutes(4));
  if (HasFailure()) return;
  const double before = real.summary()["accuracy_before"], after = real.summary()["accuracy_after"];
  const double interval = Interval(before, kQuestions);
  EXPECT_LT(before, 0.4);
  EXPECT_GT(after, before + interval) << "positive control: real rewards raise held-out accuracy";

  const Settings from_pretrained = {absl::StrCat("model.path=", real.folder().checkpoint(0)),
                                    "pretrain.batches=0"};
  TrainingRun still("still");
  still.RunToTheEnd(kLearning + from_pretrained + Settings{"run.steps=2", "learner.learning_rate=0"},
                    absl::Minutes(2));
  if (HasFailure()) return;
  EXPECT_EQ(still.summary()["accuracy_before"], before);
  EXPECT_EQ(still.summary()["accuracy_after"], before) << "learning rate 0 changes nothing";
  EXPECT_EQ(Weights(still, 2), Weights(still, 0));

  TrainingRun shuffled("shuffled");
  shuffled.RunToTheEnd(kLearning + from_pretrained + Settings{"run.steps=15", "reward.shuffle=true"},
                       absl::Minutes(3));
  if (HasFailure()) return;
  EXPECT_EQ(shuffled.summary()["accuracy_before"], before);
  EXPECT_NEAR(shuffled.summary()["accuracy_after"], before, interval) << "shuffled rewards teach nothing";
  EXPECT_NE(Weights(shuffled, 15), Weights(shuffled, 0)) << "it was trained all the same";
}

// Minutes: only with ./drover test --full.
TEST(LearningTest, TheEmbeddedDefaultKeepsItsPromise) {
  if (std::getenv("DROVER_FULL_TESTS") == nullptr) GTEST_SKIP() << "skipped: not a full test (--full)";
  TrainingRun run("run");
  run.RunToTheEnd({}, absl::Minutes(8));
  if (HasFailure()) return;
  const Json summary = run.summary();
  EXPECT_LT(summary["accuracy_before"], 0.4);
  EXPECT_GT(summary["accuracy_after"], 0.9);
  EXPECT_GE(summary["heldout_questions"], 500);
  EXPECT_LT(summary["seconds"], 300.0);
}

}  // namespace
}  // namespace drover::system_test
