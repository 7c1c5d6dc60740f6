// `drover sft` from its start to its summary, killed, stopped and resumed, as scripts and people use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "services/run/jsonl.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

using testing::HasSubstr;

// Sums of two digits: a model that has seen half of them knows how an answer is written, and many of the others.
std::string SumsFile() {
  const std::string path = TestFolder() + "/sums.jsonl";
  std::ofstream file(path);
  for (int a = 0; a < 10; ++a) {
    for (int b = 0; b < 10; ++b)
      file << R"({"problem": ")" << a << "+" << b << R"(:", "answer": )" << a + b << "}\n";
  }
  return path;
}

Settings TinySft(const std::string& file, const Settings& more = {}) {
  return Settings{absl::StrCat("sft.train=\"", file, "\""),
                  "pretrain.batches=0",
                  "run.device=cpu",
                  "run.checkpoint_every=10",
                  "run.keep_checkpoints=2",
                  "model.embedded.hidden_size=32",
                  "model.embedded.layers=1",
                  "model.embedded.heads=2",
                  "model.embedded.kv_heads=2",
                  "model.embedded.intermediate_size=64",
                  "sft.max_tokens=32",
                  "sft.heldout_share=0.2",
                  "sft.evaluate_every=20",
                  "sft.epochs=20",
                  "sft.batch_examples=16",
                  "sft.microbatch_tokens=60",
                  "sft.learning_rate=1e-2",
                  "sft.warmup_steps=5"} +
         more;
}

// What of a run follows from its recipe: all but what the clock says.
std::vector<Json> Numbers(const TrainingRun& run) {
  std::vector<Json> lines = run.metrics();
  for (Json& line : lines) {
    for (const char* timed : {"seconds", "train_seconds", "tokens_per_second"}) line.erase(timed);
  }
  return lines;
}

std::string Weights(const TrainingRun& run, uint64_t step) {
  return ReadFile(run.folder().checkpoint(step) + "/model.safetensors").value_or("");
}

std::vector<Json> Evaluations(const TrainingRun& run) {
  std::vector<Json> lines = run::ReadJsonl(run.folder().evaluations()).value_or(std::vector<Json>());
  for (Json& line : lines) line.erase("seconds");
  return lines;
}

void ExpectSame(const TrainingRun& run, const TrainingRun& straight) {
  const uint64_t last = straight.summary().at("steps");
  EXPECT_EQ(Numbers(run), Numbers(straight));
  EXPECT_EQ(Evaluations(run), Evaluations(straight));
  EXPECT_FALSE(Weights(run, last).empty());
  EXPECT_TRUE(Weights(run, last) == Weights(straight, last)) << "other bits";
}

