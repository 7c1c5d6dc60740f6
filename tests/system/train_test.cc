// `drover train` from its start to its summary, as scripts and people use it.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "model/safetensors.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"
#include "programs/launch/process.h"
#include "services/run/jsonl.h"
#include "tests/system/journal_view.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

std::vector<Json> Lines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(Json::parse(line, nullptr, /*allow_exceptions=*/false));
    EXPECT_TRUE(lines.back().is_object()) << "no JSON object: " << line;
  }
  return lines;
}

// Every element that is opened is closed, in order: enough to tell an XML document from a torn one.
bool IsWellFormed(const std::string& xml) {
  std::vector<std::string> open;
  for (size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const size_t end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(tag[0] == '/', tag.find_first_of(" \n/", 1) - (tag[0] == '/'));
    if (tag[0] == '?' || tag[0] == '!' || tag.back() == '/') continue;
    if (tag[0] != '/') {
      open.push_back(name);
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return false;
    } else {
      open.pop_back();
    }
  }
  return open.empty() && !xml.empty();
}

void ExpectSummary(const Json& summary) {
  EXPECT_EQ(Keys(summary),
            (std::vector<std::string>{"recipe", "steps", "optimizer_steps", "seconds", "accuracy_before",
                                      "accuracy_before_interval", "accuracy_after", "accuracy_after_interval",
                                      "heldout_questions", "reward_first", "reward_last", "groups",
                                      "tokens_generated", "weight_version"}));
  EXPECT_EQ(Keys(summary["groups"]), (std::vector<std::string>{"leased", "trained", "pending", "filtered",
                                                               "expired", "stale", "failed"}));
  EXPECT_EQ(summary["recipe"], "arithmetic");
  EXPECT_EQ(summary["steps"], 6);
  EXPECT_EQ(summary["optimizer_steps"], 12);
  EXPECT_EQ(summary["weight_version"], 6);
  EXPECT_EQ(summary["heldout_questions"], 24);
  for (const char* accuracy : {"accuracy_before", "accuracy_after"}) {
    const Json& interval = summary[std::string(accuracy) + "_interval"];
    EXPECT_LE(interval[0], summary[accuracy]);
    EXPECT_GE(interval[1], summary[accuracy]);
  }
  EXPECT_GT(summary["seconds"], 0);
  EXPECT_GT(summary["reward_first"], 0.0) << "rewards that are all equal would train nothing";
  for (const char* share : {"accuracy_before", "accuracy_after", "reward_first", "reward_last"}) {
    EXPECT_GE(summary[share], 0.0) << share;
    EXPECT_LE(summary[share], 1.0) << share;
  }
}

void ExpectSamples(const run::RunFolder& folder) {
  const auto samples = run::ReadJsonl(folder.samples());
  ASSERT_TRUE(samples.ok()) << samples.status();
  ASSERT_FALSE(samples->empty());
  for (const Json& sample : *samples) {
    EXPECT_FALSE(sample["prompt"].get<std::string>().empty());
    EXPECT_EQ(sample["weight_version"], sample["step"].get<int>() - 1) << "strictly on-policy";
    ASSERT_EQ(sample["responses"].size(), 4u);
    double rewards = 0, advantages = 0;
    for (const Json& response : sample["responses"]) {
      rewards += response["reward"].get<double>();
      advantages += response["advantage"].get<double>();
    }
    // Dr. GRPO: A_i = R_i - mean(R).
    EXPECT_NEAR(advantages, 0, 1e-9);
    const Json& first = sample["responses"][0];
    EXPECT_NEAR(first["advantage"], first["reward"].get<double>() - rewards / 4, 1e-9);
  }
}

void ExpectCheckpoint(const std::string& folder) {
  for (const char* file :
       {"config.json", "generation_config.json", "tokenizer.json", "training_state.safetensors"}) {
    EXPECT_TRUE(std::filesystem::exists(folder + "/" + file)) << folder << "/" << file;
  }
  const auto config = ReadFile(folder + "/config.json");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(Json::parse(*config)["architectures"][0], "LlamaForCausalLM");
  const auto weights = model::OpenModelTensors(folder);
  ASSERT_TRUE(weights.ok()) << weights.status();
}

