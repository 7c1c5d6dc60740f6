// How generated questions of any kind are numbered, split and kept apart: docs/reference/questions.md has it exactly.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "base/random.h"
#include "data/question_generator.h"
#include "data/worked.h"

namespace drover::data {

// Streams of RandomPurpose::kQuestions: bits 62 and 63 say for what, the rest which question.
inline constexpr uint64_t kTrainQuestions = 0;
inline constexpr uint64_t kWorkedQuestions = uint64_t{1} << 62;
inline constexpr uint64_t kHeldoutQuestions = uint64_t{1} << 63;

// `Kind` is copyable and has
//   Problem                                  a problem as numbers; Problem{} is one
//   Problem Draw(RandomStream&) const
//   std::string Text(const Problem&) const   equal for equal questions
//   Question AsQuestion(const Problem&) const                       without its index; its text is Text
//   std::string Worked(const Problem&, const Forgets&) const        the response that solves it
//   std::string LongestText() const, Characters() const
template <typename Kind>
class SeededQuestions final : public QuestionGenerator {
 public:
  SeededQuestions(Kind kind, GeneratorOptions options)
      : kind_(std::move(kind)), options_(std::move(options)) {}

  Question Train(uint64_t n) const override {
    RandomStream random(options_.seed, RandomPurpose::kQuestions, kTrainQuestions + n);
    return Numbered(DrawTraining(random).value_or(Problem{}), n);
  }

  std::string Solution(uint64_t n) const override {
    RandomStream random(options_.seed, RandomPurpose::kQuestions, kTrainQuestions + n);
    return kind_.Worked(DrawTraining(random).value_or(Problem{}), [] { return false; });
  }

  std::vector<Question> Heldout(uint64_t count) const override {
    RandomStream random(kHeldoutSeed, RandomPurpose::kQuestions, kHeldoutQuestions);
    const uint64_t draws = std::clamp(count * kDrawsPerHeldout, kMinHeldoutDraws, kMaxHeldoutDraws);
    std::vector<Question> questions;
    absl::flat_hash_set<std::string> seen;
    for (uint64_t draw = 0; draw < draws && questions.size() < count; ++draw) {
      const Problem problem = kind_.Draw(random);
      const std::string text = kind_.Text(problem);
      if (!IsHeldout(text, options_.heldout_share) || !seen.insert(text).second) continue;
      questions.push_back(Numbered(problem, kHeldoutQuestions + questions.size()));
    }
    return questions;
  }

  SupervisedExample Worked(uint64_t n, const TeacherHabits& habits) const override {
    RandomStream random(options_.seed, RandomPurpose::kQuestions, kWorkedQuestions + n);
    const Problem problem = DrawTraining(random).value_or(Problem{});
    bool forgot = false;
    const auto forgets = [&] {
      const bool forgotten = random.Uniform() < habits.forgotten_carries;
      forgot = forgot || forgotten;
      return forgotten;
    };
    std::string response = kind_.Worked(problem, forgets);
    response += DrawPadding(habits.padding, forgot ? ',' : '.', random);  // drawn after the solution
    return {.prompt = kind_.Text(problem), .response = std::move(response)};
  }

  bool HasTrainingQuestions() const override {
    RandomStream random(options_.seed, RandomPurpose::kQuestions, kTrainQuestions);
    return DrawTraining(random).has_value();
  }

 private:
  using Problem = typename Kind::Problem;

  // The seed of held-out questions, whatever the run's seed is.
  static constexpr uint64_t kHeldoutSeed = 0;
  // Draws for one question before its split is given up on: with a share of 0.9 held out, a training question is
  // missed so often with probability 10^-45.
  static constexpr int kDrawsPerQuestion = 1000;
  // Draws for all held-out questions: this many at least, and so many for each. With a share of 0.01, a hundred draws
  // find one on average.
  static constexpr uint64_t kMinHeldoutDraws = 1'000'000;
  static constexpr uint64_t kDrawsPerHeldout = 1'000;
  static constexpr uint64_t kMaxHeldoutDraws = 20'000'000;

  Question Numbered(const Problem& problem, uint64_t index) const {
    Question question = kind_.AsQuestion(problem);
    question.index = index;
    return question;
  }

  // A problem that is not held out, or nothing after many draws.
  std::optional<Problem> DrawTraining(RandomStream& random) const {
    for (int draw = 0; draw < kDrawsPerQuestion; ++draw) {
      Problem problem = kind_.Draw(random);
      const std::string text = kind_.Text(problem);
      if (!IsHeldout(text, options_.heldout_share) && !options_.excluded.contains(QuestionKey(text)))
        return problem;
    }
    return std::nullopt;
  }

  const Kind kind_;
  const GeneratorOptions options_;
};

}  // namespace drover::data
