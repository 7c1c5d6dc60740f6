#include "evaluation/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/faulty_file_system.h"
#include "evaluation/testing/fake_responder.h"

namespace drover::evaluation {
namespace {

using ::drover::testing::AtEveryCall;
using ::drover::testing::FaultyFileSystem;
using ::drover::testing::MemoryFileSystem;
using testing::FakeResponder;
using ::testing::HasSubstr;

constexpr char kFolder[] = "/runs/eval";

// "q<i>" with the answer i.
Benchmark MakeBenchmark(const std::string& name, size_t questions) {
  Benchmark benchmark;
  benchmark.name = name;
  benchmark.digest = name;
  for (size_t i = 0; i < questions; ++i) {
    SuiteQuestion question;
    question.id = name + "/" + std::to_string(i);
    question.number = i;
    question.digest = "digest of " + question.id;
    question.level = i % 2 == 0 ? "1" : "2";
    question.question = {.index = i, .text = "q" + std::to_string(i), .gold = {std::to_string(i)}};
    benchmark.questions.push_back(question);
  }
  return benchmark;
}

// Right where the ask's number is even, in every second response where it is not.
std::vector<Response> Answers(const Ask& ask) {
  std::vector<Response> responses;
  for (uint32_t i = 0; i < ask.n; ++i) {
    const bool right = ask.number % 2 == 0 || i % 2 == 1;
    const std::string answer = std::to_string(right ? ask.number : ask.number + 1);
    responses.push_back(
        {.text = "It is \\boxed{" + answer + "}.", .tokens = right ? 5u : 9u, .truncated = !right});
  }
  return responses;
}

struct Bench {
  std::vector<Benchmark> suite = {MakeBenchmark("amc", 3), MakeBenchmark("math", 4)};
  EvaluationOptions options;
  const PromptBuilder prompts = *PromptBuilder::Create(*data::FindTemplate("none"), nullptr, {});
  std::atomic<bool> stop{false};

  explicit Bench(FileSystem* files) {
    options.folder = kFolder;
    options.files = files;
    options.settings.model = "fake";
    options.settings.prompt_template = *data::FindTemplate("none");
    options.settings.n = 2;
    options.grading_threads = 2;
  }
  absl::StatusOr<Evaluated> Run(Responder& responder) {
    return Evaluate(options, suite, prompts, responder, stop);
  }
};

TEST(Evaluate, AsksGradesRecordsAndSumsUp) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  FakeResponder responder(Answers);
  Progress last;
  bench.options.progress = [&](const Progress& progress) { last = progress; };
  const auto evaluated = bench.Run(responder);
  ASSERT_TRUE(evaluated.ok()) << evaluated.status();
  ASSERT_EQ(evaluated->results.benchmarks.size(), 2u);
  const BenchmarkResults& amc = evaluated->results.benchmarks[0];
  EXPECT_EQ(amc.name, "amc");
  EXPECT_DOUBLE_EQ(amc.all.accuracy, 5.0 / 6);
  EXPECT_DOUBLE_EQ(amc.pass_at_k.at(1), 5.0 / 6);
  EXPECT_DOUBLE_EQ(amc.pass_at_k.at(2), 1);
  EXPECT_DOUBLE_EQ(*amc.tokens_correct, 5);
  EXPECT_DOUBLE_EQ(*amc.tokens_incorrect, 9);
  EXPECT_DOUBLE_EQ(amc.truncated, 1.0 / 6);
  EXPECT_DOUBLE_EQ(amc.formatted, 1);
  EXPECT_EQ(amc.levels.at("1").questions, 2u);
  EXPECT_DOUBLE_EQ(amc.levels.at("2").accuracy, 0.5);
  EXPECT_EQ(amc.reasons.at("different"), 1u);
  EXPECT_DOUBLE_EQ(evaluated->results.mean, (5.0 / 6 + 0.75) / 2);
  EXPECT_EQ(last.questions_done, 7u);
  EXPECT_EQ(last.responses, 14u);
  EXPECT_EQ(responder.asked().size(), 7u);
  const auto json = nlohmann::json::parse(disk.Contents(std::string(kFolder) + "/results.json"));
  EXPECT_EQ(json["benchmarks"]["amc"]["questions"], 3);
  EXPECT_EQ(json["benchmarks"]["amc"]["mean_at_k"]["2"], json["benchmarks"]["amc"]["accuracy"]);
  EXPECT_EQ(json["template"], "none");
}

TEST(Evaluate, TruncatedResponsesAreGradedUnlessTheyAreWrongByRule) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  const auto all_cut = [](const Ask& ask) {
    std::vector<Response> responses = Answers(ask);
    for (Response& response : responses) response.truncated = true;
    return responses;
  };
  FakeResponder responder(all_cut);
  EXPECT_GT(bench.Run(responder)->results.mean, 0.5);
  bench.options.folder = "/runs/strict";
  bench.options.settings.grading.truncated_is_wrong = true;
  FakeResponder again(all_cut);
  EXPECT_EQ(bench.Run(again)->results.mean, 0);
}

