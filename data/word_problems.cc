#include "data/word_problems.h"

#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace drover::data {
namespace {

// What is computed of x, y and z; the names are those of docs/reference/questions.md, which has how each is drawn.
enum class Rule {
  kSum,            // x + y
  kDifference,     // x - y
  kProduct,        // x * y
  kQuotient,       // x / y
  kProductPlus,    // x * y + z
  kProductMinus,   // x * y - z
  kSumTimes,       // (x + y) * z
  kSumMinus,       // x + y - z
  kQuotientPlus,   // x / y + z
  kRestShared,     // (x - z) / y
  kMoreTogether,   // x + (x + y)
  kTimesTogether,  // x * y + x
};

struct Story {
  Rule rule;
  const char* text;
};
// Those of one step first. {A} and {B} are people, {s} things.
constexpr Story kStories[] = {
    {Rule::kSum, "{A} has {x} {s}. {B} gives {A} {y} more. How many {s} does {A} have now?"},
    {Rule::kSum,
     "There are {x} {s} in one box and {y} {s} in another. How many {s} are there in both boxes together?"},
    {Rule::kDifference, "{A} has {x} {s} and gives {y} of them to {B}. How many {s} does {A} have left?"},
    {Rule::kDifference, "{A} has {x} {s} and {B} has {y}. How many more {s} does {A} have than {B}?"},
    {Rule::kProduct, "{A} buys {x} bags with {y} {s} each. How many {s} does {A} buy?"},
    {Rule::kProduct, "Each of {x} children brings {y} {s}. How many {s} do they bring together?"},
    {Rule::kQuotient, "{A} shares {x} {s} equally among {y} friends. How many {s} does each friend get?"},
    {Rule::kQuotient,
     "{A} packs {x} {s} into {y} boxes, the same number in each. How many {s} are in a box?"},
    {Rule::kProductPlus,
     "{A} buys {x} bags with {y} {s} each and finds {z} more {s} at home. How many {s} does {A} have?"},
    {Rule::kProductMinus,
     "{A} buys {x} bags with {y} {s} each and gives {z} {s} to {B}. How many {s} does {A} have left?"},
    {Rule::kSumTimes,
     "Every day {A} makes {x} {s} in the morning and {y} in the afternoon. How many {s} does {A} make in {z} "
     "days?"},
    {Rule::kSumMinus, "{A} has {x} {s}, finds {y} more and then loses {z}. How many {s} does {A} have now?"},
    {Rule::kQuotientPlus,
     "{A} shares {x} {s} equally among {y} friends. {B} is one of them and had {z} {s} before. How many {s} "
     "does {B} have now?"},
    {Rule::kRestShared,
     "{A} has {x} {s}, keeps {z} of them and shares the rest equally among {y} friends. How many {s} does "
     "each friend get?"},
    {Rule::kMoreTogether,
     "{A} has {x} {s}. {B} has {y} more than {A}. How many {s} do {A} and {B} have together?"},
    {Rule::kTimesTogether,
     "{A} has {x} {s}. {B} has {y} times as many. How many {s} do {A} and {B} have together?"},
};
constexpr size_t kOneStep = 8;  // stories of one step

constexpr const char* kPeople[] = {"Ada",   "Ben",  "Cleo", "Dan",   "Emma", "Finn",
                                   "Grace", "Hugo", "Iris", "Jonas", "Kim",  "Lena"};
constexpr const char* kThings[] = {"apples",  "books",   "buttons", "cards",  "coins",  "cookies",
                                   "flowers", "marbles", "pencils", "shells", "stamps", "stickers"};

std::string Step(uint64_t a, char operation, uint64_t b, uint64_t result) {
  return absl::StrCat(a, " ", std::string(1, operation), " ", b, " = ", result);
}

struct Solved {
  std::vector<std::string> steps;
  uint64_t answer = 0;
};

Solved Solve(const WordProblem& p) {
  const auto one = [](uint64_t a, char operation, uint64_t b, uint64_t result) {
    return Solved{{Step(a, operation, b, result)}, result};
  };
  const auto then = [](Solved before, char operation, uint64_t b, uint64_t result) {
    before.steps.push_back(Step(before.answer, operation, b, result));
    before.answer = result;
    return before;
  };
  switch (kStories[p.story].rule) {
    case Rule::kSum:
      return one(p.x, '+', p.y, p.x + p.y);
    case Rule::kDifference:
      return one(p.x, '-', p.y, p.x - p.y);
    case Rule::kProduct:
      return one(p.x, '*', p.y, p.x * p.y);
    case Rule::kQuotient:
      return one(p.x, '/', p.y, p.x / p.y);
    case Rule::kProductPlus:
      return then(one(p.x, '*', p.y, p.x * p.y), '+', p.z, p.x * p.y + p.z);
    case Rule::kProductMinus:
      return then(one(p.x, '*', p.y, p.x * p.y), '-', p.z, p.x * p.y - p.z);
    case Rule::kSumTimes:
      return then(one(p.x, '+', p.y, p.x + p.y), '*', p.z, (p.x + p.y) * p.z);
    case Rule::kSumMinus:
      return then(one(p.x, '+', p.y, p.x + p.y), '-', p.z, p.x + p.y - p.z);
    case Rule::kQuotientPlus:
      return then(one(p.x, '/', p.y, p.x / p.y), '+', p.z, p.x / p.y + p.z);
    case Rule::kRestShared:
      return then(one(p.x, '-', p.z, p.x - p.z), '/', p.y, (p.x - p.z) / p.y);
    case Rule::kMoreTogether:
      return then(one(p.x, '+', p.y, p.x + p.y), '+', p.x, p.x + p.y + p.x);
    case Rule::kTimesTogether:
      return then(one(p.x, '*', p.y, p.x * p.y), '+', p.x, p.x * p.y + p.x);
  }
  return {};
}

}  // namespace

