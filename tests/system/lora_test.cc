// Runs of adapters: what travels, what is kept, and that it is the same policy everywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/system/journal_view.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

constexpr char kAdapters[] = "/adapter_model.safetensors";

// A model that gets some sums right, to be adapted.
std::string Base() {
  TrainingRun base("base");
  base.RunToTheEnd(Tiny(1) + Settings{"run.checkpoint_every=1000", "evaluation.questions=0"});
  return base.folder().checkpoint(0);
}

Settings Adapt(const std::string& base, int steps) {
  return Tiny(steps) + Settings{absl::StrCat("model.path=", base),
                                "pretrain.batches=0",
                                "evaluation.questions=0",
                                "staleness.bound=0",
                                "actors.count=2",
                                "learner.microbatch_responses=5",
                                "learner.lora.rank=4",
                                "learner.lora.alpha=8",
                                "learner.learning_rate=1e-2"};
}

std::string Bytes(const std::string& path) { return ReadFile(path).value_or("nothing at " + path); }

TEST(LoraTest, ActorsAndLearnerHaveOnePolicy) {
  const std::string base = Base();
  if (HasFailure()) return;
  for (const char* dtype : {"FLOAT32", "BFLOAT16"}) {
    TrainingRun run(dtype);
    run.RunToTheEnd(Adapt(base, 4) +
                    Settings{absl::StrCat("model.dtype=", dtype), "loss.kl_coefficient=0.01"});
    if (HasFailure()) return;
    for (const Json& line : run.metrics()) {
      EXPECT_EQ(line["logprob_gap_max"], 0.0) << dtype << ": " << line;
      EXPECT_GT(line["grad_norm"], 0.0) << line;
    }
    EXPECT_GT(run.metrics().back()["kl"], 0.0) << "the policy has moved from its base";
    ExpectJournalCloses(run, 4, 8);
    EXPECT_NE(Bytes(run.folder().checkpoint(0) + kAdapters), Bytes(run.folder().checkpoint(4) + kAdapters));

    // The checkpoint is a fraction of the model, and merged it is the run's policy.
    const std::string checkpoint = run.folder().checkpoint(4);
    EXPECT_FALSE(std::filesystem::exists(checkpoint + "/model.safetensors"));
    const std::string merged = run.folder().path() + "/merged";
    const Answer exported = Drover({"checkpoint", "export", run.folder().path(), "--out", merged, "--merge"});
    ASSERT_EQ(exported.status, 0) << exported.errors;
    EXPECT_EQ(Drover({"checkpoint", "verify", run.folder().path()}).status, 0);
    const std::string name = std::string(dtype) == "FLOAT32" ? "float32" : "bfloat16";
    const std::string in = run.folder().path() + "/tokens.jsonl", out = run.folder().path() + "/scores.jsonl";
    ASSERT_TRUE(WriteFileAtomically(in, "{\"id\": \"a\", \"token_ids\": [2, 7, 5, 12, 3, 9, 4, 11]}\n").ok());
    const auto scores = [&](const std::string& model) {
      const Answer scored = Drover({"score", "--model", model, "--dtype", name, "--in", in, "--out", out});
      EXPECT_EQ(scored.status, 0) << scored.errors;
      return Bytes(out);
    };
    const std::string of_adapters = scores(checkpoint);
    EXPECT_EQ(of_adapters, scores(merged));
    EXPECT_NE(of_adapters, scores(base));
  }
}

