// Arithmetic worked out step by step: what the supervised mode teaches.
#pragma once

#include <functional>
#include <string>

#include "base/random.h"
#include "data/arithmetic_problem.h"

namespace drover::data {

// Asked at each carry or borrow other than that out of the last column: true forgets it.
using Forgets = std::function<bool()>;

// The response to problem.Text(style), without its end-of-sequence token.
//
// PLAIN is the answer alone, after a space: " 432". WORKED is columns from the lowest digit up, then the answer:
//   347+85   7+5+0=12;4+8+1=13;3+0+1=4;432        left digit + right digit + carry
//   52-17    2-7-0=-5;5-1-1=3;35                  left digit - right digit - borrow; below 0, ten is borrowed
//   34*12    34*2=68;34*10=340;408                left times each digit of right in its place
// A product has no carries, so nothing of it is forgotten.
std::string WorkedResponse(const ArithmeticProblem& problem, v1::ArithmeticStyle style,
                           const Forgets& forgets);

// What a teacher who pads puts behind an answer: a geometric number of `sign` with this mean, at most seven times it.
std::string DrawPadding(double mean, char sign, RandomStream& random);

}  // namespace drover::data