TEST(SftTest, LearnsWhatItIsShown) {
  TrainingRun run("sums", "sft");
  run.Start(TinySft(SumsFile()), {"--json"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  const Json summary = run.summary();
  EXPECT_LT(summary.at("heldout_loss_after"), 0.5 * summary.at("heldout_loss_before").get<double>());
  EXPECT_LT(summary.at("loss_last"), 0.3 * summary.at("loss_first").get<double>());
  ExpectEachStepOnce(run, summary.at("steps"));
  EXPECT_EQ(Evaluations(run).front().at("step"), 0);
  EXPECT_EQ(Evaluations(run).back().at("heldout_loss"), summary.at("heldout_loss_after"));
  EXPECT_EQ(run.metrics().back().at("epoch"), 20.0);
  // --json: a line a step, then the summary.
  const std::string output = run.command().output();
  EXPECT_EQ(static_cast<size_t>(std::count(output.begin(), output.end(), '\n')), run.metrics().size() + 1);
  EXPECT_THAT(output, HasSubstr("\"heldout_loss_after\""));
  EXPECT_FALSE(std::filesystem::is_empty(run.folder().tensorboard()));

  // What it made is a model like any other: it answers, and reinforcement learning may begin from it.
  const std::string checkpoint = run.folder().checkpoint(summary.at("steps"));
  const Answer answer = Drover({"generate", "--model", checkpoint, "--prompts", "-", "--out", "-",
                                "--temperature", "0", "--max-new-tokens", "8", "--brief"},
                               R"({"id": 1, "prompt": "3+4:"})");
  EXPECT_EQ(answer.status, 0) << answer.errors;
  EXPECT_THAT(answer.output, HasSubstr("\"finish_reason\":\"stop\""));
  const Answer report = Drover({"report", run.folder().path(), "--out", "-"});
  EXPECT_EQ(report.status, 0) << report.errors;
  EXPECT_THAT(report.output, HasSubstr("heldout_loss"));
  EXPECT_EQ(Drover({"inspect", "run", run.folder().path()}).status, 0);
  const Answer again = Drover({"sft", "--resume", run.folder().path()});
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.errors, HasSubstr("this run is done"));
}

TEST(SftTest, AKilledRunHasTheBitsOfOneThatWasNot) {
  const std::string file = SumsFile();
  TrainingRun straight("straight", "sft"), killed("killed", "sft");
  straight.RunToTheEnd(TinySft(file));
  killed.Start(TinySft(file));
  ASSERT_TRUE(killed.WaitForSteps(17));
  ASSERT_TRUE(killed.Kill("learner-0", SIGKILL));
  EXPECT_NE(killed.Wait(), 0);
  killed.Resume();
  EXPECT_EQ(killed.Wait(), 0) << killed.command().errors();
  ExpectSame(killed, straight);
}

TEST(SftTest, CtrlCLeavesACheckpointAndTheRunGoesOn) {
  const std::string file = SumsFile();
  TrainingRun straight("straight", "sft"), stopped("stopped", "sft");
  straight.RunToTheEnd(TinySft(file));
  stopped.Start(TinySft(file));
  ASSERT_TRUE(stopped.WaitForSteps(13));
  stopped.command().Signal(SIGINT);
  EXPECT_EQ(stopped.Wait(), 130) << stopped.command().errors();
  EXPECT_THAT(stopped.command().errors(), HasSubstr("drover sft --resume"));
  stopped.Resume();
  EXPECT_EQ(stopped.Wait(), 0) << stopped.command().errors();
  ExpectSame(stopped, straight);
}

TEST(SftTest, TwoRanksLearnTheSame) {
  const std::string file = SumsFile();
  TrainingRun one("one", "sft"), two("two", "sft");
  const Settings steps = {"sft.steps=12"};
  one.RunToTheEnd(TinySft(file, steps));
  two.RunToTheEnd(TinySft(file, steps + Settings{"learner.ranks=2"}));
  const std::vector<Json> a = one.metrics(), b = two.metrics();
  ASSERT_EQ(a.size(), 12u);
  ASSERT_EQ(b.size(), 12u);
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i].at("loss"), b[i].at("loss").get<double>(), 1e-3) << i;
}

TEST(SftTest, BadInputIsSaidBeforeAnythingIsWritten) {
  const std::string file = SumsFile();
  const std::string out = TestFolder() + "/out";
  const auto refused = [&](std::vector<std::string> arguments, const std::string& why) {
    arguments.insert(arguments.end(), {"--out", out});
    const Answer answer = Drover(arguments);
    EXPECT_EQ(answer.status, 2) << why << answer.output;
    EXPECT_THAT(answer.errors, HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(out)) << why;
  };
  refused({"sft"}, "--recipe NAME|FILE or --resume DIR is required");
  refused({"sft", "--recipe", "arithmetic"}, "has no sft.train");
  refused({"train", "--recipe", "arithmetic", "--set", "pretrain.batches=0", "--set",
           "sft.train=\"" + file + "\"", "--set", "sft.max_tokens=32"},
          "it is one of `drover sft`");
  const auto with = [&](const Settings& settings) {
    std::vector<std::string> arguments = {"sft", "--recipe", "arithmetic"};
    for (const std::string& setting : TinySft(file, settings))
      arguments.insert(arguments.end(), {"--set", setting});
    return arguments;
  };
  refused(with({"sft.train=\"/nowhere.jsonl\""}), "/nowhere.jsonl");
  refused(with({"sft.response_key=\"solution\""}), "sums.jsonl:1: the record has no `solution`");
  refused(with({"sft.max_tokens=1000"}), "sft.max_tokens");
  refused(with({"sft.format=CHATS"}), "sft.format");
  refused(with({"sft.response_text=\"x\""}), "sft.response_text");
  refused(with({"sft.max_tokens=3"}), "nothing to learn from");
  std::ofstream(file, std::ios::app) << "{\"problem\": \"1+1:\", \"answer\"";
  refused(with({}), "sums.jsonl:101: the record is not JSON");
}

TEST(SftTest, OtherDataIsRefusedOnAResume) {
  const std::string file = SumsFile();
  TrainingRun run("run", "sft");
  run.Start(TinySft(file));
  ASSERT_TRUE(run.WaitForSteps(12));
  run.command().Signal(SIGINT);
  ASSERT_EQ(run.Wait(), 130);
  std::ofstream(file, std::ios::app) << R"({"problem": "1+1+1:", "answer": 3})"
                                     << "\n";
  run.Resume();
  EXPECT_EQ(run.Wait(), 1);
  EXPECT_THAT(run.command().errors(), HasSubstr("other data than when the run began"));
}

}  // namespace
}  // namespace drover::system_test
