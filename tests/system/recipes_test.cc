// Wrong recipes are found before anything starts: status 2, the field's name, and not a file written.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
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
        WrongSetting{
            "Several", {"run.steps=0", "rollout.group_size=1"}, {"run.steps", "rollout.group_size"}}),
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
  EXPECT_EQ(Drover({}).status, 2);
}

}  // namespace
}  // namespace drover::system_test
