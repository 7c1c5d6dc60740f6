// Golds to start from: those of benchmarks' files, where they are, and golds made by a grammar.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verifier/mutation/answer.h"
#include "verifier/mutation/rng.h"

namespace drover::verifier::mutation {

struct Gold {
  std::string text;              // as the grader gets it
  std::optional<Answer> answer;  // as the fuzzer reads it; golds that it cannot read have none
};

// The texts of all golds of DIRECTORY/*.jsonl ("answer": a string, a number or an array of strings), files and lines in
// order. Empty where the folder is not there.
std::vector<std::string> ReadGoldTexts(const std::string& directory);
std::vector<Gold> ReadGolds(const std::string& directory);

Gold GenerateGold(Rng& rng);

}  // namespace drover::verifier::mutation
