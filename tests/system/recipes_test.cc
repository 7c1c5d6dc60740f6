// Wrong recipes are found before anything starts: status 2, the field's name, and not a file written.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <sstream>

#include "base/file.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

struct WrongSetting {
  const char* name;
  Settings settings;
  std::vector<std::string> said;  // all of it is in the message
};

class WrongSettingTest : public ::testing::TestWithParam<WrongSetting> {};

TEST_P(WrongSettingTest, IsRefusedByName) {
  TrainingRun run("run");
  run.Start(GetParam().settings);
  EXPECT_EQ(run.Wait(absl::Seconds(20)), 2);
  for (const std::string& part : GetParam().said) {
    EXPECT_NE(run.command().errors().find(part), std::string::npos)
        << part << " is missing in: " << run.command().errors();
  }
  EXPECT_FALSE(std::filesystem::exists(run.folder().path())) << "something was written";
  EXPECT_EQ(run.command().output(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongSettingTest,
    ::testing::Values(
        WrongSetting{
            "Typo", {"rollout.group_sizee=8"}, {"rollout.group_sizee", "did you mean", "rollout.group_size"}},
        WrongSetting{"GroupOfOne", {"rollout.group_size=1"}, {"rollout.group_size", "1", "2"}},
        WrongSetting{"NotDivisible",
                     {"rollout.prompts=5", "rollout.group_size=3", "learner.minibatch_responses=4"},
                     {"learner.minibatch_responses", "15"}},
        WrongSetting{"Unit", {"leases.ttl_seconds=60s"}, {"leases.ttl_seconds", "seconds"}},
        WrongSetting{"NotANumber", {"learner.learning_rate=fast"}, {"learner.learning_rate", "fast"}},
        WrongSetting{"Negative", {"learner.learning_rate=-1"}, {"learner.learning_rate", "-1"}},
        WrongSetting{
            "UnknownEnum", {"loss.aggregation=MEAN"}, {"loss.aggregation", "CONSTANT", "RESPONSE_LENGTH"}},
        WrongSetting{"MissingModel", {"model.path=/no/such/model"}, {"model.path", "/no/such/model"}},
        WrongSetting{
            "MissingData", {"data.train=/no/such/file.jsonl"}, {"data.train", "/no/such/file.jsonl"}},
        WrongSetting{"TemplateWithoutQuestion", {"data.template=\"Q: \""}, {"data.template", "{question}"}},
        WrongSetting{"UnknownFormat", {"data.reward_format=box"}, {"data.reward_format", "boxed"}},
        WrongSetting{"MixedVersionsNeedActor",
                     {"weights.swap=CONTINUE", "staleness.bound=1"},
                     {"weights.swap", "loss.old_logprobs"}},
        WrongSetting{"Device", {"run.device=gpu"}, {"run.device", "auto", "cuda:"}},
        WrongSetting{"NoSuchGpu", {"run.device=cuda:99"}, {"run.device", "cuda:99"}},
        WrongSetting{"NoValue", {"run.steps"}, {"run.steps", "="}},
        WrongSetting{"Several",
                     {"run.checkpoint_every=0", "rollout.group_size=1"},
                     {"run.checkpoint_every", "rollout.group_size"}}),
    [](const auto& info) { return info.param.name; });

TEST(RecipesTest, AnUnknownRecipeListsThoseThatShip) {
  const std::string out = TestFolder() + "/run";
  const Answer answer = Drover({"train", "--recipe", "arithmetik", "--out", out});
  EXPECT_EQ(answer.status, 2);
  EXPECT_NE(answer.errors.find("arithmetic"), std::string::npos) << answer.errors;
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(RecipesTest, ATypoInAFileIsFoundWithItsPlace) {
  const std::string file = TestFolder() + "/mine.textproto", out = TestFolder() + "/run";
  ASSERT_TRUE(WriteFileAtomically(file, "run {\n  steps: 3\n  sede: 1\n}\n").ok());
  const Answer answer = Drover({"train", "--recipe", file, "--out", out});
  EXPECT_EQ(answer.status, 2);
  for (const std::string& part :
       {file, std::string("line 3"), std::string("`run.sede`"), std::string("`run.seed`")}) {
    EXPECT_NE(answer.errors.find(part), std::string::npos) << part << " in: " << answer.errors;
  }
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(RecipesTest, ShippedRecipesAreListedAndShown) {
  const Answer list = Drover({"recipes"});
  EXPECT_EQ(list.status, 0);
  EXPECT_NE(list.output.find("arithmetic"), std::string::npos);
  const Answer shown = Drover({"recipe", "show", "arithmetic"});
  EXPECT_EQ(shown.status, 0) << shown.errors;
  // A field that no recipe needs to set: its default is there.
  EXPECT_NE(shown.output.find("beta1: 0.9"), std::string::npos) << shown.output;
}

TEST(RecipesTest, WrongFlagsAreStatusTwo) {
  EXPECT_EQ(Drover({"train", "--no-such-flag"}).status, 2);
  EXPECT_EQ(Drover({"train", "--quiet", "--json", "--out", TestFolder() + "/run"}).status, 2);
  EXPECT_EQ(Drover({"train", "--resume", TestFolder() + "/nothing"}).status, 2);
  EXPECT_FALSE(std::filesystem::exists(TestFolder() + "/nothing"));
  EXPECT_EQ(Drover({"no-such-command"}).status, 2);
}

TEST(RecipesTest, WithoutACommandTheCommandsAreListed) {
  const Answer answer = Drover({});
  EXPECT_EQ(answer.status, 2);
  EXPECT_EQ(answer.errors, "");
  EXPECT_LT(answer.output.find("  train "), 40u) << "among the first lines: " << answer.output;
  // All commands that there are, each in a group and with an example.
  size_t commands = 0, examples = 0;
  std::istringstream lines(answer.output);
  for (std::string line; std::getline(lines, line);) {
    commands += line.size() > 2 && line.substr(0, 2) == "  " && line[2] != ' ';
    examples += line.find("Example: ") != std::string::npos;
  }
  EXPECT_GE(commands, 12u);
  EXPECT_EQ(examples, commands);
}

// A directory whose tokenizer has the default alphabet and `more`; its model has embeddings for 32 ids.
std::string WriteModel(const model::testing::StoredTensors& tensors, const std::string& more = "") {
  const std::string dir = TestFolder() + "/model";
  model::testing::WriteModelDirectory(dir, model::testing::SmallConfig(), tensors);
  const std::string alphabet = "0123456789+-*=,;:#. \n" + more;
  EXPECT_TRUE(WriteFileAtomically(dir + "/tokenizer.json", model::CharacterTokenizerJson(alphabet)).ok());
  return dir;
}

// Of a run with that model, which cannot be pretrained here.
Settings WithModel(const std::string& dir) {
  return Tiny(1) + Settings{"model.path=" + dir, "pretrain.batches=0", "data.max_prompt_tokens=16"};
}

TEST(RecipesTest, WeightsThatAreNotFiniteEndTheRunWithTheirName) {
  auto tensors = model::testing::FilledWeights(model::testing::SmallConfig());
  tensors["model.norm.weight"] = model::testing::Floats({8}, {1, NAN});
  TrainingRun run("run");
  run.Start(WithModel(WriteModel(tensors)));
  const int status = run.Wait(absl::Seconds(30));
  EXPECT_TRUE(status == 1 || status == 2) << status;
  EXPECT_NE(run.command().errors().find("tensor model.norm.weight: element 1 is nan"), std::string::npos)
      << run.command().errors();
}

// Whatever is in the files is found before anything is started or written.
void ExpectRefused(const Settings& settings, const std::string& said) {
  TrainingRun run("run");
  run.Start(settings);
  EXPECT_EQ(run.Wait(absl::Seconds(20)), 2);
  EXPECT_NE(run.command().errors().find(said), std::string::npos) << said << " in " << run.command().errors();
  EXPECT_FALSE(std::filesystem::exists(run.folder().path())) << "something was written";
}

TEST(RecipesTest, AModelsFilesAreReadBeforeAnythingIsStarted) {
  auto tensors = model::testing::FilledWeights(model::testing::SmallConfig());
  const std::string dir = WriteModel(tensors);
  ASSERT_TRUE(WriteFileAtomically(dir + "/tokenizer.json", "{}").ok());
  ExpectRefused(WithModel(dir), "tokenizer.json");
  tensors.erase("model.norm.weight");
  ExpectRefused(WithModel(WriteModel(tensors)), "tensor model.norm.weight is missing");
}

TEST(RecipesTest, QuestionsAreReadToTheLastLineAndToken) {
  const std::string dir =
      WriteModel(model::testing::FilledWeights(model::testing::SmallConfig()), "abcdefghijk");  // 34 ids
  std::string lines;
  for (int i = 0; i < 59; ++i) lines += "{\"problem\":\"1+" + std::to_string(i) + "\",\"answer\":1}\n";
  const std::string file = TestFolder() + "/questions.jsonl";
  const Settings settings = WithModel(dir) + Settings{"data.train=" + file};
  ASSERT_TRUE(WriteFileAtomically(file, lines + "{\"problem\":\"1+k\",\"answer\":1}\n").ok());
  ExpectRefused(settings,
                "question 60 (\"1+k\"): token 2 of its prompt, \"k\", has id 33, but the model has "
                "embeddings for 32 ids and the tokenizer 34");
  ASSERT_TRUE(WriteFileAtomically(file, lines + "{\"problem\":\"1+1\"}\n").ok());
  ExpectRefused(settings, file + ":60: the line has no `answer`");
}

TEST(RecipesTest, AResumeCannotChangeWhatARunIsMadeOf) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1));
  const std::string recipe = ReadFile(run.folder().recipe()).value();
  for (const char* setting : {"model.embedded.layers=2", "data.train=/no/such/file", "run.seed=7",
                              "rollout.group_size=8", "pretrain.batches=1"}) {
    run.Resume({"run.steps=2", setting});
    EXPECT_EQ(run.Wait(absl::Seconds(20)), 2) << setting;
    const std::string field = std::string(setting).substr(0, std::string(setting).find('='));
    EXPECT_NE(run.command().errors().find(field), std::string::npos) << run.command().errors();
    EXPECT_EQ(ReadFile(run.folder().recipe()).value(), recipe) << "nothing was written";
  }
}

}  // namespace
}  // namespace drover::system_test
