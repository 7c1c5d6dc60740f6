// Compares one gold answer with one response answer, both as bytes.
#pragma once

#include <string>
#include <string_view>

#include "verifier/budget.h"
#include "verifier/grader.h"

namespace drover::verifier {

// `rule`, when given, gets the words for explain-grade: what decided.
Reason Decide(std::string_view gold, std::string_view response, const Options& options,
              std::string* rule = nullptr);

}  // namespace drover::verifier
