// Rigorous evaluation of scalar trees in complex balls (Arb), free symbols taking the values of a sample point.
#pragma once

#include <cstdint>

#include "verifier/budget.h"
#include "verifier/cas.h"
#include "verifier/tree.h"

namespace drover::verifier {

// Values of the free symbols: fixed functions of (kind, index, the symbol's id), so that every run samples alike.
struct SamplePoint {
  enum class Kind : uint8_t { kPositive, kSmall, kNegative, kMixed, kInteger, kComplex };
  Kind kind = Kind::kPositive;
  uint32_t index = 0;
};

struct BallOptions {
  SamplePoint point;
  bool log_is_natural = false;
};

enum class BallStatus {
  kOk,           // *out encloses the value
  kUnsupported,  // the tree holds something without a value (an integral, a matrix)
  kUndefined,    // a pole, a value out of range, or too little precision to tell
};

BallStatus EvaluateBall(const Tree& tree, NodeId id, const BallOptions& options, int64_t bits, Budget& budget,
                        Ball* out);

// 1 or -1 when a symbol-free tree is proved to be real, and positive or negative; 0 when balls do not tell.
int RealSign(const Tree& tree, NodeId id, bool log_is_natural, Budget& budget);

}  // namespace drover::verifier
