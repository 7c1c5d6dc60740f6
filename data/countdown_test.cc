#include "data/countdown.h"

#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

v1::CountdownSettings Settings(uint32_t min_numbers, uint32_t max_numbers, uint32_t max_number,
                               uint32_t max_target) {
  v1::CountdownSettings settings;
  settings.set_min_numbers(min_numbers);
  settings.set_max_numbers(max_numbers);
  settings.set_max_number(max_number);
  settings.set_max_target(max_target);
  return settings;
}

// An evaluator of its own, over doubles: brackets, + - * /. Numbers are kept as they come.
class Evaluator {
 public:
  explicit Evaluator(const std::string& text) : text_(text) {}
  double Sum() {
    double value = Product();
    for (char c = Peek(); c == '+' || c == '-'; c = Peek()) {
      ++at_;
      const double right = Product();
      value = c == '+' ? value + right : value - right;
    }
    return value;
  }
  bool AtEnd() { return Peek() == '\0'; }
  std::vector<uint64_t> used;

 private:
  char Peek() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  double Product() {
    double value = Unit();
    for (char c = Peek(); c == '*' || c == '/'; c = Peek()) {
      ++at_;
      const double right = Unit();
      value = c == '*' ? value * right : value / right;
    }
    return value;
  }
  double Unit() {
    if (Peek() == '(') {
      ++at_;
      const double value = Sum();
      EXPECT_EQ(Peek(), ')');
      ++at_;
      return value;
    }
    size_t read = 0;
    const uint64_t number = std::stoull(text_.substr(at_), &read);
    at_ += read;
    used.push_back(number);
    return static_cast<double>(number);
  }
  const std::string text_;
  size_t at_ = 0;
};

TEST(CountdownKind, EveryProblemIsSolvedByItsExpression) {
  const CountdownKind kind(Settings(2, 6, 99, 1000));
  RandomStream random(7, RandomPurpose::kQuestions, 0);
  std::set<size_t> counts;
  std::set<char> operations;
  for (int i = 0; i < 5000; ++i) {
    const CountdownProblem problem = kind.Draw(random);
    Evaluator evaluator(problem.expression);
    EXPECT_EQ(evaluator.Sum(), static_cast<double>(problem.target)) << problem.expression;
    EXPECT_TRUE(evaluator.AtEnd());
    std::sort(evaluator.used.begin(), evaluator.used.end());
    EXPECT_EQ(evaluator.used, problem.numbers);
    EXPECT_GE(problem.target, 1u);
    EXPECT_LE(problem.target, 1000u);
    EXPECT_EQ(std::count(problem.numbers.begin(), problem.numbers.end(), problem.target), 0);
    EXPECT_EQ(problem.steps.size() + 1, problem.numbers.size());
    counts.insert(problem.numbers.size());
    for (const char c : problem.expression) {
      if (std::string("+-*/").find(c) != std::string::npos) operations.insert(c);
    }
  }
  EXPECT_THAT(counts, testing::ElementsAre(2, 3, 4, 5, 6));
  EXPECT_EQ(operations.size(), 4u);
}

TEST(CountdownKind, Texts) {
  const CountdownKind kind(Settings(3, 4, 99, 100));
  const CountdownProblem problem = {
      {7, 19, 36, 55}, 65, "(55 + 36) - (19 + 7)", {"55 + 36 = 91", "19 + 7 = 26", "91 - 26 = 65"}};
  EXPECT_EQ(kind.Text(problem),
            "Using the numbers 7, 19, 36, 55, each exactly once, and + - * / with brackets, write an "
            "expression that equals 65.");
  const Question question = kind.AsQuestion(problem);
  EXPECT_THAT(question.gold, testing::ElementsAre("65: 7 19 36 55"));
  EXPECT_EQ(question.level, 4u);
  EXPECT_EQ(kind.Worked(problem, nullptr),
            " 55 + 36 = 91, 19 + 7 = 26, 91 - 26 = 65, \\boxed{(55 + 36) - (19 + 7)}");
}

TEST(CountdownKind, HeldoutIsDisjointAndCharactersSuffice) {
  const CountdownKind kind(Settings(3, 4, 20, 50));
  const SeededQuestions<CountdownKind> generator(kind, {0.1, 3});
  std::set<std::string> heldout;
  for (const Question& question : generator.Heldout(500)) heldout.insert(question.text);
  EXPECT_EQ(heldout.size(), 500u);
  for (uint64_t n = 0; n < 3000; ++n) {
    const std::string text = generator.Train(n).text;
    EXPECT_EQ(heldout.count(text), 0u);
    EXPECT_EQ((text + generator.Solution(n)).find_first_not_of(kind.Characters()), std::string::npos)
        << generator.Solution(n);
    EXPECT_LE(text.size(), kind.LongestText().size());
  }
}

// The values of docs/reference/questions.md.
TEST(CountdownKind, QuestionsAreThoseOfTheReference) {
  const SeededQuestions<CountdownKind> generator(CountdownKind(Settings(3, 4, 99, 100)), {0.05, 1});
  std::vector<std::string> golds;
  for (uint64_t n = 0; n < 3; ++n) golds.push_back(generator.Train(n).gold[0]);
  EXPECT_THAT(golds, testing::ElementsAre("7: 28 33 37", "50: 7 46 89", "18: 53 55 90"));
}

// With the smallest numbers one target can be asked for.
TEST(CountdownKind, SmallestSettings) {
  const CountdownKind kind(Settings(2, 2, 1, 2));
  RandomStream random(1, RandomPurpose::kQuestions, 0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(kind.Draw(random).target, 2u);
}

}  // namespace
}  // namespace drover::data