TEST(TrainTest, AWholeSmallRun) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(6));
  if (HasFailure()) return;
  ExpectSummary(run.summary());
  ExpectEachStepOnce(run, 6);
  ExpectSamples(run.folder());
  ExpectJournalCloses(run, 6, 8);
  EXPECT_EQ(run.folder().CheckpointSteps().value(), (std::vector<uint64_t>{2, 4, 6}));
  for (uint64_t step : {2, 4, 6}) ExpectCheckpoint(run.folder().checkpoint(step));
  EXPECT_TRUE(IsWellFormed(ReadFile(run.folder().reward_svg()).value_or("")));
  // The checkpoint is a model directory for the other commands.
  const Answer tokens = Drover({"tokenize", "--model", run.folder().checkpoint(6)}, "\"12+34:\"\n");
  EXPECT_EQ(tokens.status, 0) << tokens.errors;
  EXPECT_EQ(Json::parse(tokens.output).size(), 6u);
  // The effective recipe loads to itself.
  const Answer recipe = Drover({"recipe", "show", run.folder().recipe()});
  EXPECT_EQ(recipe.status, 0) << recipe.errors;
  EXPECT_EQ(recipe.output, ReadFile(run.folder().recipe()).value_or(""));
  for (const char* process : {"learner-0", "actor-0", "actor-1", "verifier-0"}) {
    EXPECT_FALSE(Lines(ReadFile(run.folder().log(process)).value_or("")).empty()) << process;
    EXPECT_EQ(run.Pid(process), 0) << process << " still runs";
  }
}

// The source is stored in bfloat16; training goes on in float32, and what is saved is no longer rounded.
TEST(TrainTest, ABfloat16ModelIsSavedAsWhatItIs) {
  model::ModelConfig config = model::testing::SmallConfig();
  config.dtype = model::Dtype::kBF16;
  auto tensors = model::testing::FilledWeights(config);
  for (auto& [name, tensor] : tensors) {
    std::string rounded;  // the upper half of each number
    for (size_t i = 2; i < tensor.bytes.size(); i += 4) rounded += tensor.bytes.substr(i, 2);
    tensor.bytes = rounded;
    tensor.dtype = model::Dtype::kBF16;
  }
  const std::string dir = TestFolder() + "/model";
  model::testing::WriteModelDirectory(dir, config, tensors);
  ASSERT_TRUE(
      WriteFileAtomically(dir + "/tokenizer.json", model::CharacterTokenizerJson("0123456789+-*=,;:#. \n"))
          .ok());
  ASSERT_TRUE(WriteFileAtomically(dir + "/chat_template.jinja", "{{ messages }}").ok());
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1) + Settings{"model.path=" + dir, "pretrain.batches=0", "data.max_prompt_tokens=16"});
  const auto weights = model::SafetensorsFile::Open(run.folder().checkpoint(1) + "/model.safetensors");
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ(weights->tensors()[0].dtype, model::Dtype::kF32);
  EXPECT_EQ(run.checkpoint_file(1, "config.json")["torch_dtype"], "float32");
  EXPECT_EQ(ReadFile(run.folder().checkpoint(1) + "/chat_template.jinja").value_or(""), "{{ messages }}");
}

// Where no question is held out there is no accuracy, which is not an accuracy of 0.
TEST(TrainTest, NothingHeldOutIsNoAccuracy) {
  const std::string file = TestFolder() + "/questions.jsonl";
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += absl::StrCat("{\"problem\":\"", i, "+1\",\"answer\":", i + 1, "}\n");
  ASSERT_TRUE(WriteFileAtomically(file, lines).ok());
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1) + Settings{"data.train=" + file, "data.template={question}:", "pretrain.batches=0",
                                     "data.heldout_share=1e-9"});
  EXPECT_TRUE(run.summary()["accuracy_before"].is_null());
  EXPECT_TRUE(run.summary()["accuracy_after"].is_null());
  EXPECT_TRUE(run.metrics()[0]["accuracy"].is_null());
  EXPECT_NE(run.command().errors().find("no question of 40 is held out"), std::string::npos)
      << run.command().errors();
  EXPECT_NE(run.command().output().find("held-out accuracy  not measured"), std::string::npos)
      << run.command().output();
}

