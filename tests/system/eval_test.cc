// `drover eval` and `drover compare` as a person starts them, with a very small model whose weights mean nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"
#include "programs/launch/process.h"
#include "services/run/jsonl.h"
#include "tests/system/cluster.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

using ::testing::HasSubstr;

class EvalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model::testing::WriteModelDirectory(folder_ + "/model", model::testing::TinyConfig(),
                                        model::testing::FilledWeights(model::testing::TinyConfig()));
    Write("model/tokenizer.json", model::CharacterTokenizerJson("0123456789+=? abcdefghijklmnopqrst\n"));
    std::filesystem::create_directories(folder_ + "/suite");
    WriteBenchmark("sums", 6);
    WriteBenchmark("more", 4);
  }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, text).ok());
  }
  void WriteBenchmark(const std::string& name, int questions) {
    std::string lines;
    for (int i = 0; i < questions; ++i) {
      lines += Json({{"problem", absl::StrCat(i, "+1=")}, {"answer", i + 1.0}, {"level", 1 + i % 2}}).dump() +
               "\n";
    }
    Write("suite/" + name + ".jsonl", lines);
  }

  // `more` flags take the place of those of the same name.
  std::vector<std::string> Arguments(const std::string& out, const std::vector<std::string>& more) {
    std::map<std::string, std::string> flags = {{"--model", folder_ + "/model"},
                                                {"--suite", folder_ + "/suite"},
                                                {"--out", folder_ + "/" + out},
                                                {"--format", "plain"},
                                                {"--device", "cpu"},
                                                {"--threads", "1"},
                                                {"--max-response-tokens", "8"}};
    for (size_t i = 0; i + 1 < more.size(); i += 2) flags[more[i]] = more[i + 1];
    std::vector<std::string> arguments = {"eval", "--json"};
    for (const auto& [flag, value] : flags) arguments.insert(arguments.end(), {flag, value});
    return arguments;
  }
  std::string FewShot() {
    Write("few_shot.jsonl", "{\"problem\":\"2+3=\",\"solution\":\"5\"}\n");
    return folder_ + "/few_shot.jsonl";
  }
  Answer Eval(const std::string& out, const std::vector<std::string>& more = {}) {
    return Drover(Arguments(out, more), "", absl::Minutes(3));
  }
  std::vector<Json> Responses(const std::string& out) {
    return run::ReadJsonl(folder_ + "/" + out + "/responses.jsonl").value_or(std::vector<Json>());
  }

  std::map<std::string, Json> ById(const std::string& out) {
    std::map<std::string, Json> records;
    for (const Json& record : Responses(out)) records[record["id"]] = record;
    return records;
  }

  const std::string folder_ = TestFolder();
};

TEST_F(EvalTest, JsonFolderAndASecondStart) {
  const Answer answer = Eval("out", {"--n", "4", "--temperature", "1", "--template", "q {question}"});
  ASSERT_EQ(answer.status, 0) << answer.errors;
  const Json results = Json::parse(answer.output);
  EXPECT_EQ(results["model"], folder_ + "/model");
  EXPECT_EQ(results["template"], "q {question}");
  EXPECT_EQ(results["n"], 4);
  EXPECT_EQ(results["temperature"], 1.0);
  const Json& sums = results["benchmarks"]["sums"];
  EXPECT_EQ(sums["questions"], 6);
  EXPECT_EQ(sums["interval"].size(), 2u);
  EXPECT_EQ(sums["pass_at_k"].size(), 3u);  // 1, 2, 4
  EXPECT_EQ(sums["pass_at_k"]["1"], sums["accuracy"]);
  EXPECT_EQ(sums["mean_at_k"]["4"], sums["accuracy"]);
  EXPECT_GT(sums["response_tokens"]["mean"], 0);
  EXPECT_EQ(sums["levels"]["1"]["questions"], 3);
  const std::vector<Json> responses = Responses("out");
  ASSERT_EQ(responses.size(), 10u);
  for (const Json& record : responses) {
    EXPECT_EQ(record["responses"].size(), 4u);
    EXPECT_THAT(record["prompt"].get<std::string>(), HasSubstr("q "));
    EXPECT_FALSE(record["responses"][0]["reason"].get<std::string>().empty());
  }
  EXPECT_EQ(Json::parse(ReadFile(folder_ + "/out/results.json").value()), results);
  const Answer again = Eval("out", {"--n", "4", "--temperature", "1", "--template", "q {question}"});
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.output, answer.output);
  const Answer other = Eval("out", {"--n", "2", "--temperature", "1", "--template", "q {question}"});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.errors, HasSubstr("n was 4 and is 2"));
}

