#include "study/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace drover::study {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kStudy[] = R"(
title: "A title" recipe: "arithmetic" set: "run.threads=1"
base_set: "run.steps=1"
arms { name: "a" } arms { name: "b" set: "loss.aggregation=RESPONSE_LENGTH" }
full { seeds: 3 set: "run.steps=30" } quick { seeds: 2 set: "run.steps=5" }
model_set: "data.arithmetic.style=PLAIN"
alpha: 0.05
groups { name: "g" rewards: [1, 0] lengths: [4, 8] }
weight_claims { name: "w" arm: "a" first { group: "g" responses: 1 } second { group: "g" } expect: LESS counts: 0.1 }
run_claims { name: "r" measure: FINAL_REWARD terms { arm: "a" weight: 1 } expect: AT_LEAST counts: 0.1 }
)";

class DefinitionTest : public ::testing::Test {
 protected:
  void SetUp() override { setenv("DROVER_RECIPES", "recipes", 1); }
};

v1::Study Study() { return ParseStudy(kStudy).value(); }

std::string WhatIsWrong(const std::string& from, const std::string& to) {
  const auto study = ParseStudy(absl::StrReplaceAll(kStudy, {{from, to}}));
  return study.ok() ? "" : std::string(study.status().message());
}

TEST_F(DefinitionTest, WrongStudiesAreRefusedWithTheRule) {
  EXPECT_EQ(WhatIsWrong("", ""), "");
  EXPECT_THAT(WhatIsWrong("alpha: 0.05", "alfa: 0.05"), HasSubstr("line 7"));
  EXPECT_THAT(WhatIsWrong("alpha: 0.05", ""), HasSubstr("alpha: got 0"));
  EXPECT_THAT(WhatIsWrong("title: \"A title\"", ""), HasSubstr("title"));
  EXPECT_THAT(WhatIsWrong("name: \"b\"", "name: \"a\""), HasSubstr("a is there twice"));
  EXPECT_THAT(WhatIsWrong("name: \"b\"", "name: \"../b\""), HasSubstr("cannot be an arm's name"));
  EXPECT_THAT(WhatIsWrong("name: \"b\"", "name: \"base\""), HasSubstr("cannot be an arm's name"));
  EXPECT_THAT(WhatIsWrong("seeds: 3", "seeds: 1"), HasSubstr("full.seeds: got 1"));
  EXPECT_THAT(WhatIsWrong("lengths: [4, 8]", "lengths: [4]"), HasSubstr("2 rewards and 1 lengths"));
  EXPECT_THAT(WhatIsWrong("lengths: [4, 8]", "lengths: [4, 0]"), HasSubstr("lengths above 0"));
  EXPECT_THAT(WhatIsWrong("responses: 1", "responses: 2"), HasSubstr("no response 2"));
  EXPECT_THAT(WhatIsWrong("second { group: \"g\" }", "second { group: \"h\" }"), HasSubstr("no group `h`"));
  EXPECT_THAT(WhatIsWrong("terms { arm: \"a\"", "terms { arm: \"c\""), HasSubstr("no arm `c`"));
  EXPECT_THAT(WhatIsWrong("name: \"r\"", "name: \"w\""), HasSubstr("there twice"));
  EXPECT_THAT(WhatIsWrong("expect: AT_LEAST ", ""), HasSubstr("expect is missing"));
  EXPECT_THAT(WhatIsWrong("measure: FINAL_REWARD", ""), HasSubstr("measure or terms are missing"));
  EXPECT_THAT(WhatIsWrong("counts: 0.1", "counts: -1"), HasSubstr("counts: got -1"));
}

