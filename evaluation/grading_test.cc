#include "evaluation/grading.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace drover::evaluation {
namespace {

const Grading kPlain = {.format = verifier::RewardFormat::kPlain};

// A question whose gold is its number, answered rightly where that is even.
QuestionRecord Question(int number) {
  QuestionRecord record;
  record.id = absl::StrCat("q/", number);
  record.gold = {absl::StrCat(number)};
  record.responses.push_back({.response = {.text = absl::StrCat("so ", number % 2 == 0 ? number : -1)}});
  return record;
}

TEST(GradingThreads, HandOnEachQuestionOnceAndOneAtATime) {
  constexpr int kQuestions = 300;
  std::map<std::string, double> rewards;  // not locked: it is never called twice at a time
  std::atomic<int> inside = 0;
  {
    GradingThreads grading(kPlain, 4, [&](const QuestionRecord& record) {
      EXPECT_EQ(++inside, 1);
      EXPECT_TRUE(rewards.emplace(record.id, record.responses[0].reward).second) << record.id;
      --inside;
      return absl::OkStatus();
    });
    for (int i = 0; i < kQuestions; ++i) ASSERT_TRUE(grading.Add(Question(i)).ok());
    ASSERT_TRUE(grading.Finish().ok());
  }
  ASSERT_EQ(rewards.size(), static_cast<size_t>(kQuestions));
  for (int i = 0; i < kQuestions; ++i) EXPECT_EQ(rewards[absl::StrCat("q/", i)], i % 2 == 0) << i;
}

TEST(GradingThreads, AFullQueueHoldsTheOneWhoAdds) {
  std::atomic<bool> open = false;
  std::atomic<int> added = 0, done = 0;
  GradingThreads grading(kPlain, 1, [&](const QuestionRecord&) {
    while (!open) absl::SleepFor(absl::Milliseconds(1));
    ++done;
    return absl::OkStatus();
  });
  constexpr int kQuestions = 10'000;
  std::thread adder([&] {
    for (int i = 0; i < kQuestions; ++i, ++added) ASSERT_TRUE(grading.Add(Question(i)).ok());
  });
  int before = -1;
  while (before != added || added == 0) {  // until no more go in
    before = added;
    absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_LT(added, kQuestions);
  open = true;
  adder.join();
  EXPECT_TRUE(grading.Finish().ok());
  EXPECT_EQ(done, kQuestions);
}

TEST(GradingThreads, TheFirstErrorEndsAll) {
  std::atomic<int> handed_on = 0;
  GradingThreads grading(kPlain, 3, [&](const QuestionRecord&) -> absl::Status {
    ++handed_on;
    return absl::ResourceExhaustedError("disk full");
  });
  absl::Status added;
  for (int i = 0; i < 100'000 && added.ok(); ++i) added = grading.Add(Question(i));
  EXPECT_TRUE(absl::IsResourceExhausted(added)) << added;
  EXPECT_TRUE(absl::IsResourceExhausted(grading.Finish()));
  EXPECT_EQ(handed_on, 1);
}

TEST(GradingThreads, LetWhatWaitsGoWhenNobodyFinishes) {
  std::atomic<int> handed_on = 0;
  {
    GradingThreads grading(kPlain, 2, [&](const QuestionRecord&) {
      ++handed_on;
      return absl::OkStatus();
    });
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(grading.Add(Question(i)).ok());
  }
  EXPECT_LE(handed_on, 8);
}

}  // namespace
}  // namespace drover::evaluation