TEST(Evaluate, GoesOnWhereItWasStopped) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  FakeResponder first(Answers);
  first.FailAfter(3, absl::CancelledError("stopped"));
  EXPECT_TRUE(absl::IsCancelled(bench.Run(first).status()));
  FakeResponder second(Answers);
  std::string said;
  bench.options.notice = [&](const std::string& text) { said = text; };
  const auto resumed = bench.Run(second);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(second.asked().size(), 4u);
  EXPECT_THAT(said, HasSubstr("3 of 7 questions were answered before"));
  FakeResponder third(Answers);  // nothing is left to ask
  const auto done = bench.Run(third);
  EXPECT_TRUE(third.asked().empty());
  EXPECT_EQ(ToJson(done->settings, done->results), ToJson(resumed->settings, resumed->results));
}

TEST(Evaluate, RefusesOtherSettings) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  FakeResponder responder(Answers);
  ASSERT_TRUE(bench.Run(responder).ok());
  const auto why = [&](auto change) {
    Bench other(&disk);
    change(other);
    const absl::Status status = other.Run(responder).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(why([](Bench& b) { b.options.settings.n = 4; }), HasSubstr("n was 2 and is 4"));
  EXPECT_THAT(why([](Bench& b) { b.options.settings.sampling.temperature = 0.5; }),
              HasSubstr("sampling.temperature was 0.0 and is 0.5"));
  EXPECT_THAT(why([](Bench& b) { b.options.settings.sampling.min_p = 0.1; }),
              HasSubstr("sampling.min_p was not there and is 0.1"));
  EXPECT_THAT(why([](Bench& b) { b.suite.pop_back(); }), HasSubstr("benchmarks.math was "));
  EXPECT_THAT(why([](Bench& b) { b.options.settings.prompt_template.name = "r1"; }),
              HasSubstr("template.name was"));
  EXPECT_THAT(why([](Bench& b) { b.options.settings.weights = "ff"; }),
              HasSubstr("weights was null and is \"ff\""));
  EXPECT_THAT(why([](Bench& b) { b.options.settings.grading.options.boxed_lists = true; }),
              HasSubstr("grading.boxed_lists was false and is true"));
}

TEST(Evaluate, AFolderWithOtherThingsIsLeftAlone) {
  MemoryFileSystem disk;
  disk.Put(std::string(kFolder) + "/thesis.tex", "years of work");
  Bench bench(&disk);
  FakeResponder responder(Answers);
  const absl::Status status = bench.Run(responder).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("has thesis.tex and no evaluation"));
  EXPECT_TRUE(responder.asked().empty());
}

TEST(Evaluate, OneProcessAFolder) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  ASSERT_TRUE(disk.MakeFolder("/runs").ok());
  ASSERT_TRUE(disk.MakeFolder(kFolder).ok());
  const auto lock = disk.TryLock(std::string(kFolder) + "/lock");
  FakeResponder responder(Answers);
  EXPECT_TRUE(absl::IsFailedPrecondition(bench.Run(responder).status()));
}

TEST(Evaluate, ErrorsOfTheResponderAreTheResult) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  FakeResponder responder(Answers);
  responder.FailAfter(2, absl::UnavailableError("amc/2: the model died"));
  const absl::Status status = bench.Run(responder).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(status.message(), "amc/2: the model died");
}

TEST(Evaluate, ADamagedTailIsAskedAgain) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  const std::string path = std::string(kFolder) + "/responses.jsonl";
  FakeResponder first(Answers);
  ASSERT_TRUE(bench.Run(first).ok());
  const std::string whole = disk.Contents(path);
  for (const std::string& tail :
       {std::string(), std::string("{\"benchmark\":"), std::string("\0\0\0\n", 4)}) {
    const size_t cut = whole.rfind('\n', whole.size() - 2) + 1;  // the last record is gone
    disk.Put(path, whole.substr(0, cut) + tail);
    FakeResponder again(Answers);
    ASSERT_TRUE(bench.Run(again).ok());
    EXPECT_EQ(again.asked().size(), 1u);
    EXPECT_EQ(disk.Contents(path), whole);
  }
}

TEST(Evaluate, ARecordTwiceOrOfAnotherQuestionIsAnError) {
  MemoryFileSystem disk;
  Bench bench(&disk);
  const std::string path = std::string(kFolder) + "/responses.jsonl";
  FakeResponder responder(Answers);
  ASSERT_TRUE(bench.Run(responder).ok());
  const std::string whole = disk.Contents(path);
  disk.Put(path, whole + whole.substr(0, whole.find('\n') + 1));
  EXPECT_TRUE(absl::IsDataLoss(bench.Run(responder).status()));
}

// Whatever call of the disk fails, with a power loss behind it: what goes on from there comes to the same results, and no
// question whose record was durable is asked again.
TEST(Evaluate, ResumesAfterAFaultAnywhere) {
  MemoryFileSystem untouched;
  Bench reference(&untouched);
  FakeResponder all(Answers);
  const auto expected = reference.Run(all);
  ASSERT_TRUE(expected.ok());
  AtEveryCall({}, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
    Bench bench(&files);
    bench.options.grading_threads = 1;
    FakeResponder responder(Answers);
    const absl::Status status = bench.Run(responder).status();
    disk.Crash();
    bench.options.files = &disk;
    FakeResponder again(Answers);
    const auto resumed = bench.Run(again);
    ASSERT_TRUE(resumed.ok()) << resumed.status();
    EXPECT_EQ(ToJson(resumed->settings, resumed->results), ToJson(expected->settings, expected->results));
    EXPECT_TRUE(!status.ok() || again.asked().empty());
  });
}

}  // namespace
}  // namespace drover::evaluation
