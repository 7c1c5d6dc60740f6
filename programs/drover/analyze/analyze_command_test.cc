#include "programs/drover/analyze/analyze_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/testing/temp_folder.h"
#include "programs/drover/analyze/session.h"
#include "services/http/server.h"

namespace drover::cli::analyze {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// A server that is both a model (asked with prompts) and a judge (asked with chats).
class AnalyzeTest : public ::testing::Test {
 protected:
  AnalyzeTest() {
    http::Routes routes;
    routes.AddHandler("POST", "/v1/completions",
                      [this](http::Request request, std::unique_ptr<http::Reply> reply) {
                        reply->Send(Model(Json::parse(request.body)));
                      });
    routes.AddHandler("POST", "/v1/chat/completions",
                      [this](http::Request request, std::unique_ptr<http::Reply> reply) {
                        reply->Send(Judge(Json::parse(request.body)));
                      });
    server_ = http::Server::Start({}, std::move(routes)).value();
    std::ofstream suite(folder_.path() + "/sums.jsonl");
    for (int i = 1; i <= 6; ++i) {
      suite << Json(
                   {{"problem", absl::StrCat("What is ", i, " + ", i, "?")}, {"answer", absl::StrCat(2 * i)}})
            << "\n";
    }
  }

  // Under the template "none" it goes on with questions; otherwise it answers, right for the first response of a request alone.
  http::Response Model(const Json& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++asked_;
    if (asked_ > patience_) return http::Text(400, "tired");
    const std::string prompt = request["prompt"];
    int number = 0;
    std::istringstream(prompt.substr(prompt.find("What is ") + 8)) >> number;
    Json body = {{"choices", Json::array()}, {"usage", {{"completion_tokens", 10}}}};
    for (int i = 0; i < request["n"].get<int>(); ++i) {
      std::string text =
          absl::StrCat(" Let me double-check: ", number, " + ", number, " = \\boxed{", 2 * number + i, "}");
      if (prompt.rfind("What", 0) == 0) text = " What is 100 + 1?";
      body["choices"].push_back({{"index", i}, {"text", text}, {"finish_reason", "stop"}});
    }
    return {.head = {.type = "application/json"}, .body = body.dump()};
  }

  http::Response Judge(const Json& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++judged_;
    const std::string prompt = request["messages"][0]["content"];
    const bool reflection = absl::StrContains(prompt, "OFFTOPIC");
    const bool boxed = absl::StrContains(prompt, "boxed{");
    std::string verdict = reflection ? "REFLECTS" : boxed ? "ANSWERS" : "CONTINUES";
    if (absl::StrContains(prompt, "What is 3 +")) verdict = "Well, it depends.";
    return {
        .head = {.type = "application/json"},
        .body =
            Json({{"choices", {{{"message", {{"content", verdict}}}, {"finish_reason", "stop"}}}}}).dump()};
  }

  AnalyzeOptions Options(const std::string& out) {
    AnalyzeOptions options;
    options.model.endpoint = options.judge.endpoint = absl::StrCat("http://127.0.0.1:", server_->port());
    options.model.endpoint_model = "tiny";
    options.judge.model = "judge";
    options.suite = folder_.path();
    options.templates = {"qwen_math", "none"};
    options.out = folder_.path() + "/" + out;
    return options;
  }

  Json Results(const AnalyzeOptions& options, const std::string& kind) {
    return Json::parse(ReadFile(options.out + "/" + kind + ".json").value_or("null"));
  }

