// Rigorous evaluation of scalar trees in complex balls (Arb), free symbols taking the values of a sample point.
#pragma once

#include <cstdint>
#include <vector>

#include "verifier/budget.h"
#include "verifier/cas.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

// Values of the free symbols: functions of (kind, index, key, the symbol's id), so that every run samples alike.
struct SamplePoint {
  enum class Kind : uint8_t {
    kPositive,  // between 0.3 and 2.9
    kUnit,      // between 0.1 and 1
    kLarge,     // positive, up to thousands
    kNegative,  // between -0.3 and -2.9
    kMixed,     // either sign, up to 2.9
    kWide,      // either sign, from thousandths to thousands
    kComplex,
    kGiven,  // `value` for `symbol`
  };
  Kind kind = Kind::kPositive;
  uint32_t index = 0;
  uint64_t key = 0;
  uint32_t symbol = 0;
  const Rational* value = nullptr;
};

struct BallOptions {
  SamplePoint point;
  bool log_is_natural = false;
  const std::vector<uint32_t>* integers = nullptr;  // symbols that are positive integers at every point
};

enum class BallStatus {
  kOk,           // *out encloses the value
  kUnsupported,  // the tree holds something without a value (an integral, a matrix)
  kUndefined,    // a pole, a value out of range, or too little precision to tell
};

// `left_reals`, when given, is set where an even root or a logarithm of a negative number was taken on the way.
BallStatus EvaluateBall(const Tree& tree, NodeId id, const BallOptions& options, int64_t bits, Budget& budget,
                        Ball* out, bool* left_reals = nullptr);

// 1 or -1 when a symbol-free tree is proved to be real, and positive or negative; 0 when balls do not tell.
int RealSign(const Tree& tree, NodeId id, bool log_is_natural, Budget& budget);

}  // namespace drover::verifier
