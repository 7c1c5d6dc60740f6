// Compares one gold answer with one response answer, both as bytes.
#pragma once

#include <string>
#include <string_view>

#include "verifier/budget.h"
#include "verifier/rules.h"
#include "verifier/types.h"

namespace drover::verifier {

// How a decision came about, for people.
struct Explanation {
  struct Side {
    std::string answer;       // the bytes that were compared
    std::string tree;         // what the reader made of them; empty: it could not read them
    std::string normal_form;  // empty: outside of the normal form's reach
  };
  Rule rule = Rule::kNone;
  Side gold, response;
};

// `free_text`: the response may be prose that holds the answer somewhere (no reward format found it); the gold always
// may. `explanation`, when given, gets both readings, their normal forms and the rule that decided.
Reason Decide(std::string_view gold, std::string_view response, bool free_text, const Options& options,
              Explanation* explanation = nullptr);

}  // namespace drover::verifier
