// Questions of evaluation.suite that the run is trained on.
#pragma once

#include <string>
#include <vector>

#include "data/prompt_source.h"
#include "drover/v1/recipe.pb.h"
#include "recipe/suite.h"

namespace drover::recipe {

// A sentence for each benchmark with questions that training asks too, by data/contamination.h's rule, with the command that shows
// them. Nothing about generated questions, of which there is no end; chats are not looked into.
std::vector<std::string> SuiteInTraining(const v1::Recipe& recipe, const Suite& suite,
                                         const data::PromptSource& source);

}  // namespace drover::recipe
