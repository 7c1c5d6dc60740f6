// Which fields of a recipe decide what an actor samples, so that an actor and a learner with recipes of their own can
// find out whether they mean the same run. Each field's rule says whether it does (SamplingRole in options.proto).
#pragma once

#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"

namespace drover::recipe {

// `recipe` (effective) with nothing but the fields that matter to sampling: those of SamplingRole DECIDES and its kin.
// model.embedded is left out where model.path is set, for it is not used then.
v1::Recipe SamplingPart(const v1::Recipe& recipe);

// XXH3-128 over SamplingPart's text, 32 hexadecimal digits. Equal when and only when the parts are.
std::string SamplingDigest(const v1::Recipe& recipe);

// One line a field that differs, "rollout.temperature: 1 -> 0.7" (from `ours` to `theirs`), joined by "; ". Empty: they
// agree.
std::string SamplingDifferences(const v1::Recipe& ours, const v1::Recipe& theirs);

// Paths of the fields whose rule, and that of the messages around them, has no SamplingRole: there is none.
std::vector<std::string> FieldsWithoutSamplingRole();

}  // namespace drover::recipe
