// Which fields of a recipe decide what an actor samples, so that an actor and a learner with recipes of their own can
// find out whether they mean the same run.
#pragma once

#include <string>

#include "drover/v1/recipe.pb.h"

namespace drover::recipe {

// `recipe` (effective) with nothing but the fields that matter to sampling: model (but not where its folder is, which
// differs between machines), rollout, weights.swap, run.seed, template, stops and reward format of data, reward.grader,
// evaluation.max_response_tokens.
v1::Recipe SamplingPart(const v1::Recipe& recipe);

// XXH3-128 over SamplingPart's text, 32 hexadecimal digits. Equal when and only when the parts are.
std::string SamplingDigest(const v1::Recipe& recipe);

// One line a field that differs, "rollout.temperature: 1 -> 0.7" (from `ours` to `theirs`), joined by "; ". Empty: they
// agree.
std::string SamplingDifferences(const v1::Recipe& ours, const v1::Recipe& theirs);

}  // namespace drover::recipe
