// A token with its place, and how bytes are to be read.
#pragma once

#include <cstdint>

#include "verifier/reading/words.h"

namespace drover::verifier {

struct Lexeme {
  Token token;
  uint8_t flag =
      0;  // kLeftParen and its like: 0. kText: 1 when bare letters (a unit's name outside of \text)
  uint32_t value = 0;
  uint32_t begin = 0;  // in the source, for based digits and explanations
  uint32_t end = 0;
};

struct ReadOptions {
  bool european_decimals = false;
  bool plus_minus = false;  // "+-" is both signs, not plus a negative
  bool bare_units = false;  // letters after a value are its unit ("100 m^3", "15 students"), not symbols
};

}  // namespace drover::verifier
