#include "data/arithmetic.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status.h"
#include "data/worked.h"

namespace drover::data {
namespace {

// Streams of RandomPurpose::kQuestions: bits 62 and 63 say for what, the rest which question.
constexpr uint64_t kTrainStream = 0;
constexpr uint64_t kWorkedStream = uint64_t{1} << 62;
constexpr uint64_t kHeldoutStream = uint64_t{1} << 63;
// The seed of held-out questions, whatever the run's seed is.
constexpr uint64_t kHeldoutSeed = 0;

// Draws for one question before its split is given up on: with a share of 0.9 held out, a training question is
// missed so often with probability 10^-45.
constexpr int kDrawsPerQuestion = 1000;
// Draws for all held-out questions: this many at least, and so many for each. With a share of 0.01, a hundred draws
// find one on average.
constexpr uint64_t kMinHeldoutDraws = 1'000'000;
constexpr uint64_t kDrawsPerHeldout = 1'000;
constexpr uint64_t kMaxHeldoutDraws = 20'000'000;

// Of padding, as a multiple of its mean.
constexpr double kLongestPadding = 7;

uint64_t PowerOfTen(uint32_t exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

uint64_t DrawOperand(const v1::ArithmeticSettings& settings, RandomStream& random) {
  const uint32_t digits =
      settings.min_digits() +
      static_cast<uint32_t>(random.Below(settings.max_digits() - settings.min_digits() + 1));
  const uint64_t lowest = digits == 1 ? 0 : PowerOfTen(digits - 1);
  return lowest + random.Below(PowerOfTen(digits) - lowest);
}

ArithmeticProblem Draw(const v1::ArithmeticSettings& settings, RandomStream& random) {
  ArithmeticProblem problem;
  problem.operation = settings.operations()[random.Below(settings.operations().size())];
  problem.left = DrawOperand(settings, random);
  problem.right = DrawOperand(settings, random);
  if (problem.operation == '-' && problem.left < problem.right) std::swap(problem.left, problem.right);
  return problem;
}

// A geometric number of '.' with this mean.
std::string DrawPadding(double mean, RandomStream& random) {
  const double most = kLongestPadding * mean, another = mean / (1 + mean);
  std::string padding;
  while (static_cast<double>(padding.size()) + 1 <= most && random.Uniform() < another) padding += '.';
  return padding;
}

Question AsQuestion(const ArithmeticProblem& problem, v1::ArithmeticStyle style, uint64_t index) {
  return {.index = index, .text = problem.Text(style), .gold = {problem.Answer()}};
}

}  // namespace

ArithmeticGenerator::ArithmeticGenerator(const v1::ArithmeticSettings& settings, double heldout_share,
                                         uint64_t seed, absl::flat_hash_set<std::string> excluded)
    : settings_(settings), heldout_share_(heldout_share), seed_(seed), excluded_(std::move(excluded)) {}

std::optional<ArithmeticProblem> ArithmeticGenerator::DrawTraining(RandomStream& random) const {
  for (int draw = 0; draw < kDrawsPerQuestion; ++draw) {
    const ArithmeticProblem problem = Draw(settings_, random);
    const std::string text = problem.Text(settings_.style());
    if (!IsHeldout(text, heldout_share_) && !excluded_.contains(QuestionKey(text))) return problem;
  }
  return std::nullopt;
}

bool ArithmeticGenerator::HasTrainingQuestions() const {
  RandomStream random(seed_, RandomPurpose::kQuestions, kTrainStream);
  return DrawTraining(random).has_value();
}

Question ArithmeticGenerator::Train(uint64_t n) const {
  RandomStream random(seed_, RandomPurpose::kQuestions, kTrainStream + n);
  return AsQuestion(DrawTraining(random).value_or(ArithmeticProblem{}), settings_.style(), n);
}

std::vector<Question> ArithmeticGenerator::Heldout(uint64_t count) const {
  RandomStream random(kHeldoutSeed, RandomPurpose::kQuestions, kHeldoutStream);
  const uint64_t draws = std::clamp(count * kDrawsPerHeldout, kMinHeldoutDraws, kMaxHeldoutDraws);
  std::vector<Question> questions;
  absl::flat_hash_set<std::string> seen;
  for (uint64_t draw = 0; draw < draws && questions.size() < count; ++draw) {
    const Question question =
        AsQuestion(Draw(settings_, random), settings_.style(), kHeldoutStream + questions.size());
    if (!IsHeldout(question.text, heldout_share_) || !seen.insert(question.text).second) continue;
    questions.push_back(question);
  }
  return questions;
}

SupervisedExample ArithmeticGenerator::Worked(uint64_t n, const TeacherHabits& habits) const {
  RandomStream random(seed_, RandomPurpose::kQuestions, kWorkedStream + n);
  const ArithmeticProblem problem = DrawTraining(random).value_or(ArithmeticProblem{});
  bool forgot = false;
  const auto forgets = [&] {
    const bool forgotten = random.Uniform() < habits.forgotten_carries;
    forgot = forgot || forgotten;
    return forgotten;
  };
  std::string response = WorkedResponse(problem, settings_.style(), forgets);
  response += DrawPadding(forgot ? 2 * habits.padding : habits.padding, random);  // drawn after the solution
  return {.prompt = problem.Text(settings_.style()), .response = std::move(response)};
}

std::string LongestArithmeticText(const v1::ArithmeticSettings& settings) {
  const uint64_t largest = PowerOfTen(settings.max_digits()) - 1;
  return ArithmeticProblem{.left = largest, .right = largest}.Text(settings.style());
}

std::string ArithmeticCharacters(const v1::ArithmeticSettings& settings) {
  return absl::StrCat("0123456789=", settings.operations(), settings.style() == v1::PLAIN ? " " : ":;");
}

}  // namespace drover::data
