#include "analysis/judge_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/memory_file_system.h"

namespace drover::analysis {
namespace {

using evaluation::Ask;
using evaluation::Response;
using evaluation::Sampling;
using ::testing::HasSubstr;

// Says the word that stands in the response; ends after `patience` answers.
class FakeJudge : public evaluation::Responder {
 public:
  absl::Status Respond(absl::Span<const Ask> asks, const Sampling& sampling, const Answered& answered,
                       const std::atomic<bool>&) override {
    for (const Ask& ask : asks) {
      if (asked == patience) return absl::UnavailableError("gone");
      ++asked;
      EXPECT_EQ(sampling.temperature, 0);
      const std::string word = ask.messages.find("fine") != std::string::npos ? "ANSWERS" : "I would say so.";
      if (const absl::Status status = answered(ask, {{word, 1, false}}); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  std::string Describe() const override { return name; }

  std::string name = "fake";
  size_t asked = 0, patience = 1000;
};

class JudgeRunTest : public ::testing::Test {
 protected:
  JudgeRunTest() { EXPECT_TRUE(disk_.MakeFolder("/out").ok()); }

  absl::StatusOr<std::vector<Judgement>> Run(const std::vector<JudgeItem>& items) {
    return RunJudge(AnsweringTask(), items, judge_, {.path = "/out/judge.jsonl", .files = &disk_}, stop_);
  }
  std::string File() { return disk_.Read("/out/judge.jsonl", 1 << 20).value_or(""); }

  drover::testing::MemoryFileSystem disk_;
  FakeJudge judge_;
  std::atomic<bool> stop_ = false;
  const std::vector<JudgeItem> items_ = {{"a", "q", "fine 1"}, {"b", "q", "odd"}, {"c", "q", "fine 2"}};
};

TEST_F(JudgeRunTest, JudgementsAreInOrderAndKept) {
  const auto judgements = Run(items_);
  ASSERT_TRUE(judgements.ok()) << judgements.status();
  EXPECT_EQ((*judgements)[0].verdict, size_t{kJudgedAnswers});
  EXPECT_EQ((*judgements)[1].verdict, std::nullopt);
  EXPECT_EQ((*judgements)[1].raw, "I would say so.");
  EXPECT_THAT(File(), HasSubstr(R"("id":"b","task":"answering","judge":"fake")"));
  EXPECT_THAT(File(), HasSubstr(R"("verdict":null,"raw":"I would say so.")"));
  ASSERT_TRUE(Run(items_).ok());
  EXPECT_EQ(judge_.asked, 3u);  // nothing is asked twice
}

TEST_F(JudgeRunTest, WhatWasJudgedBeforeAnErrorIsKept) {
  judge_.patience = 2;
  EXPECT_TRUE(absl::IsUnavailable(Run(items_).status()));
  judge_.patience = 1000;
  ASSERT_TRUE(Run(items_).ok());
  EXPECT_EQ(judge_.asked, 3u);
}

TEST_F(JudgeRunTest, ATornLineIsCutOffAndAskedAgain) {
  ASSERT_TRUE(Run(items_).ok());
  const std::string whole = File();
  ASSERT_TRUE(disk_.Truncate("/out/judge.jsonl", whole.size() - 5).ok());
  const auto judgements = Run(items_);
  ASSERT_TRUE(judgements.ok()) << judgements.status();
  EXPECT_EQ(judge_.asked, 4u);
  EXPECT_EQ(File(), whole);
}

TEST_F(JudgeRunTest, AnotherJudgeIsAskedAnew) {
  ASSERT_TRUE(Run(items_).ok());
  judge_.name = "another";
  ASSERT_TRUE(Run(items_).ok());
  EXPECT_EQ(judge_.asked, 6u);
}

TEST_F(JudgeRunTest, TheSameTextTwiceIsTwoItems) {
  const auto judgements = Run({{"a", "q", "fine"}, {"b", "q", "fine"}});
  ASSERT_TRUE(judgements.ok()) << judgements.status();
  EXPECT_EQ(judgements->size(), 2u);
  EXPECT_EQ((*judgements)[1].verdict, size_t{kJudgedAnswers});
}

TEST_F(JudgeRunTest, NothingToJudgeWritesNothing) {
  ASSERT_TRUE(Run({}).ok());
  EXPECT_EQ(File(), "");
}

}  // namespace
}  // namespace drover::analysis
