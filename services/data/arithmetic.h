// Generated arithmetic questions: no data file, as many as wanted, the same for the same index.
#pragma once

#include <cstdint>
#include <string>

#include "drover/v1/recipe.pb.h"
#include "services/data/question.h"

namespace drover::data {

// One problem and the two ways of writing it (v1::ArithmeticStyle).
struct ArithmeticProblem {
  uint64_t left = 0;
  uint64_t right = 0;  // of a difference at most `left`
  char operation = '+';

  std::string Answer() const;
  std::string Text(v1::ArithmeticStyle style) const;
};

// Thread-safe.
class ArithmeticGenerator {
 public:
  // `settings` has its defaults and is valid. `heldout_share` is that of IsHeldout. `seed` decides the order of
  // training questions; held-out ones are the same for all seeds, so that runs can be compared.
  ArithmeticGenerator(const v1::ArithmeticSettings& settings, double heldout_share, uint64_t seed);

  // The nth training question; none is held out. Questions repeat as often as chance has it.
  Question Train(uint64_t n) const;

  // The first `count` different held-out questions, or fewer when so many cannot be found in bounded time.
  std::vector<Question> Heldout(uint64_t count) const;

  // The nth worked training question; it forgets each carry with probability `forgotten_carries`.
  SupervisedExample Worked(uint64_t n, double forgotten_carries) const;

  // The question whose text is longest.
  std::string LongestText() const;

  // Every character that a question or a worked response can contain.
  std::string Characters() const;

 private:
  class Stream;
  v1::ArithmeticSettings settings_;
  double heldout_share_;
  uint64_t seed_;
};

}  // namespace drover::data
