#include "data/arithmetic.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using ::testing::ElementsAre;

v1::ArithmeticSettings Settings(const std::string& operations, uint32_t min_digits, uint32_t max_digits,
                                v1::ArithmeticStyle style) {
  v1::ArithmeticSettings settings;
  settings.set_operations(operations);
  settings.set_min_digits(min_digits);
  settings.set_max_digits(max_digits);
  settings.set_style(style);
  return settings;
}

// Reads "12 - 7 =" or "12-7:" back, independently of how it was written.
bool Solve(const std::string& text, std::string* answer) {
  static const std::regex pattern("(\\d+) ?([-+*]) ?(\\d+)( =|:)");
  std::smatch match;
  if (!std::regex_match(text, match, pattern)) return false;
  const int64_t left = std::stoll(match[1]), right = std::stoll(match[3]);
  const char op = match[2].str()[0];
  *answer = std::to_string(op == '+' ? left + right : op == '-' ? left - right : left * right);
  return true;
}

TEST(ArithmeticGenerator, AnswersAreRight) {
  for (const v1::ArithmeticStyle style : {v1::WORKED, v1::PLAIN}) {
    const ArithmeticGenerator generator(ArithmeticKind(Settings("+-*", 1, 4, style)), {0.05, 1});
    for (uint64_t n = 0; n < 2000; ++n) {
      const Question question = generator.Train(n);
      std::string answer;
      ASSERT_TRUE(Solve(question.text, &answer)) << question.text;
      EXPECT_EQ(question.gold, std::vector<std::string>{answer}) << question.text;
      EXPECT_NE(answer[0], '-') << question.text;
      EXPECT_EQ(question.index, n);
    }
  }
}

// The first questions of such a generator; of worked ones question and response in one.
std::vector<std::string> First(const ArithmeticGenerator& generator, uint64_t count) {
  std::vector<std::string> texts;
  for (uint64_t n = 0; n < count; ++n) texts.push_back(generator.Train(n).text);
  return texts;
}
std::vector<std::string> FirstHeldout(const ArithmeticGenerator& generator, uint64_t count) {
  std::vector<std::string> texts;
  for (const Question& question : generator.Heldout(count)) texts.push_back(question.text);
  return texts;
}
std::vector<std::string> FirstWorked(const ArithmeticGenerator& generator, uint64_t count,
                                     double padding = 0) {
  std::vector<std::string> texts;
  for (uint64_t n = 0; n < count; ++n) {
    const SupervisedExample example = generator.Worked(n, {.forgotten_carries = 0.5, .padding = padding});
    texts.push_back(example.prompt + example.response);
  }
  return texts;
}

// The values of docs/reference/questions.md, which tests/replay/ computes from that page.
TEST(ArithmeticGenerator, QuestionsAreThoseOfTheReference) {
  const ArithmeticGenerator sums(ArithmeticKind(Settings("+", 2, 3, v1::WORKED)), {0.05, 1});
  EXPECT_THAT(First(sums, 4), ElementsAre("925+27:", "247+78:", "524+708:", "944+650:"));
  EXPECT_THAT(FirstHeldout(sums, 4), ElementsAre("243+71:", "88+46:", "25+975:", "810+65:"));
  EXPECT_THAT(FirstWorked(sums, 4),
              ElementsAre("33+293:3+3+0=6;3+9+0=12;0+2+0=2;226", "24+341:4+1+0=5;2+4+0=6;0+3+0=3;365",
                          "325+666:5+6+0=11;2+6+0=8;3+6+0=9;981", "38+64:8+4+0=12;3+6+1=10;102"));
  EXPECT_THAT(
      FirstWorked(sums, 4, /*padding=*/2),
      ElementsAre("33+293:3+3+0=6;3+9+0=12;0+2+0=2;226,,", "24+341:4+1+0=5;2+4+0=6;0+3+0=3;365.............",
                  "325+666:5+6+0=11;2+6+0=8;3+6+0=9;981", "38+64:8+4+0=12;3+6+1=10;102."));
  const ArithmeticGenerator all(ArithmeticKind(Settings("+-*", 1, 9, v1::PLAIN)), {0.5, 1099511627777});
  EXPECT_THAT(First(all, 4),
              ElementsAre("16975 + 30838 =", "477468927 * 465665 =", "4592 + 2672038 =", "510 + 42 ="));
  EXPECT_THAT(FirstHeldout(all, 3),
              ElementsAre("3362032 + 1217688 =", "93 * 782875 =", "7777273 * 3578188 ="));
  const ArithmeticGenerator others(ArithmeticKind(Settings("-*", 1, 3, v1::WORKED)), {0.05, 2});
  EXPECT_THAT(
      FirstWorked(others, 6),
      ElementsAre("61-49:1-9-0=-8;6-4-1=1;12", "637-291:7-1-0=6;3-9-0=-6;6-2-1=3;346", "6*2:6*2=12;12",
                  "5*9:5*9=45;45", "360-7:0-7-0=-7;6-0-1=5;3-0-0=3;353", "53-2:3-2-0=1;5-0-0=5;51"));
}

