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
  EXPECT_EQ(b["logprob_gap_max"], 0.0);
}

// Rollouts trained one after another while an evaluation goes on are those of a run that waits for it, to the last bit, and
// so is what the evaluation says: every response of it is of its version.
TEST(SettingsTest, EvaluationBesideTrainingChangesNothing) {
  const Settings settings = Tiny(8) + Settings{"staleness.bound=0", "evaluation.every=2",
                                               "run.checkpoint_every=8", "learner.learning_rate=1e-3"};
  TrainingRun waits("waits"), beside("beside");
  waits.RunToTheEnd(settings + Settings{"evaluation.wait=true"});
  beside.RunToTheEnd(settings + Settings{"evaluation.wait=false", "evaluation.share=0.05"});
  if (HasFailure()) return;
  const std::vector<Json> a = waits.metrics(), b = beside.metrics();
  for (size_t i = 0; i < 8; ++i) {
    for (const char* name : {"loss", "grad_norm", "entropy", "reward", "response_tokens", "staleness_max"}) {
      EXPECT_EQ(a[i][name], b[i][name]) << name << " of step " << i + 1;
    }
  }
  EXPECT_EQ(waits.evaluations().size(), 5u);
  EXPECT_EQ(waits.evaluations(), beside.evaluations());
  EXPECT_TRUE(a[3]["accuracy"].is_number());
  EXPECT_TRUE(b[3]["accuracy"].is_null()) << "it was not known yet";
  EXPECT_TRUE(b[7]["accuracy"].is_number());
  ExpectJournalCloses(beside, 8, 8);
}

// A guess is a matter of speed.
TEST(SettingsTest, SpeculationChangesNothing) {
  const Settings settings = Tiny(6) + Settings{"staleness.bound=0", "learner.learning_rate=1e-3"};
  TrainingRun plain("plain"), guessing("guessing");
  plain.RunToTheEnd(settings);
  guessing.RunToTheEnd(settings + Settings{"actors.speculation=true"});
  if (HasFailure()) return;
  const std::vector<Json> a = plain.metrics(), b = guessing.metrics();
  for (size_t i = 0; i < 6; ++i) {
    for (const char* name :
         {"loss", "grad_norm", "entropy", "reward", "response_tokens", "logprob_gap_max"}) {
      EXPECT_EQ(a[i][name], b[i][name]) << name << " of step " << i + 1;
    }
  }
  EXPECT_EQ(plain.evaluations(), guessing.evaluations());
}

// On CPUs a token's log-probability has the same bits wherever and beside whatever it is computed: the learner computes
// what the actors recorded, with any number of them, however its microbatches and ranks are cut, and over a kill -9.
void ExpectNoGap(const char* dtype) {
  TrainingRun run("run");
  ASSERT_NO_FATAL_FAILURE(run.RunKilledAfter(
      25, 50,
      Tiny(50) + Settings{absl::StrCat("model.dtype=", dtype), "staleness.bound=0", "actors.count=2",
                          "learner.ranks=2", "learner.microbatch_responses=5", "learner.learning_rate=1e-3",
                          "run.checkpoint_every=10"}));
  const std::vector<Json> lines = run.metrics();
  EXPECT_EQ(lines.back()["incarnation"], 2);
  for (const Json& line : lines) EXPECT_EQ(line["logprob_gap_max"], 0.0) << line;
}

TEST(SettingsTest, TheGapOfActorAndLearnerIsExactlyZero) { ExpectNoGap("FLOAT32"); }

TEST(SettingsTest, TheGapOfActorAndLearnerIsExactlyZeroInBfloat16) { ExpectNoGap("BFLOAT16"); }