// Whenever it is stopped, it goes on to the same responses that it would have come to undisturbed.
TEST_F(EvalTest, CtrlCAndKillLoseNothing) {
  WriteBenchmark("sums", 600);
  const std::vector<std::string> flags = {"--benchmarks",          "sums", "--temperature", "1",
                                          "--max-response-tokens", "60",   "--max-batch",   "8"};
  const Answer whole = Eval("whole", flags);
  ASSERT_EQ(whole.status, 0) << whole.errors;
  for (const int signal : {SIGINT, SIGKILL}) {
    const size_t before = Responses("stopped").size();
    Command command(Arguments("stopped", flags));
    ASSERT_TRUE(Eventually(absl::Minutes(1), [&] { return Responses("stopped").size() > before + 5; }));
    command.Signal(signal);
    EXPECT_EQ(command.Wait(absl::Seconds(30)), signal == SIGINT ? 130 : 128 + SIGKILL) << command.errors();
    if (signal == SIGINT) {
      EXPECT_THAT(command.errors(), HasSubstr(" of 600 questions are answered"));
    }
    EXPECT_LT(Responses("stopped").size(), 600u);
  }
  const Answer resumed = Eval("stopped", flags);
  ASSERT_EQ(resumed.status, 0) << resumed.errors;
  EXPECT_THAT(resumed.errors, HasSubstr("of 600 questions were answered before"));
  EXPECT_EQ(resumed.output, whole.output);
  EXPECT_EQ(Responses("stopped").size(), 600u);
  EXPECT_EQ(ById("stopped"), ById("whole"));
}

// Actors that were there before it, one of which dies, a verifier, and the same responses as from a model of this machine.
TEST_F(EvalTest, AFleetAnswersAsThisMachineDoes) {
  WriteBenchmark("sums", 40);
  const std::string address = absl::StrCat("127.0.0.1:", FreePort());
  const std::string verifier_address = absl::StrCat("127.0.0.1:", FreePort());
  const auto start = [&](const std::string& program, const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {Program(program)};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto process = launch::Process::Start(
        {.name = program, .argv = std::move(argv), .output_file = folder_ + "/" + program + ".log"});
    EXPECT_TRUE(process.ok()) << process.status();
    return std::move(*process);
  };
  launch::Process verifier = start("drover-verifier", {"--listen", verifier_address});
  const auto actor = [&](const std::string& name) {
    return start("drover-actor", {"--name", name, "--learner", address, "--verifier", verifier_address,
                                  "--threads", "1", "--drain-seconds", "1"});
  };
  launch::Process first = actor("first"), second = actor("second");
  const std::vector<std::string> flags = {"--few-shot", FewShot(), "--max-response-tokens",
                                          "60",         "--stop",  "\n"};
  std::vector<std::string> fleet = flags;
  fleet.insert(fleet.end(), {"--fleet", address});

  Command stopped(Arguments("fleet", fleet));
  ASSERT_TRUE(
      Eventually(absl::Minutes(1), [&] { return std::filesystem::exists(folder_ + "/fleet/fleet/logs"); }));
  stopped.Signal(SIGINT);
  EXPECT_EQ(stopped.Wait(absl::Seconds(60)), 130) << stopped.errors();
  first.Signal(SIGKILL);
  const Answer answer = Eval("fleet", fleet);
  ASSERT_EQ(answer.status, 0) << answer.errors;
  EXPECT_THAT(answer.errors, HasSubstr("actors take part with: drover-actor --learner " + address));
  const Answer here = Eval("here", flags);
  ASSERT_EQ(here.status, 0) << here.errors;
  EXPECT_EQ(answer.output, here.output);
  EXPECT_EQ(ById("fleet"), ById("here"));
  EXPECT_EQ(ById("fleet").size(), 44u);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/fleet/fleet/checkpoints/step-000000"));
  const auto end = second.Wait(absl::Seconds(60));
  EXPECT_TRUE(end.has_value() && end->ok()) << "the evaluation is over";
  EXPECT_EQ(Eval("fleet", fleet).output, answer.output) << "of the folder, without a fleet";
}