// The special token that a tokenizer puts before every text is part of every prompt, once.
TEST(TrainTest, PromptsHaveTheTokenizersSpecialTokens) {
  const model::ModelConfig config = model::testing::SmallConfig();
  const std::string dir = TestFolder() + "/model";
  model::testing::WriteModelDirectory(dir, config, model::testing::FilledWeights(config));
  auto tokenizer = Json::parse(model::CharacterTokenizerJson("0123456789+-*=,;:#. \n"));
  tokenizer["post_processor"] = Json::parse(R"({"type":"TemplateProcessing",
      "single":[{"SpecialToken":{"id":"<pad>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
      "special_tokens":{"<pad>":{"id":"<pad>","ids":[0],"tokens":["<pad>"]}}})");
  ASSERT_TRUE(WriteFileAtomically(dir + "/tokenizer.json", tokenizer.dump()).ok());
  const auto prompt_tokens = [&](const std::string& name, const Settings& more) {
    TrainingRun run(name);
    run.RunToTheEnd(Tiny(1) +
                    Settings{"model.path=" + dir, "pretrain.batches=0", "data.max_prompt_tokens=16"} + more);
    return run.metrics()[0]["prompt_tokens"].get<int>();
  };
  const int with = prompt_tokens("with", {}),
            without = prompt_tokens("without", {"data.add_special_tokens=false"});
  EXPECT_EQ(with, without + 8) << "one for each of 8 prompts";
  EXPECT_EQ(prompt_tokens("written", {"data.template=\"<pad>{question}\""}), with);
}

TEST(TrainTest, ChatsAreWrittenDownByTheModelsTemplate) {
  const model::ModelConfig config = model::testing::SmallConfig();
  const std::string dir = TestFolder() + "/model", file = TestFolder() + "/chats.jsonl";
  model::testing::WriteModelDirectory(dir, config, model::testing::FilledWeights(config));
  ASSERT_TRUE(
      WriteFileAtomically(dir + "/tokenizer.json", model::CharacterTokenizerJson("0123456789+-*=,;:#. \n"))
          .ok());
  ASSERT_TRUE(WriteFileAtomically(dir + "/chat_template.jinja",
                                  "{% for m in messages %}#{{ m.content }}{% endfor %}:")
                  .ok());
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += absl::StrCat(R"({"prompt":[{"role":"system","content":"0"},{"role":"user","content":")", i,
                          R"(+1"}],"reward_model":{"ground_truth":")", i + 1, "\"}}\n");
  }
  ASSERT_TRUE(WriteFileAtomically(file, lines).ok());
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1) + Settings{"model.path=" + dir, "data.train=" + file, "data.template=chat",
                                     "data.problem_key=prompt", "data.answer_key=reward_model.ground_truth",
                                     "pretrain.batches=0", "data.max_prompt_tokens=16"});
  const auto samples = run::ReadJsonl(run.folder().samples());
  ASSERT_TRUE(samples.ok() && !samples->empty());
  for (const Json& sample : *samples) {
    const int sum = std::stoi(sample["gold"][0].get<std::string>());
    EXPECT_EQ(sample["prompt"], absl::StrCat("#0#", sum - 1, "+1:"));
  }
}

