#include "programs/learner/suite_results.h"

#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_split.h"
#include "base/testing/temp_folder.h"
#include "evaluation/records.h"
#include "recipe/defaults.h"

namespace drover::learner_process {
namespace {

v1::Response MakeResponse(double reward, int tokens, v1::FinishReason finish = v1::FINISH_REASON_STOP) {
  v1::Response response;
  response.set_reward(reward);
  response.set_formatted(true);
  response.set_finish_reason(finish);
  response.set_reason("equal_exact");
  for (int i = 0; i < tokens; ++i) response.add_token_ids(1);
  return response;
}

// Two benchmarks, two responses a question: the groups go to the benchmarks in the order of the prompts.
TEST(ReportOfSuite, IsDroverEvals) {
  const drover::testing::TempFolder folder;
  std::ofstream(folder.path() + "/easy.jsonl") << R"({"problem":"1+1","answer":2,"level":1})"
                                               << "\n"
                                               << R"({"problem":"1+2","answer":3,"level":2})"
                                               << "\n";
  std::ofstream(folder.path() + "/hard.jsonl") << R"({"problem":"2^9","answer":"512"})"
                                               << "\n";
  v1::Recipe recipe = recipe::DefaultRecipe();
  v1::SuiteSettings& settings = *recipe.mutable_evaluation()->mutable_suite();
  settings.set_path(folder.path());
  settings.set_template_("r1");
  settings.set_n(2);
  settings.set_temperature(0.5);
  const auto suite = recipe::LoadSuite(recipe, {});
  ASSERT_TRUE(suite.ok()) << suite.status();
  ASSERT_EQ(suite->prompts.size(), 3u);

  std::vector<v1::Group> groups(3);
  *groups[0].add_responses() = MakeResponse(1, 4);
  *groups[0].add_responses() =
      MakeResponse(1, 6, v1::FINISH_REASON_LENGTH);  // cut: wrong, whatever was graded
  *groups[1].add_responses() = MakeResponse(0, 8);
  *groups[1].add_responses() = MakeResponse(0, 8);
  *groups[2].add_responses() = MakeResponse(1, 10);
  *groups[2].add_responses() = MakeResponse(1, 10);

  groups[2].mutable_responses(1)->set_text("512\xff");
  groups[2].mutable_responses(1)->set_extracted("512");

  const SuiteReport report = ReportOfSuite(*suite, recipe, groups);
  const nlohmann::ordered_json& results = report.results;
  EXPECT_FALSE(results.contains("model"));
  EXPECT_EQ(results["template"], "r1");
  EXPECT_EQ(results["n"], 2);
  EXPECT_EQ(results["temperature"], 0.5);
  const auto& easy = results["benchmarks"]["easy"];
  EXPECT_EQ(easy["questions"], 2);
  EXPECT_DOUBLE_EQ(easy["accuracy"], 0.25);
  EXPECT_DOUBLE_EQ(easy["pass_at_k"]["2"], 0.5);
  EXPECT_DOUBLE_EQ(easy["truncated"], 0.25);
  EXPECT_DOUBLE_EQ(easy["response_tokens"]["correct"], 4);
  EXPECT_DOUBLE_EQ(easy["levels"]["1"]["accuracy"], 0.5);
  EXPECT_DOUBLE_EQ(results["benchmarks"]["hard"]["accuracy"], 1);
  EXPECT_DOUBLE_EQ(results["mean"]["accuracy"], 0.625);

  const std::vector<std::string> lines = absl::StrSplit(report.responses, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 3u);
  const auto record = evaluation::ParseRecord(lines[2]);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->id, "hard/0");
  EXPECT_EQ(record->problem, "2^9");
  EXPECT_EQ(record->prompt, suite->prompts[2].text());
  EXPECT_EQ(record->gold, std::vector<std::string>{"512"});
  EXPECT_EQ(record->responses[1].response.text, "512\xef\xbf\xbd");
  EXPECT_EQ(record->responses[1].extracted, "512");
  EXPECT_FALSE(evaluation::ParseRecord(lines[0])->responses[1].reward > 0) << "cut";
}

}  // namespace
}  // namespace drover::learner_process
