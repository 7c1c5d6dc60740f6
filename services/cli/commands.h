// What the commands of `drover` do, one function each; all return the exit status (docs/reference/cli.md).
#pragma once

#include <string>
#include <vector>

#include "services/cli/train_command.h"

namespace drover::cli {

// `drover recipes`
int ListRecipes();

// `drover recipe show NAME`
struct RecipeShowOptions {
  std::string recipe;
  std::vector<std::string> overrides;
};
int ShowRecipe(const RecipeShowOptions& options);

// `drover inspect journal RUN`
struct InspectOptions {
  std::string run;
  bool json = false;
};
int InspectJournal(const InspectOptions& options);

// `drover grade`
struct GradeOptions {
  std::string in;
  std::string out;
  std::string format = "boxed";
};
int Grade(const GradeOptions& options);

// `drover tokenize`, `drover detokenize`
struct TextOptions {
  std::string model;
};
int Tokenize(const TextOptions& options);
int Detokenize(const TextOptions& options);

// `drover generate|score|bench|fetch`: becomes the program that does it, with `arguments` as they are.
int RunSibling(const std::string& command, const std::vector<std::string>& arguments);

}  // namespace drover::cli