// The same numbers from the checkpoint as from the model that it makes merged: evaluated, and trained on.
TEST(LoraTest, ACheckpointIsEvaluatedAndTrainedOnAsItIs) {
  const std::string base = Base();
  if (HasFailure()) return;
  TrainingRun run("run");
  run.RunToTheEnd(Adapt(base, 2));
  if (HasFailure()) return;
  const std::string adapters = run.folder().checkpoint(2), merged = run.folder().path() + "/merged";
  const Answer exported = Drover({"checkpoint", "export", adapters, "--out", merged, "--merge"});
  ASSERT_EQ(exported.status, 0) << exported.errors;

  const std::string suite = run.folder().path() + "/sums.jsonl";
  ASSERT_TRUE(WriteFileAtomically(suite, "{\"problem\": \"1+2=\", \"answer\": \"3\"}\n").ok());
  const auto evaluated = [&](const std::string& model, const std::string& name) {
    const std::string out = run.folder().path() + "/eval-" + name;
    const Answer answer = Drover({"eval", "--model", model, "--suite", suite, "--out", out, "--format",
                                  "plain", "--device", "cpu", "--max-response-tokens", "8"});
    EXPECT_EQ(answer.status, 0) << answer.errors;
    return Bytes(out + "/responses.jsonl");
  };
  EXPECT_EQ(evaluated(adapters, "adapters"), evaluated(merged, "merged"));

  TrainingRun on_adapters("on_adapters"), on_merged("on_merged");
  const auto train_on = [&](TrainingRun& next, const std::string& model) {
    next.RunToTheEnd(Tiny(2) + Settings{absl::StrCat("model.path=", model), "pretrain.batches=0",
                                        "evaluation.questions=0", "staleness.bound=0"});
  };
  train_on(on_adapters, adapters);
  train_on(on_merged, merged);
  if (HasFailure()) return;
  EXPECT_TRUE(Bytes(on_adapters.folder().checkpoint(2) + "/model.safetensors") ==
              Bytes(on_merged.folder().checkpoint(2) + "/model.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(on_adapters.folder().checkpoint(2) + "/adapter_config.json"));
}

// kill -9, and the adapters are those of a run that was not cut off.
TEST(LoraTest, AKilledRunGoesOnToTheSameBits) {
  const std::string base = Base();
  if (HasFailure()) return;
  const Settings settings = Adapt(base, 8) + Settings{"run.checkpoint_every=3"};
  TrainingRun whole("whole"), killed("killed");
  whole.RunToTheEnd(settings);
  if (HasFailure()) return;
  ASSERT_NO_FATAL_FAILURE(killed.RunKilledAfter(4, 8, settings));
  EXPECT_TRUE(Bytes(whole.folder().checkpoint(8) + kAdapters) ==
              Bytes(killed.folder().checkpoint(8) + kAdapters));

  // Adapters mean nothing over other weights.
  TrainingRun other("other");
  other.RunToTheEnd(Tiny(1) + Settings{"run.seed=9", "run.checkpoint_every=1000", "evaluation.questions=0"});
  if (HasFailure()) return;
  std::filesystem::copy_file(other.folder().checkpoint(0) + "/model.safetensors", base + "/model.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  killed.Resume({"run.steps=9"});
  EXPECT_NE(killed.Wait(), 0);
  EXPECT_THAT(killed.command().errors(), ::testing::HasSubstr("give it the model that the run began with"));
}

// Two ranks take the step of one, but for rounding.
TEST(LoraTest, RanksShareTheFrozenWeights) {
  const std::string base = Base();
  if (HasFailure()) return;
  TrainingRun one("one"), two("two");
  const Settings settings = Adapt(base, 1) + Settings{"learner.minibatch_responses=32"};
  one.RunToTheEnd(settings);
  two.RunToTheEnd(settings + Settings{"learner.ranks=2"});
  if (HasFailure()) return;
  const Json a = one.metrics().at(0), b = two.metrics().at(0);
  EXPECT_EQ(a["reward"], b["reward"]);
  EXPECT_EQ(b["logprob_gap_max"], 0.0);
  ASSERT_GT(a["grad_norm"], 0.0);
  EXPECT_NEAR(b["grad_norm"].get<double>() / a["grad_norm"].get<double>(), 1, 1e-4);
}

TEST(LoraTest, WhatMakesNoSenseIsRefused) {
  const Answer embedded = Drover({"train", "--recipe", "arithmetic", "--set", "learner.lora.rank=4", "--out",
                                  TestFolder() + "/refused"});
  EXPECT_EQ(embedded.status, 2);
  EXPECT_THAT(embedded.errors,
              ::testing::HasSubstr("learner.lora.rank: got 4, may be 0 without a model.path"));
}

}  // namespace
}  // namespace drover::system_test
