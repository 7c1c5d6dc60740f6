// Published losses by name: what `loss.preset` makes of a recipe that says no more. docs/reference/losses.md has each
// one's equation and source.
#pragma once

#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

// In the order of the reference.
std::vector<std::string> LossPresetNames();

// The fields that preset `name` sets; nothing of an unknown one.
v1::Recipe LossPreset(const std::string& name);

// Sets the fields of the recipe's preset that the recipe leaves out. Without a preset, or with an unknown one: nothing.
void FillPreset(v1::Recipe& recipe);

// An unknown preset; warns of each field of a known one that the recipe has otherwise.
void CheckPreset(const v1::Recipe& recipe, Problems& problems);

}  // namespace drover::recipe
