// Reads one scalar of a gold into an expression, as timidly as read_gold.h says.
#pragma once

#include <string>

#include "verifier/mutation/expr.h"

namespace drover::verifier::mutation {

// Null for all that could be read in two ways.
Expr ParseScalar(std::string text);

}  // namespace drover::verifier::mutation
