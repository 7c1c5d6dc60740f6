// The exact decision for constants: Calcium's fields, with explicit limits.
#pragma once

#include "verifier/budget.h"
#include "verifier/equality/operand.h"

namespace drover::verifier {

enum class AlgebraicVerdict { kEqual, kDifferent, kUnknown };

// For trees without free symbols. kUnknown: outside of Calcium's reach or limits.
AlgebraicVerdict CompareExactly(const Operand& a, const Operand& b, bool log_is_natural, Budget& budget);

}  // namespace drover::verifier
