#include "analysis/answer_rules.h"

#include <gtest/gtest.h>

#include "analysis/answer_text.h"

namespace drover::analysis {
namespace {

constexpr char kQuestion[] = "A train travels 180 miles in 3 hours. What is its average speed?";

AnswerRule Rule(std::string_view response) { return JudgeByRules(kQuestion, response); }

TEST(AnswerRulesTest, EachRule) {
  EXPECT_EQ(Rule(""), AnswerRule::kEmpty);
  EXPECT_EQ(Rule(" <think>\n</think> <answer> </answer>"), AnswerRule::kEmpty);
  EXPECT_EQ(Rule("\nUser: And in 5 hours?"), AnswerRule::kNextTurn);
  EXPECT_EQ(Rule("**Problem 2.** A car ..."), AnswerRule::kNextTurn);
  EXPECT_EQ(Rule("2. A car travels 100 miles."), AnswerRule::kNextTurn);
  EXPECT_EQ(Rule("(A) 50 (B) 60 (C) 70"), AnswerRule::kChoices);
  EXPECT_EQ(Rule("A. 50\nB. 60\n- **C.** 70"), AnswerRule::kChoices);
  EXPECT_EQ(Rule("A: 50\nB: 60\nC: 70"), AnswerRule::kChoices);
  EXPECT_EQ(Rule("It is \\boxed{60}."), AnswerRule::kStatesResult);
  EXPECT_EQ(Rule("Hm. <answer>60</answer>"), AnswerRule::kStatesResult);
  EXPECT_EQ(Rule("words words\n#### 60"), AnswerRule::kStatesResult);
  EXPECT_EQ(Rule("A. 50\nB. 60\nAnswer: B"), AnswerRule::kStatesResult);
  EXPECT_EQ(Rule(" 60 mph"), AnswerRule::kBareResult);
  EXPECT_EQ(Rule("sixty"), AnswerRule::kBareResult);
  EXPECT_EQ(Rule("$60"), AnswerRule::kBareResult);
  EXPECT_EQ(Rule("Thanks in advance!\nPosted by bob"), AnswerRule::kPage);
  EXPECT_EQ(Rule("Solution:\nSolution:\nSolution:\nSolution:\nSolution:"), AnswerRule::kRepetition);
  EXPECT_EQ(Rule("180 miles = 180 miles = 180 miles = 180 miles = 180 miles = 180 miles = 180 miles = 180 "
                 "miles = 180 miles"),
            AnswerRule::kRepetition);
  EXPECT_EQ(Rule("How far does it go in 5 hours?"), AnswerRule::kNextQuestion);
  EXPECT_EQ(Rule("A train travels 180 miles in 3 hours."),
            AnswerRule::kBareResult);  // short, with a number: a copy is not seen
  EXPECT_EQ(Rule("What is its average speed"), AnswerRule::kNextQuestion);
  EXPECT_EQ(Rule("average speed"), AnswerRule::kCopy);
  EXPECT_EQ(Rule("```python\nspeed = 180 / 3\nprint(speed)\n```"), AnswerRule::kCode);
  EXPECT_EQ(Rule("#include <vector>\nint main() {}"), AnswerRule::kOtherCode);
  EXPECT_EQ(Rule("First divide the distance by the time, so we need 180 over 3 to find it."),
            AnswerRule::kWorks);
  EXPECT_EQ(Rule("The history of railways is long and begins with horses on wooden tracks."),
            AnswerRule::kOffTopic);
}

TEST(AnswerRulesTest, WhatComesAfterTheAnswerDoesNotCount) {
  EXPECT_TRUE(Answers(Rule("180 / 3 = 60 miles per hour.\n\nQuestion: What is 2 + 2?\nAnswer: 4")));
  EXPECT_FALSE(Answers(Rule("\nQuestion: What is 2 + 2?\nAnswer: 4")));
}

TEST(AnswerRulesTest, AnyBytesHaveAVerdict) {
  std::string all;
  for (int i = 0; i < 100000; ++i) all += static_cast<char>(i * 7919 % 256);
  for (const std::string& response :
       {all, std::string(1 << 20, '\n'), std::string(1 << 20, '$'), std::string(1 << 20, '.'),
        std::string(100000, '1'), std::string("\xFF\xFE"), std::string("\0\0", 2)}) {
    EXPECT_FALSE(RuleName(Rule(response)).empty());
    EXPECT_FALSE(RuleName(JudgeByRules(response, "60")).empty());
  }
}

TEST(AnswerTextTest, Numbers) {
  EXPECT_EQ(Numbers("3.5 and 12. twelve x2 1.5.2"),
            (std::vector<std::string>{"3.5", "12", "2", "1.5.2", "12"}));
  EXPECT_TRUE(Numbers("someone often").empty());
}

TEST(AnswerTextTest, Sentences) {
  EXPECT_EQ(Sentences("a 3.5 b. c? d\ne!"), (std::vector<std::string>{"a 3.5 b.", "c?", "d", "e!"}));
  EXPECT_TRUE(HasWord("so, we", "so"));
  EXPECT_FALSE(HasWord("also sort", "so"));
}

}  // namespace
}  // namespace drover::analysis
