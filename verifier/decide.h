// Compares one gold answer with one response answer, both as bytes.
#pragma once

#include <string>
#include <string_view>

#include "verifier/budget.h"
#include "verifier/grader.h"

namespace drover::verifier {

// `free_text`: the response may be prose that holds the answer somewhere (no reward format found it); the gold always
// may. `explanation`, when given, gets both readings, their normal forms and the rule that decided, as lines.
Reason Decide(std::string_view gold, std::string_view response, bool free_text, const Options& options,
              std::string* explanation = nullptr);

}  // namespace drover::verifier
