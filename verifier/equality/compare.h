// Compares two prepared trees as answers: lists, sets, tuples, intervals, matrices, equations, quantities, and scalars.
#pragma once

#include "verifier/equality/operand.h"
#include "verifier/rules.h"
#include "verifier/types.h"

namespace drover::verifier {

// What the gold's kind accepts is written in docs/reference/math-grammar.md, "What counts as the same answer".
Outcome CompareAnswers(const Tree& gold, const Tree& response, const Options& options, Rule* rule = nullptr);

}  // namespace drover::verifier