TEST(TrainTest, JsonPrintsTheStepsAndThenTheSummary) {
  TrainingRun run("run");
  run.Start(Tiny(3), {"--json"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  const std::vector<Json> lines = Lines(run.command().output());
  ASSERT_EQ(lines.size(), 4u);
  const std::vector<Json> metrics = run.metrics();
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(lines[i], metrics[i]);
  EXPECT_EQ(lines[3], run.summary());
}

TEST(TrainTest, QuietPrintsNothing) {
  TrainingRun run("run");
  run.Start(Tiny(1), {"--quiet"});
  ASSERT_EQ(run.Wait(), 0);
  EXPECT_EQ(run.command().output(), "");
  EXPECT_EQ(run.command().errors(), "");
}

TEST(TrainTest, CtrlCLeavesACheckpointAndTheRunGoesOn) {
  TrainingRun run("run");
  run.Start(Tiny(4000) + Settings{"run.checkpoint_every=1000"});
  ASSERT_TRUE(run.WaitForSteps(2));
  run.command().Signal(SIGINT);
  ASSERT_EQ(run.Wait(), 130) << run.command().errors();
  const auto newest = run.folder().NewestCheckpoint();
  ASSERT_TRUE(newest.has_value());
  EXPECT_GE(*newest, 2u);
  EXPECT_EQ(run.metrics().size(), *newest) << "no trained rollout is lost by an orderly end";
  EXPECT_FALSE(std::filesystem::exists(run.folder().summary()));

  const uint64_t steps = *newest + 2;
  run.Resume({absl::StrCat("run.steps=", steps)}, {"--json"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  EXPECT_EQ(run.summary()["steps"], steps);
  ExpectEachStepOnce(run, steps);
  ExpectJournalCloses(run, steps, 8);
}

TEST(TrainTest, AClosedTerminalLeavesACheckpoint) {
  ::signal(SIGHUP, SIG_DFL);  // what ran the tests may have ignored it, and a run would inherit that
  TrainingRun run("run");
  run.Start(Tiny(4000) + Settings{"run.checkpoint_every=1000"});
  ASSERT_TRUE(run.WaitForSteps(1));
  run.command().Signal(SIGHUP);
  ASSERT_EQ(run.Wait(), 130) << run.command().errors();
  EXPECT_GE(run.folder().NewestCheckpoint().value_or(0), 1u);
}

TEST(TrainTest, AReaderThatGoesAwayLeavesACheckpoint) {
  TrainingRun run("run");
  std::string script = Program("drover") + " train --recipe arithmetic --out " + run.folder().path();
  for (const std::string& setting : Tiny(400) + Settings{"run.checkpoint_every=1000"}) {
    script += " --set '" + setting + "'";
  }
  auto shell = launch::Process::Start({.name = "shell",
                                       .argv = {"/bin/sh", "-c", script + " | head -n 4 > /dev/null"},
                                       .output_file = TestFolder() + "/shell.out"});
  ASSERT_TRUE(shell.ok());
  ASSERT_TRUE(shell->Wait(absl::Seconds(60)).has_value());
  EXPECT_GE(run.folder().NewestCheckpoint().value_or(0), 1u);
  EXPECT_LT(run.folder().NewestCheckpoint().value_or(400), 400u);
  EXPECT_EQ(run.Pid("learner-0"), 0);
}

TEST(TrainTest, OutputThatCannotBeWrittenIsAFailure) {
  TrainingRun run("run");
  std::string script = Program("drover") + " train --recipe arithmetic --json --out " + run.folder().path();
  for (const std::string& setting : Tiny(2)) script += " --set '" + setting + "'";
  auto shell = launch::Process::Start({.name = "shell",
                                       .argv = {"/bin/sh", "-c", script + " > /dev/full"},
                                       .output_file = TestFolder() + "/shell.out"});
  ASSERT_TRUE(shell.ok());
  const auto exit = shell->Wait(absl::Seconds(60));
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->code, 1);
}

// A model without an end-of-sequence token, and a template without stop texts.
TEST(TrainTest, AModelThatNothingEndsIsSaid) {
  TrainingRun first("first");
  first.RunToTheEnd(Tiny(1));
  const std::string model = first.folder().checkpoint(1);
  for (const char* name : {"/config.json", "/generation_config.json"}) {
    Json config = Json::parse(ReadFile(model + name).value_or(""));
    config["eos_token_id"] = nullptr;
    ASSERT_TRUE(WriteFileAtomically(model + name, config.dump()).ok());
  }
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(20) + Settings{"model.path=" + model, "pretrain.batches=0"});
  EXPECT_NE(run.command().errors().find("nothing ends a response"), std::string::npos)
      << run.command().errors();
  EXPECT_EQ(first.command().errors(), "");
}

TEST(TrainTest, AProxyOfTheEnvironmentIsNotAskedForLoopback) {
  ::setenv("http_proxy", "http://127.0.0.1:9", 1);
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1) + Settings{"pretrain.batches=800"});
  ::unsetenv("http_proxy");
  EXPECT_NE(run.command().output().find("pretraining"), std::string::npos) << run.command().output();
}