WordProblem WordProblemKind::Draw(RandomStream& random) const {
  constexpr uint64_t kFactors = 11;  // 2 to 12
  const auto number = [&] { return 2 + random.Below(settings_.max_number() - 1); };
  const auto factor = [&] { return 2 + random.Below(kFactors); };
  WordProblem p;
  const size_t first = settings_.min_steps() == 1 ? 0 : kOneStep;
  const size_t last = settings_.max_steps() == 1 ? kOneStep : std::size(kStories);
  p.story = first + random.Below(last - first);
  p.who = random.Below(std::size(kPeople));
  p.other = random.Below(std::size(kPeople) - 1);
  p.other += p.other >= p.who;
  p.thing = random.Below(std::size(kThings));
  switch (kStories[p.story].rule) {
    case Rule::kSum:
    case Rule::kMoreTogether:
      p.x = number(), p.y = number();
      break;
    case Rule::kDifference:
      p.y = number(), p.x = p.y + number();
      break;
    case Rule::kProduct:
      p.x = factor(), p.y = number();
      break;
    case Rule::kQuotient:
      p.y = factor(), p.x = p.y * number();
      break;
    case Rule::kProductPlus:
      p.x = factor(), p.y = number(), p.z = number();
      break;
    case Rule::kProductMinus:
      p.x = factor(), p.y = number(), p.z = 1 + random.Below(p.x * p.y - 1);
      break;
    case Rule::kSumTimes:
      p.x = number(), p.y = number(), p.z = factor();
      break;
    case Rule::kSumMinus:
      p.x = number(), p.y = number(), p.z = 1 + random.Below(p.x + p.y - 1);
      break;
    case Rule::kQuotientPlus:
      p.y = factor(), p.x = p.y * number(), p.z = number();
      break;
    case Rule::kRestShared:
      p.y = factor(), p.x = p.y * number(), p.z = number(), p.x += p.z;
      break;
    case Rule::kTimesTogether:
      p.x = number(), p.y = factor();
      break;
  }
  return p;
}

std::string WordProblemKind::Text(const Problem& p) const {
  return absl::StrReplaceAll(kStories[p.story].text, {{"{A}", kPeople[p.who]},
                                                      {"{B}", kPeople[p.other]},
                                                      {"{s}", kThings[p.thing]},
                                                      {"{x}", absl::StrCat(p.x)},
                                                      {"{y}", absl::StrCat(p.y)},
                                                      {"{z}", absl::StrCat(p.z)}});
}

Question WordProblemKind::AsQuestion(const Problem& problem) const {
  Question question;
  question.text = Text(problem);
  question.gold = {absl::StrCat(Solve(problem).answer)};
  question.level = problem.story < kOneStep ? 1 : 2;
  return question;
}

std::string WordProblemKind::Worked(const Problem& problem, const Forgets&) const {
  const Solved solved = Solve(problem);
  return absl::StrCat(" ", absl::StrJoin(solved.steps, ", "), ", \\boxed{", solved.answer, "}");
}

std::string WordProblemKind::LongestText() const {
  std::string longest;
  const uint64_t largest = 13 * settings_.max_number();  // no number of a story is larger
  for (size_t story = settings_.min_steps() == 1 ? 0 : kOneStep; story < std::size(kStories); ++story) {
    for (size_t who = 0; who < std::size(kPeople); ++who) {
      for (size_t thing = 0; thing < std::size(kThings); ++thing) {
        const std::string text = Text({.story = story,
                                       .who = who,
                                       .other = who,
                                       .thing = thing,
                                       .x = largest,
                                       .y = largest,
                                       .z = largest});
        if (text.size() > longest.size()) longest = text;
      }
    }
  }
  return longest;
}

std::string WordProblemKind::Characters() const {
  std::string all = "0123456789+-*/= ,{}\\boxed";
  for (const Story& story : kStories) absl::StrAppend(&all, story.text);
  for (const char* name : kPeople) absl::StrAppend(&all, name);
  for (const char* thing : kThings) absl::StrAppend(&all, thing);
  return all;
}

}  // namespace drover::data