TEST_F(DefinitionTest, BaseRunsComeBeforeTheArmsOfTheirSeed) {
  const auto runs = PlanRuns(Study(), {.quick = true});
  ASSERT_TRUE(runs.ok()) << runs.status();
  std::vector<std::string> names;
  for (const PlannedRun& run : *runs) names.push_back(run.name);
  EXPECT_THAT(names, ElementsAre("base-seed1", "a-seed1", "b-seed1", "base-seed2", "a-seed2", "b-seed2"));
  EXPECT_FALSE((*runs)[0].needs_base);
  EXPECT_EQ((*runs)[0].rollouts, 1u);
  EXPECT_TRUE((*runs)[5].needs_base);
  EXPECT_EQ((*runs)[5].rollouts, 5u);
  EXPECT_THAT((*runs)[5].overrides,
              ElementsAre("run.threads=1", "run.steps=5", "model.path={base}", "pretrain.batches=0",
                          "loss.aggregation=RESPONSE_LENGTH", "run.seed=2"));
  EXPECT_THAT(WithBase((*runs)[5].overrides, "/x/step-000001"), Contains("model.path=/x/step-000001"));
}

TEST_F(DefinitionTest, SeedsAndScaleAreAsAskedFor) {
  EXPECT_EQ(PlanRuns(Study(), {})->size(), 9u);
  EXPECT_EQ(PlanRuns(Study(), {.seeds = 5})->size(), 15u);
  EXPECT_EQ(PlanRuns(Study(), {})->back().rollouts, 30u);
}

TEST_F(DefinitionTest, AModelTakesThePlaceOfTheBaseRuns) {
  const auto runs = PlanRuns(Study(), {.quick = true, .model = "/models/m"});
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_EQ(runs->size(), 4u);
  EXPECT_THAT(runs->front().overrides, Contains("model.path=/models/m"));
  EXPECT_THAT(runs->front().overrides, Contains("data.arithmetic.style=PLAIN"));
  EXPECT_THAT(runs->front().overrides, Not(Contains(HasSubstr("{base}"))));
}

TEST_F(DefinitionTest, AWrongOverrideIsFoundBeforeAnythingRuns) {
  const auto runs =
      PlanRuns(ParseStudy(absl::StrReplaceAll(kStudy, {{"run.threads=1", "run.threds=1"}})).value(), {});
  EXPECT_TRUE(absl::IsInvalidArgument(runs.status()));
  EXPECT_THAT(std::string(runs.status().message()), HasSubstr("threds"));
}

TEST_F(DefinitionTest, ArmsDifferInTheirRecipes) {
  EXPECT_EQ(ArmRecipe(Study(), {}, 0)->loss().aggregation(), v1::CONSTANT);
  EXPECT_EQ(ArmRecipe(Study(), {}, 1)->loss().aggregation(), v1::RESPONSE_LENGTH);
}

// All that ship: whatever scale and seeds, and with a model.
TEST_F(DefinitionTest, ShippedStudiesCanRun) {
  const auto studies = ListStudies();
  ASSERT_TRUE(studies.ok()) << studies.status();
  ASSERT_FALSE(studies->empty());
  EXPECT_TRUE(std::is_sorted(studies->begin(), studies->end(),
                             [](const Definition& a, const Definition& b) { return a.name < b.name; }));
  for (const Definition& definition : *studies) {
    EXPECT_NE(definition.study.about(), "") << definition.name;
    for (const Extent& extent :
         {Extent{}, Extent{.quick = true}, Extent{.quick = true, .seeds = 3, .model = "/m"}}) {
      const auto runs = PlanRuns(definition.study, extent);
      EXPECT_TRUE(runs.ok()) << definition.name << ": " << runs.status();
    }
    EXPECT_EQ(FindStudy(definition.name)->study.title(), definition.study.title());
  }
}

TEST_F(DefinitionTest, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  const auto study = FindStudy("lenght-bias");
  EXPECT_TRUE(absl::IsNotFound(study.status()));
  EXPECT_THAT(std::string(study.status().message()), HasSubstr("did you mean length-bias?"));
  EXPECT_TRUE(absl::IsNotFound(FindStudy("no/such.textproto").status()));
}

}  // namespace
}  // namespace drover::study
