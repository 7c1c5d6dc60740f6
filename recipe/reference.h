// docs/reference/recipe.md, made from the rules in the proto so that it cannot say anything else.
#pragma once

#include <string>

namespace drover::recipe {

std::string ReferenceMarkdown();

}  // namespace drover::recipe