TEST(TrainTest, ARunFolderThatGoesAwayIsTheReason) {
  TrainingRun run("run");
  run.Start(Tiny(1000));
  ASSERT_TRUE(run.WaitForSteps(1));
  std::filesystem::rename(run.folder().path(), TestFolder() + "/elsewhere");
  EXPECT_EQ(run.Wait(), 1);
  EXPECT_NE(run.command().errors().find("is gone"), std::string::npos) << run.command().errors();
}

TEST(OutputTest, WhatCannotBeWrittenIsAFailureOfAnyCommand) {
  for (const char* command : {" recipes", " recipe show arithmetic"}) {
    auto shell =
        launch::Process::Start({.name = "shell",
                                .argv = {"/bin/sh", "-c", Program("drover") + command + " > /dev/full"},
                                .output_file = TestFolder() + "/shell.out"});
    ASSERT_TRUE(shell.ok());
    const auto exit = shell->Wait(absl::Seconds(20));
    ASSERT_TRUE(exit.has_value());
    EXPECT_EQ(exit->code, 1) << command;
  }
}

TEST(TrainTest, ARolloutThatIsAllCutIsSaid) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(20) + Settings{"rollout.max_response_tokens=2"});
  EXPECT_NE(run.command().errors().find(": every response was cut at 2 tokens"), std::string::npos)
      << run.command().errors();
}

// The last rollout is trained, its evaluation under way: the rollout's record is written all the same, and the next start
// does the evaluation.
TEST(TrainTest, CtrlCDuringAnEvaluationLosesNoRecord) {
  TrainingRun run("run");
  // Training takes seconds, so that the actors can be stopped before the evaluation needs them, whatever else runs here.
  run.Start(Tiny(2) +
            Settings{"learner.epochs=40", "learner.microbatch_responses=2", "learner.learning_rate=1e-9"});
  ASSERT_TRUE(run.WaitForSteps(1));
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    const JournalView journal = InspectJournal(run.folder());
    return journal.leases.size() == 16 && LeasesHeld(journal) == 0;
  })) << "all groups of the second rollout are accepted";
  for (const char* actor : {"actor-0", "actor-1"}) ASSERT_TRUE(run.Kill(actor, SIGSTOP));
  ASSERT_TRUE(
      Eventually(absl::Seconds(60), [&] { return InspectJournal(run.folder()).count["trained"] == 16; }));
  absl::SleepFor(absl::Milliseconds(300));
  run.command().Signal(SIGINT);
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] { return run.Pid("learner-0") == 0; }));
  for (const char* actor : {"actor-0", "actor-1"}) run.Kill(actor, SIGCONT);
  ASSERT_EQ(run.Wait(), 130) << run.command().errors();
  ExpectEachStepOnce(run, 2);
  const auto samples = run::ReadJsonl(run.folder().samples());
  ASSERT_TRUE(samples.ok() && !samples->empty());
  EXPECT_EQ(samples->back()["step"], 2);
  EXPECT_EQ(run::ReadJsonl(run.folder().evaluations())->size(), 1u);

  run.Resume();
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  ExpectEachStepOnce(run, 2);
  EXPECT_EQ(run::ReadJsonl(run.folder().evaluations())->size(), 2u);
  EXPECT_TRUE(run.summary()["accuracy_after"].is_number());
  EXPECT_GT(run.summary()["tokens_generated"], 0);
  ExpectJournalCloses(run, 2, 8);
}

// The run goes on by the recipe that it has until the learner has accepted another.
TEST(TrainTest, AResumeThatFailsLeavesTheRecipe) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1));
  const std::string recipe = ReadFile(run.folder().recipe()).value_or("");
  run.Resume({"run.steps=2", "loss.kl_coefficient=0.1"});  // there is no reference policy
  EXPECT_NE(run.Wait(), 0);
  EXPECT_NE(run.command().errors().find("kl_coefficient"), std::string::npos) << run.command().errors();
  EXPECT_EQ(ReadFile(run.folder().recipe()).value_or(""), recipe);
  run.Resume({"run.steps=2"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  EXPECT_NE(ReadFile(run.folder().recipe())->find("steps: 2"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(run.folder().next_recipe()));
}

// What a first start that was killed in its first seconds leaves.
TEST(TrainTest, AHalfMadeRunBeginsAnew) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1));
  for (const std::string& path : {run.folder().checkpoints(), run.folder().journal(), run.folder().summary(),
                                  run.folder().model() + "/tokenizer.json"}) {
    std::filesystem::remove_all(path);
  }
  run.Resume();
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  ExpectEachStepOnce(run, 1);
  ExpectJournalCloses(run, 1, 8);
  // One that did not even get to its recipe.
  TrainingRun frame("frame");
  ASSERT_TRUE(frame.folder().Create().ok());
  frame.Start(Tiny(1));
  EXPECT_EQ(frame.Wait(), 0) << frame.command().errors();
}

