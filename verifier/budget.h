// The counter that every loop and every arithmetic operation of a grade draws from.
#pragma once

#include <cstdint>

#include "verifier/types.h"

namespace drover::verifier {

class Budget {
 public:
  explicit Budget(const BudgetLimits& limits) : limits_(limits), left_(limits.operations) {}

  // Takes `operations` and returns true, or returns false for good once they are used up.
  bool Spend(int64_t operations) {
    left_ -= operations;
    if (left_ < 0) over_ = true;
    return !over_;
  }
  // An operation on numbers of `bits` bits: one for each started 128 bits.
  bool SpendBits(int64_t bits) { return Spend(1 + bits / 128); }
  // Records that a size limit would be passed; always false, for `return budget.Exceed()`.
  bool Exceed() {
    over_ = true;
    return false;
  }
  bool over() const { return over_; }
  const BudgetLimits& limits() const { return limits_; }

 private:
  const BudgetLimits limits_;
  int64_t left_;
  bool over_ = false;
};

}  // namespace drover::verifier
