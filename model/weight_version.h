// Which of a run's weights.
#pragma once

#include <compare>
#include <cstdint>

namespace drover::model {

// One publication of weights. In their order: by incarnation, then by number, since a learner that started again goes back
// to a checkpoint, and what it publishes from there replaces all that came before.
struct WeightVersion {
  uint32_t incarnation = 0;  // which start of the learner published it, from 1
  uint64_t number = 0;  // of rollouts that made it: what prompts, tokens and the journal call the version

  auto operator<=>(const WeightVersion&) const = default;
};

}  // namespace drover::model
