// One arithmetic question as numbers, before it is text.
#pragma once

#include <cstdint>
#include <string>

#include "drover/v1/recipe.pb.h"

namespace drover::data {

struct ArithmeticProblem {
  uint64_t left = 0;     // below 10^9
  uint64_t right = 0;    // below 10^9; of a difference at most `left`
  char operation = '+';  // + - *

  std::string Answer() const;
  // WORKED: "347+85:". PLAIN: "347 + 85 =".
  std::string Text(v1::ArithmeticStyle style) const;
};

}  // namespace drover::data