// What is saved is not seen: the weights, and so all that is sampled later, are those of LEARNER.
TEST(SettingsTest, CheckedLogprobsChangeNothing) {
  TrainingRun computed("computed"), checked("checked");
  const Settings settings =
      Tiny(5) + Settings{"staleness.bound=0", "learner.minibatch_responses=8", "learner.learning_rate=1e-3"};
  computed.RunToTheEnd(settings);
  checked.RunToTheEnd(settings + Settings{"loss.old_logprobs=CHECKED"});
  if (HasFailure()) return;
  const std::vector<Json> a = computed.metrics(), b = checked.metrics();
  for (size_t i = 0; i < 5; ++i) {
    for (const char* name : {"loss", "grad_norm", "reward", "response_tokens", "logprob_gap_max"}) {
      EXPECT_EQ(a[i][name], b[i][name]) << name << " of step " << i + 1;
    }
  }
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

// Two processes that share `sharding` of their state: killed and resumed they come to the bits of a run that was not, in
// weights and moments, and another number of ranks goes on from there.
void ResumeSharing(const std::string& sharding, const Settings& more = {}) {
  const Settings settings =
      Tiny(6) +
      Settings{"learner.ranks=2",   "learner.sharding=" + sharding, "learner.gradient_exchange=BFLOAT16",
               "staleness.bound=0", "run.checkpoint_every=3",       "learner.learning_rate=1e-3"} +
      more;
  TrainingRun whole("whole"), killed("killed");
  whole.RunToTheEnd(settings);
  ASSERT_NO_FATAL_FAILURE(killed.RunKilledAfter(4, 6, settings));
  for (const char* file : {"model.safetensors", "training_state.shard-00000.safetensors",
                           "training_state.shard-00001.safetensors"}) {
    const auto bytes = ReadFile(whole.folder().checkpoint(6) + "/" + file);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_TRUE(ReadFile(killed.folder().checkpoint(6) + "/" + file).value() == *bytes) << file;
  }
  killed.Resume(
      {"run.steps=8", "learner.ranks=1", "learner.sharding=NONE", "learner.gradient_exchange=FLOAT32"});
  ASSERT_EQ(killed.Wait(), 0) << killed.command().errors();
  ExpectEachStepOnce(killed, 8);
  ExpectJournalCloses(killed, 8, 8);
}

TEST(SettingsTest, RanksThatShareTheirStateResume) { ResumeSharing("GRADIENTS"); }

// In bfloat16 the master weights are in the shards. The reference of a KL is whole on every rank.
TEST(SettingsTest, RanksThatShareTheirWeightsResume) {
  ResumeSharing("WEIGHTS", {"model.dtype=BFLOAT16", "loss.kl_coefficient=0.01"});
}

// A learning rate that blows the policy up: the guard goes back to the checkpoint before and on with a rate that does not.
TEST(SettingsTest, AGuardRollsBackAndTheRunGoesOn) {
  TrainingRun run("guarded");
  run.Start(Tiny(4) + Settings{"learner.learning_rate=0.3", "guards.kl=ROLL_BACK", "guards.kl_limit=0.1",
                               "guards.patience=1", "guards.cooldown=0", "guards.rate_factor=0.0001",
                               "guards.min_rate=0"});
  ASSERT_EQ(run.Wait(), 0) << run.command().output() << run.command().errors();
  EXPECT_NE(run.command().errors().find("guard kl"), std::string::npos) << run.command().errors();
  ExpectEachStepOnce(run, 4);
  const auto events = run::ReadJsonl(run.folder().guards());
  ASSERT_TRUE(events.ok() && events->size() == 1u) << events.status();
  EXPECT_EQ(events->front().at("action"), "ROLL_BACK");
  EXPECT_EQ(events->front().at("back_to"), 0);
  const std::vector<Json> metrics = run.metrics();
  for (const Json& line : metrics) {
    EXPECT_EQ(line.at("incarnation"), 2);
    EXPECT_NEAR(line.at("learning_rate").get<double>(), 3e-5, 1e-12);
  }
  EXPECT_EQ(run.summary().at("weight_version"), 4);
}

// Nothing is left to go back to with: the run ends with the reason and a checkpoint.
TEST(SettingsTest, AGuardEndsTheRun) {
  TrainingRun run("ended");
  run.Start(Tiny(4) + Settings{"learner.learning_rate=0.3", "guards.kl=END_RUN", "guards.kl_limit=0.1",
                               "guards.patience=1"});
  EXPECT_EQ(run.Wait(), 1);
  EXPECT_NE(run.command().errors().find("ended by its recipe (guards.kl)"), std::string::npos)
      << run.command().errors();
  EXPECT_TRUE(run.folder().NewestCheckpoint().value_or(0) > 0);
}

}  // namespace
}  // namespace drover::system_test
