#include "recipe/text.h"

#include <random>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "recipe/defaults.h"

namespace drover::recipe {
namespace {

using google::protobuf::util::MessageDifferencer;

std::vector<std::string> Errors(const std::string& text) {
  v1::Recipe recipe;
  Problems problems;
  ParseText(text, recipe, problems);
  return problems.texts();
}

TEST(ParseText, RoundTrip) {
  v1::Recipe recipe = DefaultRecipe();
  recipe.set_description("\xc3\xa9t\xc3\xa9 \"quoted\" \\ \n\t#");
  recipe.mutable_data()->add_stop("\n");
  recipe.mutable_data()->add_stop("</answer>");
  recipe.mutable_learner()->set_learning_rate(1.0 / 3);
  recipe.mutable_run()->set_seed(~uint64_t{0});
  v1::Recipe read;
  Problems problems;
  EXPECT_TRUE(ParseText(ToText(recipe), read, problems));
  EXPECT_TRUE(problems.empty());
  EXPECT_TRUE(MessageDifferencer::Equals(recipe, read));
  EXPECT_THAT(ToText(recipe), testing::HasSubstr("\xc3\xa9t\xc3\xa9"));
}

struct Case {
  const char* text;
  std::vector<std::string> errors;
};

TEST(ParseText, Errors) {
  const Case cases[] = {
      {"staleness { bund: 1 }",
       {"line 1, column 13: unknown field `staleness.bund`; did you mean `staleness.bound`? Fields of "
        "staleness: bound"}},
      {"leases {\n  ttl_seconds: 10s\n}",
       {"line 2, column 16: leases.ttl_seconds: got `10s`, may be a number from 1 to 86400 (seconds); write "
        "the number "
        "alone, without `s`"}},
      {"learner { learning_rate: 1e-6x }",
       {"line 1, column 26: learner.learning_rate: got `1e-6x`, may be a number from 0 to 1; write the "
        "number alone, "
        "without `x`"}},
      {"learner { learning_rate: \"1e-6\" }",
       {"line 1, column 26: learner.learning_rate: got `\"1e-6\"`, may be a number from 0 to 1; write it "
        "without "
        "quotes"}},
      {"rollout { prompts: 1e3 }",
       {"line 1, column 20: rollout.prompts: got `1e3`, may be a whole number from 1 to 1048576 (prompts); "
        "write it "
        "without a point or an exponent"}},
      {"rollout { prompts: -4 }",
       {"line 1, column 20: rollout.prompts: got `-4`, may be a whole number from 1 to 1048576 (prompts)"}},
      {"run { steps: 99999999999 }",
       {"line 1, column 14: run.steps: got `99999999999`, may be a whole number from 0 to 10000000 "
        "(rollouts)"}},
      {"loss { aggregation: RESPONSE_LENGHT }",
       {"line 1, column 21: loss.aggregation: got `RESPONSE_LENGHT`, may be CONSTANT or RESPONSE_LENGTH or "
        "TOKENS or VL_NORM; did "
        "you mean "
        "RESPONSE_LENGTH?"}},
      {"reward { shuffle: yes }", {"line 1, column 19: reward.shuffle: got `yes`, may be true or false"}},
      {"data { train: arithmetic }",
       {"line 1, column 15: data.train: got `arithmetic`, may be a text that is not empty, in quotes"}},
      {"run { seed: 1 seed: 2 }", {"line 1, column 15: run.seed: is given twice"}},
      {"run { seed: 1 }\nrun { steps: 2 }", {"line 2, column 1: run: is given twice"}},
      {"run { seed = 1 }", {"line 1, column 7: run.seed: a colon must stand before its value: `seed: ...`"}},
      {"advantage: true",
       {"line 1, column 12: advantage: got `true`, may be a message in braces with normalize_std, baseline, "
        "whiten, gamma, gae_lambda"}},
      {"run { seed: 1", {"line 1, column 14: the text ends where a `}` is missing"}},
      {"run { seed: 1 } }", {"line 1, column 17: Expected identifier, got: }"}},
  };
  for (const Case& c : cases) EXPECT_THAT(Errors(c.text), testing::ElementsAreArray(c.errors)) << c.text;
}

TEST(ParseText, ReportsAllErrorsInTheirOrder) {
  const std::vector<std::string> errors = Errors(
      "rolout { prompts: 3 }\n"
      "rollout {\n\tprompts: 8x  # why not\n  temperature: \"1\" group_sizee: 8 }\n"
      "loss { aggregation: MEAN }\n"
      "data { stop: \"a\" stop: 5 template: \"open\n  train: \"x\" }\n");
  const char* const parts[] = {"line 1, column 1: unknown field `rolout`; did you mean `rollout`?",
                               "line 3, column 11: rollout.prompts: got `8x`",
                               "line 4, column 16: rollout.temperature: got `\"1\"`",
                               "line 4, column 20: unknown field `rollout.group_sizee`",
                               "line 5, column 21: loss.aggregation: got `MEAN`",
                               "line 6, column 24: data.stop: got `5`",
                               "line 6, column 36: data.template: got `\"open`"};
  ASSERT_EQ(errors.size(), std::size(parts)) << testing::PrintToString(errors);
  for (size_t i = 0; i < errors.size(); ++i) EXPECT_THAT(errors[i], testing::StartsWith(parts[i]));
}

TEST(ParseText, KeepsWhatIsRight) {
  v1::Recipe recipe;
  Problems problems;
  EXPECT_TRUE(ParseText("run { seed: x steps: 7 } rollout { wrong: {a: 1} prompts: 9 }", recipe, problems));
  EXPECT_EQ(recipe.run().steps(), 7u);
  EXPECT_EQ(recipe.rollout().prompts(), 9u);
  EXPECT_TRUE(problems.Has("run.seed"));
  EXPECT_FALSE(problems.Has("run.steps"));
  EXPECT_FALSE(ParseText("run { steps: 7 } } rollout { prompts: 9 }", recipe, problems));
}

TEST(ParseText, Bounds) {
  EXPECT_THAT(Errors(std::string(kMaxRecipeBytes + 1, ' ')),
              testing::ElementsAre(testing::HasSubstr("may be at most 1048576")));
  std::string deep = "x";
  for (int i = 0; i < 100'000; ++i) deep += "{x";
  EXPECT_FALSE(Errors(deep).empty());
  std::string many = "run {";
  for (int i = 0; i < 1000; ++i) many += " seed: x" + std::to_string(i);
  EXPECT_LE(Errors(many).size(), 60u);
}

// Any bytes give errors or a recipe: no crash, no hang.
TEST(ParseText, SurvivesMutations) {
  v1::Recipe recipe = DefaultRecipe();
  recipe.mutable_data()->add_stop("\n");
  const std::string text = ToText(recipe);
  const std::string bytes = "{}<>[]\"'#:;,=\n\t\\ .-x9\xff" + std::string(1, '\0');
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string mutated = text;
    for (int edit = 0; edit < 4; ++edit) {
      const size_t at = random() % mutated.size();
      switch (random() % 3) {
        case 0:
          mutated[at] = bytes[random() % bytes.size()];
          break;
        case 1:
          mutated.insert(at, 1, bytes[random() % bytes.size()]);
          break;
        default:
          mutated.erase(at, random() % 20);
      }
    }
    v1::Recipe read;
    Problems problems;
    if (!ParseText(mutated, read, problems)) {
      EXPECT_FALSE(problems.empty()) << mutated;
    }
  }
}

}  // namespace
}  // namespace drover::recipe
