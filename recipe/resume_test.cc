#include "recipe/resume.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipe/testing/small_recipe.h"

namespace drover::recipe {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

v1::Recipe With(const std::vector<std::string>& overrides) {
  v1::Recipe recipe = GoodRecipe();
  Problems problems;
  ApplyOverrides(overrides, recipe, problems);
  EXPECT_TRUE(problems.empty());
  return recipe;
}

std::string Refused(const std::vector<std::string>& overrides, bool has_checkpoint = true) {
  return std::string(CheckResume(GoodRecipe(), With(overrides), has_checkpoint).message());
}

TEST(CheckResume, WhatARunIsMadeOfStays) {
  EXPECT_EQ(Refused({}), "");
  for (const char* setting :
       {"model.path=\"/other\"", "model.dtype=BFLOAT16", "model.embedded.layers=7", "data.train=\"q.jsonl\"",
        "data.heldout=\"q.jsonl\"", "data.template=\"r1\"", "data.stop=[\"a\", \"b\"]",
        "data.keep_stop=false", "data.arithmetic.max_digits=7", "data.add_special_tokens=false",
        "data.answer_key=\"a.b\"", "rollout.group_size=4", "rollout.temperature=0.5", "run.seed=9",
        "pretrain.batches=7", "loss.kl_coefficient=0.1", "advantage.baseline=VALUE"}) {
    const std::string field = std::string(setting).substr(0, std::string(setting).find('='));
    EXPECT_THAT(Refused({setting}),
                AllOf(HasSubstr("\n  " + field + ": the run has "), HasSubstr("These may: ")));
  }
}

TEST(CheckResume, NamesEveryFieldWithBothValues) {
  const std::string text = Refused({"model.path=\"/other\"", "run.steps=7", "rollout.group_size=4"});
  EXPECT_THAT(text,
              AllOf(HasSubstr("model.path: the run has \"\", got \"/other\""),
                    HasSubstr("rollout.group_size: the run has 8, got 4"), Not(HasSubstr("run.steps: "))));
  const std::string may = text.substr(text.find("These may: "));
  EXPECT_THAT(may, AllOf(HasSubstr("run.steps, "), HasSubstr("learner.epochs, "), HasSubstr("staleness.*"),
                         HasSubstr("rollout.max_rounds"), Not(HasSubstr("run.seed")),
                         Not(HasSubstr("model.*")), Not(HasSubstr("rollout.top_p"))));
}

TEST(CheckResume, TheRestMayChange) {
  for (const char* setting :
       {"run.steps=7", "run.device=\"cpu\"", "run.threads=3", "run.checkpoint_every=9", "learner.ranks=2",
        "learner.learning_rate=0.1", "loss.clip_high=0.3", "staleness.bound=3", "actors.count=9",
        "evaluation.every=2", "leases.ttl_seconds=9", "verifiers.count=2", "weights.chunk_bytes=4096"}) {
    EXPECT_EQ(Refused({setting}), "") << setting;
  }
}

TEST(CheckResume, PretrainingBeginsAnewWithoutACheckpoint) {
  EXPECT_EQ(Refused({"pretrain.batches=7", "pretrain.learning_rate=0.5"}, /*has_checkpoint=*/false), "");
  EXPECT_THAT(Refused({"model.embedded.layers=7"}, /*has_checkpoint=*/false),
              HasSubstr("model.embedded.layers"));
  EXPECT_EQ(Refused({"loss.kl_coefficient=0.1"}, /*has_checkpoint=*/false), "");
  EXPECT_EQ(Refused({"advantage.baseline=VALUE"}, /*has_checkpoint=*/false), "");
}

}  // namespace
}  // namespace drover::recipe
