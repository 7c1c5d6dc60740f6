// Sentences and words around whole numbers.
#pragma once

#include <string>

#include "verifier/mutation/rng.h"

namespace drover::verifier::mutation {

// A response in the format `plain` whose answer is `value`, with a minus of any script where it is negative.
std::string InSentence(int value, Rng& rng);

// "seven"; empty for numbers that are not 0 to 20.
std::string NumberWord(int value);

}  // namespace drover::verifier::mutation