// Before version 0 there is nothing to save: whoever stops the run then is told so.
void StopEarly(TrainingRun& run) {
  run.command().Signal(SIGINT);
  EXPECT_EQ(run.Wait(), 130);
  const std::string& errors = run.command().errors();
  EXPECT_NE(errors.find("stopped before the first checkpoint"), std::string::npos) << errors;
  EXPECT_EQ(errors.find("with a checkpoint"), std::string::npos) << errors;
  EXPECT_EQ(errors.find("killed by signal"), std::string::npos) << errors;
  EXPECT_FALSE(run.folder().NewestCheckpoint().has_value());
}

TEST(TrainTest, CtrlCDuringPretrainingPromisesNoCheckpoint) {
  TrainingRun run("run");
  run.Start(Tiny(1) + Settings{"pretrain.batches=100000"});
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] { return run.Pid("actor-0") != 0; }));
  StopEarly(run);
}

TEST(TrainTest, CtrlCWhileTheProcessesStart) {
  TrainingRun run("run");
  run.Start(Tiny(1) + Settings{"pretrain.batches=100000"});
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] { return run.Pid("learner-0") != 0; }));
  StopEarly(run);
}

TEST(TrainTest, CtrlCTwiceEndsAtOnce) {
  TrainingRun run("run");
  run.Start(Tiny(1000));
  ASSERT_TRUE(run.WaitForSteps(1));
  // A learner that cannot answer does not hold up the second Ctrl-C.
  ASSERT_TRUE(run.Kill("learner-0", SIGSTOP));
  run.command().Signal(SIGINT);
  ASSERT_TRUE(Eventually(absl::Seconds(10),
                         [&] { return run.command().errors().find("stopping") != std::string::npos; }));
  EXPECT_TRUE(run.command().Runs()) << "the first Ctrl-C waits for the learner";
  run.command().Signal(SIGINT);
  EXPECT_EQ(run.Wait(absl::Seconds(10)), 130);
  for (const char* process : {"learner-0", "actor-0", "verifier-0"}) EXPECT_EQ(run.Pid(process), 0);
}

TEST(TrainTest, ARunThatIsDoneIsNotResumedWithoutMoreSteps) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1));
  run.Resume();
  EXPECT_EQ(run.Wait(), 2);
  EXPECT_NE(run.command().errors().find("run.steps"), std::string::npos) << run.command().errors();
  run.Start(Tiny(1));
  EXPECT_EQ(run.Wait(), 2) << "the folder of another run is not overwritten";
  // A run folder may be moved.
  TrainingRun moved("moved");
  std::filesystem::rename(run.folder().path(), moved.folder().path());
  moved.Resume({"run.steps=2"});
  EXPECT_EQ(moved.Wait(), 0) << moved.command().errors();
  ExpectEachStepOnce(moved, 2);
  ExpectJournalCloses(moved, 2, 8);
}

TEST(TrainTest, OneRunAFolder) {
  TrainingRun run("run");
  run.Start(Tiny(12));
  ASSERT_TRUE(run.WaitForSteps(3));  // one more than the newest checkpoint covers
  const Answer second = Drover({"train", "--resume", run.folder().path()});
  EXPECT_EQ(second.status, 2);
  EXPECT_NE(second.errors.find("a run is going on there"), std::string::npos) << second.errors;
  EXPECT_EQ(run.Wait(), 0) << run.command().errors();
  ExpectEachStepOnce(run, 12);
}

}  // namespace
}  // namespace drover::system_test
