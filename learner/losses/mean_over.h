#pragma once

namespace drover::learner {

// What the loss of a supervised step is the mean over.
enum class MeanOver {
  kTokens,    // its learned tokens: long examples weigh more
  kExamples,  // its examples, of the mean over the learned tokens of each
};

}  // namespace drover::learner
