#include "verifier/algebraic.h"

namespace drover::verifier {

AlgebraicVerdict CompareExactly(const Operand&, const Operand&, bool, Budget&) {
  return AlgebraicVerdict::kUnknown;
}

}  // namespace drover::verifier
