// A recipe as a flat list of fields, for a person to read and for two to be compared.
#pragma once

#include <nlohmann/json.hpp>

#include "drover/v1/recipe.pb.h"

namespace drover::page {

// {"path.to.field": "value as in a recipe"}, in the order of the fields' numbers; only fields that are set.
nlohmann::ordered_json RecipeFields(const v1::Recipe& recipe);

}  // namespace drover::page
