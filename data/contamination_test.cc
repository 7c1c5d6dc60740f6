#include "data/contamination.h"

#include "data/question_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::ElementsAre;

TEST(WordsOf, WhatOnlySetsTheTextDoesNotCount) {
  EXPECT_THAT(WordsOf("Find  $\\dfrac{1}{2} + X_1$, please!"),
              ElementsAre("find", "frac", "1", "2", "x", "1", "please"));
  EXPECT_THAT(WordsOf("find\n$\\displaystyle\\frac12+x_{1}\\!$ please"),
              ElementsAre("find", "frac", "12", "x", "1", "please"));
  EXPECT_THAT(WordsOf("\\left( \\text{a} \\right)"), ElementsAre("a"));
  EXPECT_THAT(WordsOf("\xC3\xA9t\xC3\xA9 \\"), ElementsAre("\xC3\xA9t\xC3\xA9"));
  EXPECT_THAT(WordsOf(" .,$ "), ElementsAre());
}

std::string Words(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "w" + std::to_string(i) + " ";
  return text;
}

TEST(TrainingText, SameTextsAndSharedRuns) {
  TrainingText text({});
  text.Add(Words(0, 40), 5);
  text.Add("Short one", 6);
  EXPECT_EQ(text.Find("short, ONE!").kind, Overlap::kSame);
  EXPECT_EQ(text.Find("short, ONE!").training, 6u);
  EXPECT_EQ(text.Find("short").kind, Overlap::kNone) << "a part of a short question is another question";
  EXPECT_EQ(text.Find(Words(0, 40) + " more").kind, Overlap::kRuns);
  // 28 words, of whose 16 runs the 8 in w20..w39 are there.
  const OverlapResult half = text.Find(Words(20, 48));
  EXPECT_EQ(half.kind, Overlap::kRuns);
  EXPECT_EQ(half.share, 0.5);
  EXPECT_EQ(half.training, 5u);
  EXPECT_EQ(text.Find(Words(21, 49)).kind, Overlap::kNone);
  EXPECT_EQ(text.Find(Words(28, 60)).share, 0) << "twelve words in common are no run of thirteen";
  EXPECT_EQ(text.Find("").kind, Overlap::kNone);
}

// What README of the shared data says: six questions of AIME's earlier years are in MATH-500, and GSM8K's training file has
// the test questions (the first three of them here, as they are published).
TEST(TrainingText, FindsWhatIsKnownOfTheSharedFiles) {
  const auto aime = ReadQuestionFile("../shared/data/train/aime_975.jsonl");
  const auto math = ReadQuestionFile("../shared/data/eval/math500.jsonl");
  const auto gsm8k = ReadQuestionFile("../shared/data/train/gsm_8k.jsonl");
  if (!aime.ok() || !math.ok() || !gsm8k.ok()) GTEST_SKIP() << "skipped: no data";
  TrainingText text({});
  for (const Question& question : aime->questions) text.Add(question.text, question.index);
  int same = 0, runs = 0;
  for (const Question& question : math->questions) {
    const Overlap kind = text.Find(question.text).kind;
    same += kind == Overlap::kSame;
    runs += kind == Overlap::kRuns;
  }
  EXPECT_EQ(same, 6);
  EXPECT_EQ(runs, 1) << "one more is told in nearly the same words";
  TrainingText train({});
  for (const Question& question : gsm8k->questions) train.Add(question.text, question.index);
  for (const char* question : {"Janet\xE2\x80\x99s ducks lay 16 eggs per day. She eats three for breakfast "
                               "every morning and bakes muffins for her friends every "
                               "day with four. She sells the remainder at the farmers' market daily for $2 "
                               "per fresh duck egg. How much in dollars does she "
                               "make every day at the farmers' market?",
                               "A robe takes 2 bolts of blue fiber and half that much white fiber.  How many "
                               "bolts in total does it take?",
                               "Josh decides to try flipping a house.  He buys a house for $80,000 and then "
                               "puts in $50,000 in repairs.  This increased the "
                               "value of the house by 150%.  How much profit did he make?"}) {
    EXPECT_EQ(train.Find(question).kind, Overlap::kSame) << question;
  }
}

}  // namespace
}  // namespace drover::data