  const testing::TempFolder folder_;
  std::mutex mutex_;
  int asked_ = 0, judged_ = 0, patience_ = 100000;
  std::unique_ptr<http::Server> server_;
  std::atomic<bool> stop_ = false;
};

TEST_F(AnalyzeTest, AnsweringByRulesAndJudge) {
  const AnalyzeOptions options = Options("answering");
  ASSERT_TRUE(RunAnalysis(Kind::kAnswering, options, stop_).ok());
  const Json results = Results(options, "answering");
  EXPECT_EQ(results["templates"]["qwen_math"]["answers"]["share"], 1.0);
  EXPECT_EQ(results["templates"]["qwen_math"]["accuracy"]["share"], 1.0);
  EXPECT_EQ(results["templates"]["none"]["answers"]["share"], 0.0);
  EXPECT_EQ(results["templates"]["none"]["judge"]["not_understood"], 1);
  EXPECT_EQ(results["templates"]["none"]["judge"]["share"], 0.0);
  EXPECT_EQ(results["agreement"]["rules_judge"]["agreed"], 1.0);
  EXPECT_EQ(results["agreement"]["labels_judge"]["responses"], 102);
  EXPECT_EQ(judged_, 12 + 102);
  EXPECT_THAT(ReadFile(options.out + "/answering.svg").value_or(""), HasSubstr("</svg>"));
  EXPECT_THAT(ReadFile(options.out + "/report.md").value_or(""),
              HasSubstr("Which template makes tiny at http://127.0.0.1"));
  EXPECT_THAT(ReadFile(options.out + "/judge/answering.jsonl").value_or(""), HasSubstr("Well, it depends."));
  // All of it is there: nobody is asked again.
  const int asked = asked_, judged = judged_;
  ASSERT_TRUE(RunAnalysis(Kind::kAnswering, options, stop_).ok());
  EXPECT_EQ(asked_, asked);
  EXPECT_EQ(judged_, judged);
}

// Of several models, whose sessions have joined, the first alone asks the judge about what is no model's.
TEST_F(AnalyzeTest, TheJudgeIsAskedOnceAboutWhatIsNoModels) {
  AnalysisProgress progress(2);
  const std::string shared = folder_.path() + "/several";
  for (const char* out : {"several/models/a", "several/models/b"}) {
    Session session(Kind::kAnswering, Options(out), stop_);
    ASSERT_TRUE(session.Check().ok());
    session.Join(&progress, out, shared);
    ASSERT_TRUE(session.Open().ok());
    const auto verdicts =
        session.JudgeShared(analysis::AnsweringTask(), "labelled",
                            {{"one", "What is 1 + 1?", "boxed{2}"}, {"two", "What is 2 + 2?", "5"}});
    ASSERT_TRUE(verdicts.ok()) << verdicts.status();
    EXPECT_EQ((*verdicts)[0].verdict, analysis::kJudgedAnswers);
    EXPECT_EQ((*verdicts)[1].verdict, analysis::kJudgedContinues);
  }
  EXPECT_EQ(judged_, 2);
  EXPECT_TRUE(std::filesystem::exists(shared + "/judge/labelled.jsonl"));
  EXPECT_FALSE(std::filesystem::exists(shared + "/models/a/judge"));
}

TEST_F(AnalyzeTest, WhatWasAnsweredBeforeAnErrorIsKept) {
  const AnalyzeOptions options = Options("kept");
  patience_ = 7;
  EXPECT_TRUE(absl::IsInvalidArgument(RunAnalysis(Kind::kAnswering, options, stop_)));
  EXPECT_TRUE(Results(options, "answering").is_null());
  asked_ = 0;
  patience_ = 100000;
  ASSERT_TRUE(RunAnalysis(Kind::kAnswering, options, stop_).ok());
  EXPECT_LE(asked_, 6);
}

TEST_F(AnalyzeTest, ExplorationOverTemperatures) {
  AnalyzeOptions options = Options("exploration");
  options.judge = {};
  options.n = 4;
  options.k = 2;
  options.temperatures = {0, 0.5};
  ASSERT_TRUE(RunAnalysis(Kind::kExploration, options, stop_).ok());
  const Json results = Results(options, "exploration");
  ASSERT_EQ(results["points"].size(), 4u);
  EXPECT_EQ(results["points"][0]["pass_at_k"], 1.0);  // greedy: the first response, which is right
  EXPECT_NEAR(results["points"][1]["pass_at_k"].get<double>(), 0.5, 1e-12);  // one of four: 1 - C(3,2)/C(4,2)
  EXPECT_EQ(results["points"][3]["pass_at_k"], 0.0);
  EXPECT_THAT(ReadFile(options.out + "/exploration.svg").value_or(""), HasSubstr("</svg>"));
}

TEST_F(AnalyzeTest, ReflectionByKeywordsAndJudge) {
  AnalyzeOptions options = Options("reflection");
  options.templates = {"qwen_math"};
  options.temperatures = {0.5, 1};
  options.n = 2;
  ASSERT_TRUE(RunAnalysis(Kind::kReflection, options, stop_).ok());
  const Json results = Results(options, "reflection");
  ASSERT_EQ(results["groups"].size(), 2u);
  const Json& group = results["groups"][0];
  EXPECT_EQ(group["keywords"]["responses_share"], 1.0);
  EXPECT_EQ(group["keyword_counts"]["double-check"], 12);
  EXPECT_EQ(group["judge"]["categories"]["REFLECTS"], 10);
  EXPECT_EQ(group["judge"]["not_understood"], 2);
  EXPECT_TRUE(group["keywords_accuracy"]["difference"].is_null());  // all of them reflect
}

TEST_F(AnalyzeTest, ReflectionOverARun) {
  const std::string run = folder_.path() + "/run";
  std::filesystem::create_directories(run);
  std::ofstream samples(run + "/samples.jsonl");
  for (int step = 1; step <= 3; ++step) {
    samples << Json({{"step", step},
                     {"group", step},
                     {"prompt", "What is 1 + 1?"},
                     {"responses",
                      {{{"text", step > 1 ? "recheck: 2" : "2"}, {"reward", 1.0}, {"tokens", 4}},
                       {{"text", "3"}, {"reward", 0.0}, {"tokens", 1}}}}})
            << "\n";
  }
  samples.close();
  AnalyzeOptions options;
  options.run = run;
  options.out = folder_.path() + "/over";
  ASSERT_TRUE(RunAnalysis(Kind::kReflection, options, stop_).ok());
  const Json results = Results(options, "reflection");
  ASSERT_EQ(results["groups"].size(), 3u);
  EXPECT_EQ(results["groups"][0]["keywords"]["responses_share"], 0.0);
  EXPECT_EQ(results["groups"][2]["step"], 3);
  EXPECT_EQ(results["groups"][2]["keywords"]["responses_share"], 0.5);
  EXPECT_EQ(results["groups"][2]["keywords_accuracy"]["within_questions"], 1.0);
}

TEST_F(AnalyzeTest, WrongFlagsWriteNothing) {
  for (const auto& change : std::vector<std::function<void(AnalyzeOptions&)>>{
           [](AnalyzeOptions& o) { o.suite = ""; }, [](AnalyzeOptions& o) { o.suite = "/no/such"; },
           [](AnalyzeOptions& o) { o.benchmarks = {"no_such"}; },
           [](AnalyzeOptions& o) { o.folders = {"/no/such"}; }, [](AnalyzeOptions& o) { o.model = {}; },
           [](AnalyzeOptions& o) { o.folders = std::vector<std::string>(9, "/no/such"); },
           [](AnalyzeOptions& o) { o.model.endpoint_model = ""; },
           [](AnalyzeOptions& o) { o.model.api_key_env = "DROVER_TEST_NO_SUCH_KEY"; },
           [](AnalyzeOptions& o) { o.judge.endpoint = ""; },
           [](AnalyzeOptions& o) { o.judge.endpoint = "nonsense"; },
           [](AnalyzeOptions& o) { o.templates = {"no_such"}; },
           [](AnalyzeOptions& o) {
             o.templates = {"none", "none"};
           }}) {
    AnalyzeOptions options = Options("wrong");
    change(options);
    const absl::Status status = RunAnalysis(Kind::kAnswering, options, stop_);
    EXPECT_TRUE(absl::IsInvalidArgument(status) || absl::IsNotFound(status)) << status;
    EXPECT_FALSE(std::filesystem::exists(options.out)) << status;
  }
  AnalyzeOptions options = Options("wrong");
  options.n = 4;
  options.k = 5;
  EXPECT_TRUE(absl::IsInvalidArgument(RunAnalysis(Kind::kExploration, options, stop_)));
  EXPECT_TRUE(absl::IsInvalidArgument(RunAnalysis(Kind::kReflection, options, stop_)));  // two templates
  EXPECT_FALSE(std::filesystem::exists(options.out));
  EXPECT_EQ(asked_, 0);
}

TEST_F(AnalyzeTest, StopIsCancelled) {
  stop_ = true;
  EXPECT_TRUE(absl::IsCancelled(RunAnalysis(Kind::kAnswering, Options("stopped"), stop_)));
}

}  // namespace
}  // namespace drover::cli::analyze
