#include "evaluation/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "verifier/grader.h"

namespace drover::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kShared[] = "../shared/data/eval";

class SuiteTest : public ::testing::Test {
 protected:
  SuiteTest() { std::filesystem::create_directories(dir_); }
  ~SuiteTest() override { std::filesystem::remove_all(dir_); }

  void Write(const std::string& name, const std::string& text) { std::ofstream(dir_ + "/" + name) << text; }
  absl::StatusOr<std::vector<Benchmark>> Load(SuiteOptions options = {}) {
    options.path = dir_;
    return LoadSuite(options);
  }
  std::string Why(SuiteOptions options = {}) { return std::string(Load(options).status().message()); }

  const std::string dir_ =
      ::testing::TempDir() + "suite_test." + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

std::vector<std::string> Golds(const std::string& answer) {
  return ParseSuiteLine("{\"problem\":\"p\",\"answer\":" + answer + "}", {})->question.gold;
}

TEST(ParseSuiteLine, ANumberIsANumberAndAListIsAList) {
  EXPECT_THAT(Golds("142.0"), ElementsAre("142"));
  EXPECT_THAT(Golds("-3.000"), ElementsAre("-3"));
  EXPECT_THAT(Golds("44"), ElementsAre("44"));
  EXPECT_THAT(Golds("1.50"), ElementsAre("1.50"));
  EXPECT_THAT(Golds("1.0e20"), ElementsAre("1.0e20"));
  EXPECT_THAT(Golds("\"142.0\""), ElementsAre("142.0"));
  EXPECT_THAT(Golds("\"025\""), ElementsAre("025"));
  EXPECT_THAT(Golds(R"(["9.6\n", "", 7.0, "7.0"])"), ElementsAre("9.6", "7", "7.0"));
  EXPECT_THAT(Golds(R"(["$(1,2), (3,4)$"])"), ElementsAre("$(1,2), (3,4)$"));
}

TEST(ParseSuiteLine, LevelsAndSubjectsUnderTheirNames) {
  const auto labels = [](const std::string& fields) {
    const auto question = ParseSuiteLine("{\"problem\":\"p\",\"answer\":1," + fields + "}", {});
    return question->level + "|" + question->subject;
  };
  EXPECT_EQ(labels(R"("level":5,"subject":"Algebra")"), "5|Algebra");
  EXPECT_EQ(labels(R"("level":"Level 5","type":"Geometry")"), "5|Geometry");
  EXPECT_EQ(labels(R"("level":2.0,"subfield":"Combinatorics")"), "2|Combinatorics");
  EXPECT_EQ(labels(R"("level":null,"subject":["x"])"), "|");
}

TEST_F(SuiteTest, IdsNumbersAndDigests) {
  Write("b.jsonl",
        "\xEF\xBB\xBF{\"problem\":\"1+1=\",\"answer\":2.0}\r\n\r\n{\"problem\":\"2+2=\",\"answer\":\"4\"}");
  Write("a.jsonl", "{\"problem\":\"2+2=\",\"answer\":\"4\"}\n");
  Write("notes.txt", "not a benchmark");
  const auto suite = Load();
  ASSERT_TRUE(suite.ok()) << suite.status();
  ASSERT_EQ(suite->size(), 2u);
  EXPECT_EQ((*suite)[0].name, "a");
  const std::vector<SuiteQuestion>& b = (*suite)[1].questions;
  ASSERT_EQ(b.size(), 2u);
  EXPECT_EQ(b[1].id, "b/1");
  EXPECT_EQ(b[1].question.text, "2+2=");
  EXPECT_EQ(b[1].digest, (*suite)[0].questions[0].digest);  // the same question
  EXPECT_NE(b[1].number, (*suite)[0].questions[0].number);
  const auto limited = Load({.names = {"b"}, .limit = 1});
  EXPECT_EQ((*limited)[0].questions.size(), 1u);
  EXPECT_EQ((*limited)[0].in_file, 2u);
  EXPECT_EQ((*limited)[0].questions[0].number, b[0].number);
  EXPECT_NE((*limited)[0].digest, (*suite)[1].digest);
  EXPECT_EQ(LoadSuite({.path = dir_ + "/b.jsonl"})->front().name, "b");
}

TEST_F(SuiteTest, AFileMayBeOneList) {
  Write("lines.jsonl",
        "{\"problem\":\"1+1\",\"answer\":2}\r\n\n{\"problem\":\"2+2\",\"answer\":[4,\"four\"]}\n");
  Write("list.jsonl",
        "\xEF\xBB\xBF[{\"problem\":\"1+1\",\"answer\":2},\n {\"problem\":\"2+2\",\n  "
        "\"answer\":[4,\"four\"]}]");
  const auto suite = Load();
  ASSERT_TRUE(suite.ok()) << suite.status();
  ASSERT_EQ(suite->at(1).questions.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(suite->at(1).questions[i].digest, suite->at(0).questions[i].digest);
    EXPECT_EQ(suite->at(1).questions[i].question.gold, suite->at(0).questions[i].question.gold);
  }
}

TEST_F(SuiteTest, TheDigestIsOfAllThatDecides) {
  const auto digest = [&](const std::string& line) {
    Write("a.jsonl", line);
    return Load()->front().digest;
  };
  const std::string as_it_is = digest(R"({"problem":"p","answer":"1","level":1})");
  EXPECT_EQ(as_it_is, digest(R"({"level":"1","answer":"1","problem":"p","other":0})"));
  EXPECT_NE(as_it_is, digest(R"({"problem":"p","answer":"2","level":1})"));
  EXPECT_NE(as_it_is, digest(R"({"problem":"q","answer":"1","level":1})"));
  EXPECT_NE(as_it_is, digest(R"({"problem":"p","answer":"1","level":2})"));
}

TEST_F(SuiteTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Why(), HasSubstr("has no .jsonl file"));
  Write("a.jsonl", "{\"problem\":\"p\",\"answer\":\"1\"}\n{\"problem\":\"p\"}\n");
  EXPECT_THAT(Why(), HasSubstr("a.jsonl:2: the line has no `answer`"));
  EXPECT_THAT(Why({.names = {"b"}}), HasSubstr("has no benchmark b, there are: a"));
  EXPECT_THAT(Why({.names = {"a", "a"}}), HasSubstr("benchmark a is named twice"));
  EXPECT_THAT(Why({.limit = 0}), HasSubstr("the limit is 0"));
  Write("a.jsonl", "\n\n");
  EXPECT_THAT(Why(), HasSubstr("a.jsonl: has no question"));
  EXPECT_TRUE(absl::IsNotFound(LoadSuite({.path = dir_ + "/missing"}).status()));
}

