// The generators that there are, by the name that data.train gives them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/question_generator.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

// What data.train says for generated questions: arithmetic, countdown, word-problems.
const std::vector<std::string>& GeneratorNames();
bool IsGenerated(std::string_view train);

// Of `settings` that have their defaults and are valid, whose `train` IsGenerated.
std::unique_ptr<QuestionGenerator> MakeGenerator(const v1::DataSettings& settings, GeneratorOptions options);

// Of the same settings: a question whose text is as long as any, and every character that a question or its worked
// solution may contain, those of a padding left out.
std::string LongestGeneratedText(const v1::DataSettings& settings);
std::string GeneratedCharacters(const v1::DataSettings& settings);

}  // namespace drover::data