TEST_F(EvalTest, BadInputWritesNothing) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--benchmarks", "none"}, "has no benchmark none, there are: more, sums"},
      {{"--template", "x"}, "--template: got `x`"},
      {{"--few-shot", folder_ + "/missing"}, "--few-shot: "},
      {{"--grader", "magic"}, "the grader is \"magic\""},
      {{"--template", "chat"}, "--template chat"},
      {{"--format", "boxes"}, "--format is boxes"},
      {{"--endpoint", "ftp://x"}, "the endpoint is no http or https URL"},
      {{"--fleet", "nowhere"}, "--fleet"},
      {{"--fleet", "127.0.0.1:0", "--top-k", "5"}, "--top-p, --top-k and --min-p do not go with --fleet"},
      {{"--fleet", "127.0.0.1:0", "--max-response-tokens", "3000"}, "with --fleet it may be at most"},
      {{"--endpoint", "http://x", "--api-key-env", "DROVER_TEST_NO_SUCH_VARIABLE"},
       "DROVER_TEST_NO_SUCH_VARIABLE"}};
  for (const auto& [flags, why] : cases) {
    const Answer answer = Eval("nothing", flags);
    EXPECT_EQ(answer.status, 2) << why;
    EXPECT_THAT(answer.errors, HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/nothing"));
  }
  const Answer missing = Drover({"eval", "--model", folder_ + "/no-model", "--suite", folder_ + "/suite"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.errors, HasSubstr("no-model"));
}

TEST_F(EvalTest, ComparesTwo) {
  ASSERT_EQ(Eval("a").status, 0);
  ASSERT_EQ(Eval("b", {"--temperature", "1", "--few-shot", FewShot()}).status, 0);
  const Answer answer = Drover({"compare", folder_ + "/a", folder_ + "/b", "--json"});
  ASSERT_EQ(answer.status, 0) << answer.errors;
  const Json comparison = Json::parse(answer.output);
  EXPECT_EQ(comparison["benchmarks"]["sums"]["questions"], 6);
  EXPECT_EQ(comparison["mean"]["questions"], 10);
  EXPECT_EQ(comparison["settings_that_differ"], Json({"few_shot", "sampling.temperature"}));
  EXPECT_EQ(Drover({"compare", folder_ + "/a", folder_ + "/a"}).status, 0);
  ASSERT_EQ(Eval("c", {"--limit", "3"}).status, 0);
  const Answer different = Drover({"compare", folder_ + "/a", folder_ + "/c"});
  EXPECT_EQ(different.status, 2);
  EXPECT_THAT(different.errors, HasSubstr("the first alone has 4 ("));
  EXPECT_EQ(Drover({"compare", folder_ + "/a", folder_ + "/c", "--common"}).status, 0);
  EXPECT_EQ(Drover({"compare", folder_ + "/a", folder_ + "/model"}).status, 2);
}

}  // namespace
}  // namespace drover::system_test
