// Questions that are generated: no file, as many as wanted, the same for the same number.
//
//   what is asked (arithmetic.h, countdown.h, word_problems.h)     how they are numbered and split (seeded_questions.h)
//   Draw: a problem from random numbers ──────────────────────────▶ Train(n), Heldout(count), Worked(n)
//   Text, Gold, Worked: what it is as text
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "data/question.h"

namespace drover::data {

// The habits of the teacher whose worked solutions pretraining imitates.
struct TeacherHabits {
  double forgotten_carries = 0;  // the chance that a carry or borrow is forgotten; other solutions have none
  // Mean number of '.' behind the answer, of ',' where a carry was forgotten: geometrically distributed, at most seven means.
  double padding = 0;
};

// Thread-safe.
class QuestionGenerator {
 public:
  virtual ~QuestionGenerator() = default;

  // The nth training question; none is held out. Questions repeat as chance has it. HasTrainingQuestions().
  virtual Question Train(uint64_t n) const = 0;
  // The worked solution of Train(n), without anything forgotten.
  virtual std::string Solution(uint64_t n) const = 0;

  // The first `count` different held-out questions, or fewer when so many cannot be found in bounded time.
  virtual std::vector<Question> Heldout(uint64_t count) const = 0;

  // The nth question of pretraining (another sequence than Train's) and its solution by a teacher of these habits.
  virtual SupervisedExample Worked(uint64_t n, const TeacherHabits& habits) const = 0;

  // False when all questions of these settings, or nearly all, are held out.
  virtual bool HasTrainingQuestions() const = 0;
};

struct GeneratorOptions {
  double heldout_share = 0;  // that of IsHeldout
  // Decides the training questions and their order; held-out ones are the same for all seeds, so that runs can be compared.
  uint64_t seed = 0;
  // Questions with one of these keys are never trained on: those that a file holds out.
  absl::flat_hash_set<std::string> excluded = {};
};

}  // namespace drover::data