// The five benchmarks as they are: every gold can be read, and each counts as an answer to itself.
TEST(SharedSuite, EveryGoldIsAnAnswer) {
  if (!std::filesystem::exists(kShared)) GTEST_SKIP() << "skipped: no data";
  const auto suite = LoadSuite({.path = kShared});
  ASSERT_TRUE(suite.ok()) << suite.status();
  size_t questions = 0, odd = 0;
  for (const Benchmark& benchmark : *suite) {
    for (const SuiteQuestion& question : benchmark.questions) {
      ++questions;
      verifier::GradeRequest request = {.golds = question.question.gold,
                                        .response = question.question.gold.front(),
                                        .already_extracted = true};
      if (verifier::Grade(request).reward == 1) continue;
      ++odd;
      EXPECT_THAT(benchmark.name, ::testing::AnyOf("minerva", "olympiad_bench")) << question.id;
    }
  }
  EXPECT_EQ(questions, 30u + 83 + 500 + 272 + 675);
  EXPECT_LE(odd, 8u);  // malformed in the source
  const auto answer = [&](const Benchmark& benchmark, size_t i, const std::string& response) {
    return verifier::Grade({.golds = benchmark.questions[i].question.gold, .response = response}).reward;
  };
  EXPECT_EQ((*suite)[0].questions[1].question.gold, std::vector<std::string>{"025"});
  EXPECT_EQ(answer((*suite)[0], 1, "\\boxed{25}"), 1);
  EXPECT_EQ((*suite)[1].questions[0].question.gold, std::vector<std::string>{"142"});
  EXPECT_EQ(answer((*suite)[1], 0, "\\boxed{142}"), 1);
  EXPECT_EQ(answer((*suite)[1], 0, "\\boxed{142.04}"), 0);  // and no rounded 142.0
  EXPECT_EQ((*suite)[2].questions[0].level, "2");
  EXPECT_EQ((*suite)[2].questions[0].subject, "Precalculus");
  EXPECT_EQ(answer((*suite)[3], 0, "\\boxed{9.6}"), 1);  // "9.6\n"
}

}  // namespace
}  // namespace drover::evaluation
