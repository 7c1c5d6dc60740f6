#include "data/generators.h"

#include <algorithm>

#include "base/check.h"
#include "data/arithmetic.h"
#include "data/countdown.h"
#include "data/word_problems.h"

namespace drover::data {
namespace {

constexpr char kArithmetic[] = "arithmetic", kCountdown[] = "countdown", kWordProblems[] = "word-problems";

// What `visit` makes of the kind that `settings` ask for.
template <typename Result, typename Visit>
Result Visited(const v1::DataSettings& settings, Visit visit) {
  if (settings.train() == kArithmetic) return visit(ArithmeticKind(settings.arithmetic()));
  if (settings.train() == kCountdown) return visit(CountdownKind(settings.countdown()));
  DROVER_CHECK(settings.train() == kWordProblems);
  return visit(WordProblemKind(settings.word_problems()));
}

}  // namespace

const std::vector<std::string>& GeneratorNames() {
  static const auto& names = *new std::vector<std::string>{kArithmetic, kCountdown, kWordProblems};
  return names;
}

bool IsGenerated(std::string_view train) {
  const std::vector<std::string>& names = GeneratorNames();
  return std::find(names.begin(), names.end(), train) != names.end();
}

std::unique_ptr<QuestionGenerator> MakeGenerator(const v1::DataSettings& settings, GeneratorOptions options) {
  using Result = std::unique_ptr<QuestionGenerator>;
  return Visited<Result>(settings, [&](auto kind) -> Result {
    return std::make_unique<SeededQuestions<decltype(kind)>>(std::move(kind), std::move(options));
  });
}

std::string LongestGeneratedText(const v1::DataSettings& settings) {
  return Visited<std::string>(settings, [](const auto& kind) { return kind.LongestText(); });
}

std::string GeneratedCharacters(const v1::DataSettings& settings) {
  return Visited<std::string>(settings, [](const auto& kind) { return kind.Characters(); });
}

}  // namespace drover::data
