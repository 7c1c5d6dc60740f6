#include "data/word_problems.h"

#include <map>
#include <regex>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

v1::WordProblemSettings Settings(uint32_t min_steps, uint32_t max_steps, uint32_t max_number) {
  v1::WordProblemSettings settings;
  settings.set_min_steps(min_steps);
  settings.set_max_steps(max_steps);
  settings.set_max_number(max_number);
  return settings;
}

// Each step of the solution is right, the first begins with numbers of the story, a second one goes on with the result of the
// first, and the last result is the answer.
void ExpectWorked(const std::string& text, const std::string& solution, const std::string& answer) {
  static const std::regex step("(\\d+) ([-+*/]) (\\d+) = (\\d+), ");
  std::string before;
  std::sregex_iterator at(solution.begin(), solution.end(), step), end;
  ASSERT_NE(at, end) << solution;
  for (; at != end; ++at) {
    const long left = std::stol((*at)[1]), right = std::stol((*at)[3]), result = std::stol((*at)[4]);
    const char operation = (*at)[2].str()[0];
    if (operation == '/') {
      EXPECT_EQ(result * right, left) << solution;
    } else {
      EXPECT_EQ(operation == '+'   ? left + right
                : operation == '-' ? left - right
                                   : left * right,
                result)
          << solution;
    }
    EXPECT_GE(result, 1) << solution;
    EXPECT_NE(text.find((*at)[3].str()), std::string::npos) << text << solution;
    if (before.empty()) {
      EXPECT_NE(text.find((*at)[1].str()), std::string::npos) << text << solution;
    } else {
      EXPECT_EQ((*at)[1].str(), before) << solution;
    }
    before = (*at)[4].str();
  }
  EXPECT_EQ(before, answer);
  EXPECT_NE(solution.find("\\boxed{" + answer + "}"), std::string::npos) << solution;
}

TEST(WordProblemKind, SolutionsAreRight) {
  const WordProblemKind kind(Settings(1, 2, 50));
  const SeededQuestions<WordProblemKind> generator(kind, {0.05, 11});
  std::map<uint32_t, int> levels;
  for (uint64_t n = 0; n < 1000; ++n) {
    const Question question = generator.Train(n);
    ASSERT_EQ(question.gold.size(), 1u);
    ExpectWorked(question.text, generator.Solution(n), question.gold[0]);
    EXPECT_EQ(question.text.find_first_of("{}"), std::string::npos) << question.text;
    EXPECT_LE(question.text.size(), kind.LongestText().size());
    EXPECT_EQ((question.text + generator.Solution(n)).find_first_not_of(kind.Characters()),
              std::string::npos);
    ++levels[question.level];
  }
  EXPECT_EQ(levels.size(), 2u);
  EXPECT_NEAR(levels[1], 500, 80);  // five standard deviations
}

// What each story asks, worked by hand.
TEST(WordProblemKind, EveryStory) {
  const char* answers[] = {"19", "19", "9",  "9",  "70", "70", "2",  "2",
                           "73", "67", "57", "16", "5",  "2",  "33", "84"};
  const WordProblemKind kind(Settings(1, 2, 50));
  for (size_t story = 0; story < std::size(answers); ++story) {
    const bool shares = story == 6 || story == 7 || story == 12;
    const WordProblem problem = shares        ? WordProblem{story, 0, 1, 0, 10, 5, 3}
                                : story == 13 ? WordProblem{story, 0, 1, 0, 13, 5, 3}
                                              : WordProblem{story, 0, 1, 0, 14, 5, 3};
    EXPECT_EQ(kind.AsQuestion(problem).gold[0], answers[story]) << kind.Text(problem);
  }
  EXPECT_EQ(kind.Text({.story = 2, .who = 0, .other = 1, .thing = 0, .x = 14, .y = 5}),
            "Ada has 14 apples and gives 5 of them to Ben. How many apples does Ada have left?");
}

TEST(WordProblemKind, StepsAndPeople) {
  const WordProblemKind one(Settings(1, 1, 9)), two(Settings(2, 2, 9));
  RandomStream random(1, RandomPurpose::kQuestions, 0);
  std::set<size_t> stories;
  for (int i = 0; i < 2000; ++i) {
    const WordProblem a = one.Draw(random), b = two.Draw(random);
    EXPECT_EQ(one.AsQuestion(a).level, 1u);
    EXPECT_EQ(two.AsQuestion(b).level, 2u);
    EXPECT_NE(a.who, a.other);
    EXPECT_NE(b.who, b.other);
    stories.insert({a.story, b.story});
  }
  EXPECT_EQ(stories.size(), 16u);
}

}  // namespace
}  // namespace drover::data
