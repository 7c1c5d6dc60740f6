// The benchmarks that a recipe has evaluated while it trains (evaluation.suite), as the prompts that actors are asked.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/make_prompt_source.h"
#include "data/templates.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/recipe.pb.h"
#include "evaluation/suite.h"

namespace drover::recipe {

struct Suite {
  std::vector<evaluation::Benchmark> benchmarks;
  data::PromptTemplate prompt_template;
  std::vector<v1::Prompt> prompts;  // of all benchmarks, in their order; none: the recipe has no suite
};

// evaluation.suite.template as it is; data.template with what `data` says beside it where that is empty.
// INVALID_ARGUMENT says what it may be.
absl::StatusOr<data::PromptTemplate> SuiteTemplate(const v1::Recipe& recipe);

// Tokens that a response of the suite may have.
uint32_t SuiteBudget(const v1::Recipe& recipe);

// Reads the files, and judges every prompt as those of training are: no question is left out, since an accuracy over
// fewer questions is another benchmark's. `recipe` is effective. INVALID_ARGUMENT or NOT_FOUND naming the field, and the
// question.
absl::StatusOr<Suite> LoadSuite(const v1::Recipe& recipe, const data::PromptSourceOptions& options);

}  // namespace drover::recipe
