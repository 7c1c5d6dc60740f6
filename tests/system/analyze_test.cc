// `drover analyze` of several models as a person starts it, with two very small models whose weights mean nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"
#include "tests/system/command.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AnalyzeSystemTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteModel("a/tiny", 1);
    WriteModel("b/tiny", -2);
    WriteModel("c/other", 3);
    WriteSuite(4);
  }

  // The last norm's weights tell the models apart.
  void WriteModel(const std::string& name, float norm) {
    const model::ModelConfig config = model::testing::TinyConfig();
    model::testing::StoredTensors weights = model::testing::FilledWeights(config);
    std::vector<float> norms;
    for (int64_t i = 0; i < config.hidden_size; ++i) norms.push_back(i % 3 == 0 ? norm : 1);
    weights["model.norm.weight"] = model::testing::Floats({config.hidden_size}, norms);
    model::testing::WriteModelDirectory(Path(name), config, weights);
    Write(name + "/tokenizer.json", model::CharacterTokenizerJson("0123456789+=? abcdefghijklmnopqrst\n"));
  }
  void WriteSuite(int questions) {
    std::string lines;
    for (int i = 0; i < questions; ++i) {
      lines +=
          Json({{"problem", absl::StrCat("add ", i, "+1?")}, {"answer", absl::StrCat(i + 1)}}).dump() + "\n";
    }
    Write("sums.jsonl", lines);
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(Path(name), text).ok());
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  // `models` follow one --model flag each, or all the same one.
  std::vector<std::string> Arguments(const std::string& kind, const std::vector<std::string>& models,
                                     const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"analyze", kind, "--model"};
    for (const std::string& model : models) arguments.push_back(Path(model));
    arguments.insert(arguments.end(), {"--suite", Path("sums.jsonl"), "--out", Path(out), "--device", "cpu",
                                       "--threads", "1", "--max-response-tokens", "40", "--json"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Answer Analyze(const std::string& kind, const std::vector<std::string>& models, const std::string& out,
                 const std::vector<std::string>& more = {"--template", "q {question}", "--template",
                                                         "none"}) {
    return Drover(Arguments(kind, models, out, more), "", absl::Minutes(3));
  }
  static std::vector<std::string> Names(const Answer& answer) {
    std::vector<std::string> names;
    const Json json = Json::parse(answer.output, nullptr, false);
    if (!json.is_object()) return names;
    for (const auto& [name, model] : json["models"].items()) names.push_back(name);
    return names;
  }
  std::string Read(const std::string& name) const { return ReadFile(Path(name)).value_or(""); }

  const std::string folder_ = TestFolder();
};

TEST_F(AnalyzeSystemTest, TwoModelsSideBySide) {
  const Answer answer = Analyze("answering", {"a/tiny", "b/tiny"}, "out");
  ASSERT_EQ(answer.status, 0) << answer.errors;
  EXPECT_THAT(Names(answer), ElementsAre("a/tiny", "b/tiny"));
  const Json results = Json::parse(answer.output);
  EXPECT_EQ(Json::parse(Read("out/answering.json")), results);
  EXPECT_EQ(results["models"]["b/tiny"]["model"], Path("b/tiny"));
  EXPECT_EQ(results["models"]["b/tiny"]["templates"]["none"]["responses"], 4);
  // Each has what an analysis of it alone writes.
  EXPECT_EQ(results["folders"]["b/tiny"], "models/b__tiny");
  EXPECT_EQ(Json::parse(Read("out/models/b__tiny/answering.json")), results["models"]["b/tiny"]);
  EXPECT_THAT(Read("out/models/a__tiny/report.md"),
              HasSubstr("# Which template makes " + Path("a/tiny") + " answer"));
  EXPECT_NE(Read("out/models/a__tiny/responses/none-t0/responses.jsonl"),
            Read("out/models/b__tiny/responses/none-t0/responses.jsonl"));
  EXPECT_THAT(Read("out/report.md"), HasSubstr("(models/b__tiny/report.md)"));
  EXPECT_THAT(Read("out/answering.svg"), HasSubstr("a/tiny"));
  const Answer alone = Analyze("answering", {"b/tiny"}, "alone");
  ASSERT_EQ(alone.status, 0) << alone.errors;
  EXPECT_EQ(Json::parse(alone.output), results["models"]["b/tiny"]);
  EXPECT_EQ(Read("alone/report.md"), Read("out/models/b__tiny/report.md"));
}

TEST_F(AnalyzeSystemTest, AModelMoreAsksTheOthersNothing) {
  const std::vector<std::string> greedy = {"--template", "none", "--temperature", "0"};
  ASSERT_EQ(Analyze("reflection", {"a/tiny"}, "out", greedy).status, 0);
  const Answer refused = Analyze("reflection", {"a/tiny", "c/other"}, "out", greedy);
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.errors, HasSubstr("holds an analysis of one model"));
  const std::vector<std::string> flags = {"--template", "none", "--temperature", "0,1", "--n", "2"};
  const Answer two = Analyze("reflection", {"a/tiny", "c/other"}, "two", flags);
  ASSERT_EQ(two.status, 0) << two.errors;
  const std::string responses = "two/models/other/responses/none-t1/responses.jsonl";
  const auto written = std::filesystem::last_write_time(Path(responses));
  EXPECT_EQ(Analyze("reflection", {"a/tiny", "c/other"}, "two", flags).output, two.output);
  // Behind further flags of the same name, in another order.
  WriteModel("d/third", 4);
  std::vector<std::string> more = flags;
  more.insert(more.end(), {"--model", Path("a/tiny"), "--model", Path("c/other")});
  const Answer three = Analyze("reflection", {"d/third"}, "two", more);
  ASSERT_EQ(three.status, 0) << three.errors;
  EXPECT_THAT(Names(three), ElementsAre("third", "tiny", "other"));
  EXPECT_EQ(Json::parse(three.output)["models"]["other"], Json::parse(two.output)["models"]["other"]);
  EXPECT_EQ(std::filesystem::last_write_time(Path(responses)), written);
}