TEST(ArithmeticGenerator, IndexAndSeedDecideTheQuestion) {
  const v1::ArithmeticSettings settings = Settings("+", 2, 3, v1::WORKED);
  const ArithmeticGenerator one(ArithmeticKind(settings), {0.05, 1}),
      again(ArithmeticKind(settings), {0.05, 1}), other(ArithmeticKind(settings), {0.05, 2});
  int differ = 0;
  for (uint64_t n = 100; n-- > 0;) {
    EXPECT_EQ(one.Train(n).text, again.Train(n).text);
    if (one.Train(n).text != other.Train(n).text) ++differ;
  }
  EXPECT_GT(differ, 90);
}

// A hundred thousand training questions, twenty thousand worked ones, and the held-out set have nothing in common.
TEST(ArithmeticGenerator, HeldoutIsDisjoint) {
  const ArithmeticGenerator generator(ArithmeticKind(Settings("+", 2, 3, v1::WORKED)), {0.05, 7});
  std::set<std::string> heldout;
  for (const Question& question : generator.Heldout(5000)) heldout.insert(question.text);
  EXPECT_EQ(heldout.size(), 5000u);
  for (uint64_t n = 0; n < 100'000; ++n) ASSERT_EQ(heldout.count(generator.Train(n).text), 0u);
  for (uint64_t n = 0; n < 20'000; ++n) ASSERT_EQ(heldout.count(generator.Worked(n, {}).prompt), 0u);
}

TEST(ArithmeticGenerator, HeldoutIsTheSameForAllSeedsAndAPrefixOfALongerOne) {
  const v1::ArithmeticSettings settings = Settings("+-", 1, 2, v1::PLAIN);
  const std::vector<Question> few = ArithmeticGenerator(ArithmeticKind(settings), {0.1, 1}).Heldout(20);
  const std::vector<Question> many = ArithmeticGenerator(ArithmeticKind(settings), {0.1, 99}).Heldout(60);
  ASSERT_EQ(few.size(), 20u);
  for (size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i].text, many[i].text);
}

// One-digit sums: 100 of them, so about 5 held out, and an answer for a larger count all the same.
TEST(ArithmeticGenerator, SmallUniverse) {
  const ArithmeticGenerator generator(ArithmeticKind(Settings("+", 1, 1, v1::PLAIN)), {0.05, 1});
  const size_t heldout = generator.Heldout(512).size();
  EXPECT_GT(heldout, 0u);
  EXPECT_LT(heldout, 20u);
  std::set<std::string> train;
  for (uint64_t n = 0; n < 5000; ++n) train.insert(generator.Train(n).text);
  EXPECT_EQ(train.size() + heldout, 100u);
}

TEST(ArithmeticGenerator, DigitsAndOperationsAreUniform) {
  const ArithmeticGenerator generator(ArithmeticKind(Settings("+*", 2, 3, v1::PLAIN)), {0.05, 3});
  std::map<char, int> operations;
  std::map<size_t, int> digits;
  for (uint64_t n = 0; n < 4000; ++n) {
    const std::string text = generator.Train(n).text;
    ++digits[text.find(' ')];
    ++operations[text[text.find(' ') + 1]];
  }
  ASSERT_EQ(digits.size(), 2u);
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_NEAR(digits[2], 2000, 160);  // five standard deviations
  EXPECT_NEAR(digits[3], 2000, 160);
  EXPECT_NEAR(operations['+'], 2000, 160);
}

TEST(ArithmeticGenerator, CharactersAndLongestText) {
  for (const v1::ArithmeticStyle style : {v1::WORKED, v1::PLAIN}) {
    const v1::ArithmeticSettings settings = Settings("+-*", 1, 3, style);
    const std::string characters = ArithmeticKind(settings).Characters();
    const ArithmeticGenerator generator(ArithmeticKind(settings), {0.05, 1});
    for (uint64_t n = 0; n < 3000; ++n) {
      const SupervisedExample example = generator.Worked(n, {.forgotten_carries = 0.5});
      EXPECT_EQ((example.prompt + example.response).find_first_not_of(characters), std::string::npos);
      EXPECT_LE(example.prompt.size(), ArithmeticKind(settings).LongestText().size());
    }
  }
}

TEST(ArithmeticGenerator, ForgettingIsDeterministicAndOftenWrong) {
  const ArithmeticGenerator generator(ArithmeticKind(Settings("+", 2, 3, v1::WORKED)), {0.05, 1});
  int wrong = 0;
  for (uint64_t n = 0; n < 1000; ++n) {
    const SupervisedExample careless = generator.Worked(n, {.forgotten_carries = 0.75});
    EXPECT_EQ(careless.response, generator.Worked(n, {.forgotten_carries = 0.75}).response);
    if (careless.response != generator.Worked(n, {}).response) ++wrong;
  }
  EXPECT_GT(wrong, 400);
  EXPECT_LT(wrong, 750);
}

// What stands behind the same solution without padding: a number of one sign, by whether a carry was forgotten.
struct Paddings {
  double count = 0, sum = 0, none = 0;
  size_t longest = 0;
};

// A geometric number with mean m is 0 with chance 1 / (1 + m).
TEST(ArithmeticGenerator, PaddingIsGeometricBoundedAndOfAnotherSignAfterAForgottenCarry) {
  const ArithmeticGenerator generator(ArithmeticKind(Settings("+", 2, 2, v1::WORKED)), {0.05, 1});
  std::map<bool, Paddings> by_forgotten;
  for (uint64_t n = 0; n < 30000; ++n) {
    const std::string bare = generator.Worked(n, {.forgotten_carries = 0.7}).response;
    const std::string padded = generator.Worked(n, {.forgotten_carries = 0.7, .padding = 8}).response;
    const bool wrong = bare != generator.Worked(n, {}).response;
    const size_t padding = padded.size() - bare.size();
    ASSERT_EQ(padded, bare + std::string(padding, wrong ? ',' : '.'));
    Paddings& paddings = by_forgotten[wrong];
    paddings.count += 1;
    paddings.sum += static_cast<double>(padding);
    paddings.none += padding == 0;
    paddings.longest = std::max(paddings.longest, padding);
  }
  for (const auto& [wrong, paddings] : by_forgotten) {
    EXPECT_NEAR(paddings.sum / paddings.count, 8,
                0.4);  // the cut takes 0.6 %; the standard error is about 1 %
    EXPECT_NEAR(paddings.none / paddings.count, 1. / 9, 0.01);
    EXPECT_LE(paddings.longest, 56u);
    EXPECT_GT(paddings.longest, 40u);
  }
  EXPECT_GT(by_forgotten[true].count, 5000);
}

}  // namespace
}  // namespace drover::data
