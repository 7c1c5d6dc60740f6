#include "recipe/sampling.h"

#include <gtest/gtest.h>

#include "recipe/testing/small_recipe.h"
#include "recipe/text.h"

namespace drover::recipe {
namespace {

v1::Recipe With(const std::vector<std::string>& overrides) {
  v1::Recipe recipe = GoodRecipe();
  Problems problems;
  ApplyOverrides(overrides, recipe, problems);
  EXPECT_TRUE(problems.texts().empty());
  return recipe;
}

TEST(SamplingPart, WhatDecidesATokenIsInTheDigest) {
  const std::string digest = SamplingDigest(GoodRecipe());
  EXPECT_EQ(digest.size(), 32u);
  for (const char* setting :
       {"model.dtype=BFLOAT16", "model.embedded.layers=7", "rollout.temperature=0.7", "rollout.group_size=4",
        "rollout.max_response_tokens=31", "run.seed=9", "data.template=\"r1\"", "data.stop=\";\"",
        "data.add_special_tokens=false", "data.keep_stop=true", "data.keep_stop=false",
        "data.reward_format=\"boxed\"", "weights.swap=CONTINUE", "evaluation.max_response_tokens=7"}) {
    EXPECT_NE(SamplingDigest(With({setting})), digest) << setting;
  }
}

TEST(SamplingPart, WhatDoesNotMatterIsNotInIt) {
  const std::string digest = SamplingDigest(GoodRecipe());
  for (const char* setting :
       {"run.steps=7", "run.device=\"cpu\"", "learner.learning_rate=0.1", "actors.count=9",
        "actors.max_batch=3", "verifiers.threads=2", "leases.ttl_seconds=9", "rollout.max_rounds=3"}) {
    EXPECT_EQ(SamplingDigest(With({setting})), digest) << setting;
  }
  EXPECT_EQ(SamplingDigest(With({"model.path=\"/a\""})), SamplingDigest(With({"model.path=\"/b\""})))
      << "the same model may lie elsewhere on another machine";
  EXPECT_NE(SamplingDigest(With({"model.path=\"/a\""})), digest);
}

// A new field says in its rule whether actors and learner have to agree on it.
TEST(SamplingPart, EveryFieldHasARole) { EXPECT_EQ(FieldsWithoutSamplingRole(), std::vector<std::string>()); }

// Another text is another digest: actors and learners of two releases would not work together.
TEST(SamplingPart, OfTheDefaultsIsThis) {
  EXPECT_EQ(ToText(SamplingPart(DefaultRecipe())), R"(run {
  seed: 1
}
model {
  path: ""
  dtype: FLOAT32
  embedded {
    alphabet: "0123456789+-*=,;:#. \n"
    hidden_size: 96
    layers: 3
    heads: 4
    kv_heads: 4
    intermediate_size: 256
    rope_theta: 10000
    max_positions: 256
    init_std: 0.02
  }
}
data {
  template: "none"
  reward_format: ""
}
rollout {
  group_size: 8
  prompts: 128
  max_response_tokens: 3000
  temperature: 1
  top_p: 1
  top_k: 0
  drop_equal_groups: false
  min_p: 0
}
reward {
  grader: "math"
}
evaluation {
  max_response_tokens: 0
}
weights {
  swap: DRAIN
}
)");
  EXPECT_EQ(SamplingDigest(DefaultRecipe()), "3cb52dd73957ab1b30281a2cf59287f2");
}

TEST(SamplingDifferences, NameTheFieldsAndBothValues) {
  EXPECT_EQ(SamplingDifferences(GoodRecipe(), With({"run.steps=7"})), "");
  EXPECT_EQ(SamplingDifferences(GoodRecipe(), With({"rollout.temperature=0.5", "run.seed=9"})),
            "run.seed: 1 -> 9; rollout.temperature: 1 -> 0.5");
}

}  // namespace
}  // namespace drover::recipe
