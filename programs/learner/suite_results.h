// What the graded groups of a suite's evaluation say, as a line of benchmarks.jsonl and as the records of its responses.
#pragma once

#include <vector>

#include "drover/v1/group.pb.h"
#include "drover/v1/recipe.pb.h"
#include "programs/learner/run_parts.h"
#include "recipe/suite.h"

namespace drover::learner_process {

// `groups` are those of suite.prompts, in their order; `recipe` is the one that the suite was loaded from. The results are
// drover eval's (docs/reference/cli.md) without the model: {"template","n","temperature","benchmarks":{NAME:{...}},"mean"}.
// A response cut at the length limit is wrong, as everywhere in a run.
SuiteReport ReportOfSuite(const recipe::Suite& suite, const v1::Recipe& recipe,
                          const std::vector<v1::Group>& groups);

}  // namespace drover::learner_process
