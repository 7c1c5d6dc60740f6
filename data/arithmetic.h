// Generated arithmetic questions: no data file, as many as wanted, the same for the same index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/random.h"
#include "data/arithmetic_problem.h"
#include "data/question.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

// The habits of the teacher whose worked solutions pretraining imitates.
struct TeacherHabits {
  double forgotten_carries = 0;  // the chance that a carry or borrow is forgotten
  // Mean number of '.' behind the answer, twice as many where a carry was forgotten: geometrically distributed, at most seven means.
  double padding = 0;
};

// The operands have from settings.min_digits to settings.max_digits digits. Thread-safe.
class ArithmeticGenerator {
 public:
  // `settings` has its defaults and is valid. `heldout_share` is that of IsHeldout. `seed` decides the training
  // questions and their order; held-out ones are the same for all seeds, so that runs can be compared.
  // Questions with a key of `excluded` are never trained on: those that a file holds out.
  ArithmeticGenerator(const v1::ArithmeticSettings& settings, double heldout_share, uint64_t seed,
                      absl::flat_hash_set<std::string> excluded = {});

  // The nth training question; none is held out. Questions repeat as chance has it. HasTrainingQuestions().
  Question Train(uint64_t n) const;

  // The first `count` different held-out questions, or fewer when so many cannot be found in bounded time.
  std::vector<Question> Heldout(uint64_t count) const;

  // The nth question of pretraining (another sequence than Train's) and its solution by a teacher of these habits.
  SupervisedExample Worked(uint64_t n, const TeacherHabits& habits) const;

  // False when all questions of these settings, or nearly all, are held out.
  bool HasTrainingQuestions() const;

 private:
  // A problem that is not held out, or nothing after many draws.
  std::optional<ArithmeticProblem> DrawTraining(RandomStream& random) const;

  v1::ArithmeticSettings settings_;
  double heldout_share_;
  uint64_t seed_;
  absl::flat_hash_set<std::string> excluded_;
};

// A question whose text is as long as any of these settings.
std::string LongestArithmeticText(const v1::ArithmeticSettings& settings);

// Every character that a question or its worked response may contain, '.' of the padding left out.
std::string ArithmeticCharacters(const v1::ArithmeticSettings& settings);

}  // namespace drover::data
