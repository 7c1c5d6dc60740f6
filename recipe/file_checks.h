#pragma once

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

// Whether a run can begin with the files that the recipe names: the model's configuration, tokenizer and the headers of
// its weights, every line of question files, and the prompts' tokens. What a run does all the same, but its owner should
// hear of, is a warning.
// Without `read_questions` their files must only be there.
void CheckFiles(const v1::Recipe& recipe, bool read_questions, Problems& problems);

}  // namespace drover::recipe