// Stopped while the second model answers, it goes on there, and comes to what it would have come to undisturbed.
TEST_F(AnalyzeSystemTest, CtrlCLosesNothing) {
  WriteSuite(300);
  const std::vector<std::string> flags = {"--template", "none", "--temperature", "0.5,1", "--n", "4",
                                          "--k",        "2",    "--max-batch",   "8"};
  const Answer whole = Analyze("exploration", {"a/tiny", "c/other"}, "whole", flags);
  ASSERT_EQ(whole.status, 0) << whole.errors;
  Command command(Arguments("exploration", {"a/tiny", "c/other"}, "stopped", flags));
  const std::string second = "stopped/models/other/responses/none-t0.5/responses.jsonl";
  ASSERT_TRUE(Eventually(absl::Minutes(2), [&] { return !Read(second).empty(); })) << command.errors();
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(absl::Seconds(30)), 130) << command.errors();
  EXPECT_THAT(command.errors(), HasSubstr("the same command goes on where it was"));
  EXPECT_NE(Read("stopped/models/tiny/report.md"), "");
  EXPECT_EQ(Read("stopped/report.md"), "");
  const std::string first = "stopped/models/tiny/responses/none-t1/responses.jsonl";
  const auto written = std::filesystem::last_write_time(Path(first));
  const Answer resumed = Analyze("exploration", {"a/tiny", "c/other"}, "stopped", flags);
  ASSERT_EQ(resumed.status, 0) << resumed.errors;
  EXPECT_EQ(resumed.output, whole.output);
  EXPECT_EQ(std::filesystem::last_write_time(Path(first)), written);
}

TEST_F(AnalyzeSystemTest, BadInputWritesNothing) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"a/tiny", "a/tiny"}, "is given twice"},
      {{"a/tiny", "no-model"}, "no-model: no model is there"},
      {std::vector<std::string>(9, "a/tiny"), "9 models are given; one analysis compares at most 8"}};
  for (const auto& [models, why] : cases) {
    const Answer answer = Analyze("answering", models, "nothing");
    EXPECT_EQ(answer.status, 2) << why;
    EXPECT_THAT(answer.errors, HasSubstr(why));
  }
  const Answer run = Analyze("reflection", {"a/tiny", "b/tiny"}, "nothing", {"--run", Path("run")});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.errors, HasSubstr("--run brings its own model"));
  EXPECT_FALSE(std::filesystem::exists(Path("nothing")));
}

}  // namespace
}  // namespace drover::system_test
