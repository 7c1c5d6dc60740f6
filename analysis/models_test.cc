#include "analysis/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "analysis/answering_models.h"
#include "analysis/exploration_models.h"
#include "analysis/reflection_models.h"
#include "plot/testing/svg_reader.h"

namespace drover::analysis {
namespace {

using plot::testing::Count;
using plot::testing::IsWellFormed;
using plot::testing::Texts;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Each report shows each of its plots, and there is none that no report shows.
void ExpectPlots(const std::string& report, const std::map<std::string, std::string>& plots) {
  for (const auto& [name, svg] : plots) {
    EXPECT_TRUE(IsWellFormed(svg)) << name;
    EXPECT_THAT(report, HasSubstr("(" + name + ")"));
  }
  EXPECT_EQ(Count(report, "!["), plots.size());
  EXPECT_EQ(report.find("nan"), std::string::npos);
}

// Four responses of which the first `answering` answer their question.
std::vector<Sample> Answered(size_t answering) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < 4; ++i) {
    const std::string question = absl::StrCat("q", i);
    samples.push_back({absl::StrCat(question, "#0"), question, absl::StrCat("What is ", i, " + 1?"),
                       i < answering ? absl::StrCat("It is ", i, " + 1 = ", i + 1, ".") : "User: What is 3?",
                       i == 0 && answering > 0, 10});
  }
  return samples;
}

OfModel<AnsweringResults> AnsweringModel(const std::string& name, const std::vector<size_t>& answering,
                                         bool with_judge) {
  OfModel<AnsweringResults> model{name, "models/" + name, {.model = "/path/of/" + name}};
  // The judge says of all responses that they continue, and is not understood about the first.
  JudgedBy judged{"judge at url", std::vector<Judgement>(4, {kJudgedContinues, "CONTINUES"})};
  judged.judgements[0].verdict.reset();
  const char* templates[] = {"r1", "none"};
  for (size_t i = 0; i < answering.size(); ++i) {
    model.results.templates.push_back(
        MeasureTemplate(templates[i], Answered(answering[i]), with_judge ? &judged : nullptr));
  }
  if (!with_judge) return model;
  model.results.judge = judged.judge;
  model.results.rules_judge = RulesAndJudge(Answered(answering[0]), judged.judgements);
  return model;
}

TEST(AnsweringModelsTest, AGroupAModelAndABarATemplate) {
  const ByModel<AnsweringResults> models = {AnsweringModel("small", {2, 0}, false),
                                            AnsweringModel("large", {4, 1}, false)};
  const std::string report = ToMarkdown(models);
  EXPECT_THAT(report, HasSubstr("| model | r1 | none |"));
  EXPECT_THAT(report, HasSubstr("| small | 50.0 % ["));
  EXPECT_THAT(report, HasSubstr("| large | 100.0 % ["));
  EXPECT_THAT(report, HasSubstr("| large | none | 4 | 25.0 % ["));
  EXPECT_THAT(report,
              HasSubstr("| large | /path/of/large | [models/large/report.md](models/large/report.md) |"));
  EXPECT_THAT(report, Not(HasSubstr("by the judge")));
  const auto plots = AnsweringPlots(models);
  EXPECT_EQ(plots.size(), 1u);
  ExpectPlots(report, plots);
  const std::string& svg = plots.at("answering.svg");
  for (const char* text : {"small", "large", "r1", "none", "100.0 %", "25.0 %"})
    EXPECT_THAT(Texts(svg), Contains(text));
  EXPECT_EQ(Count(svg, "class=\"c0 bar\""), 3u);  // r1's, one a model, and the legend's
  EXPECT_EQ(Count(svg, "class=\"c1 bar\""), 3u);
  EXPECT_NE(svg.find("r1, large: 1 ("), std::string::npos);
}

TEST(AnsweringModelsTest, TheJudgeHasATableAndAPlotOfItsOwn) {
  const ByModel<AnsweringResults> models = {AnsweringModel("small", {2, 0}, true),
                                            AnsweringModel("large", {4, 1}, true)};
  const std::string report = ToMarkdown(models);
  EXPECT_THAT(
      report,
      HasSubstr(
          "By the judge, judge at url:\n\n| model | r1 | none |\n| --- | --- | --- |\n| small | 0.0 % ["));
  // Of the three that it was understood about the rules say "answers" of one, and of all.
  EXPECT_THAT(report, HasSubstr("| small | 3 | 66.7 % |"));
  EXPECT_THAT(report, HasSubstr("| large | 3 | 0.0 % |"));
  const auto plots = AnsweringPlots(models);
  EXPECT_EQ(plots.size(), 2u);
  ExpectPlots(report, plots);
}

TEST(AnsweringModelsTest, TheJsonIsThatOfEachModelByItsName) {
  const ByModel<AnsweringResults> models = {AnsweringModel("small", {2, 0}, false),
                                            AnsweringModel("large", {4, 1}, false)};
  const auto json = ToJson(models);
  EXPECT_EQ(json["analysis"], "answering");
  ASSERT_EQ(json["models"].size(), 2u);
  EXPECT_EQ(json["models"].begin().key(), "small");  // in the order in which they were given
  EXPECT_EQ(json["models"]["large"], ToJson(models[1].results));
  EXPECT_EQ(json["folders"]["large"], "models/large");
}

ExplorationPoint Point(const std::string& prompt_template, double temperature, double pass) {
  ExplorationPoint point{
      .template_name = prompt_template, .temperature = temperature, .questions = 5, .n = 8, .k = 8};
  point.pass_at_k = pass;
  point.interval = {pass / 2, (1 + pass) / 2};
  point.mean_at_k.share = pass / 4;
  point.mean_at_k.interval = {0, pass};
  return point;
}

OfModel<ExplorationResults> ExplorationModel(const std::string& name,
                                             const std::vector<ExplorationPoint>& points) {
  return {name, "models/" + name, {.model = name, .points = points}};
}

ByModel<ExplorationResults> TwoExplored() {
  return {ExplorationModel("small", {Point("r1", 0.5, 0.1), Point("r1", 1, 0.2), Point("none", 0.5, 0),
                                     Point("none", 1, 0.25)}),
          ExplorationModel("large", {Point("r1", 0.5, 0.1), Point("r1", 1, 0), Point("none", 0.5, 0.5),
                                     Point("none", 1, 0.75)})};
}

TEST(ExplorationModelsTest, TheBestTemplateIsBestOnAverage) {
  EXPECT_EQ(BestTemplate(TwoExplored()[0].results),
            "r1");  // 0.15 beside 0.125, though none has the highest point
  EXPECT_EQ(BestTemplate(TwoExplored()[1].results), "none");
  EXPECT_EQ(BestTemplate({}), "");
  EXPECT_EQ(BestTemplate({.points = {Point("a", 0, 0), Point("b", 0, 0)}}), "a");
}

TEST(ExplorationModelsTest, ALineAModelAndTemplate) {
  const auto models = TwoExplored();
  const std::string report = ToMarkdown(models);
  EXPECT_THAT(report, HasSubstr("| small | none | 1 | 5 | 8 | 25.0 % ["));
  EXPECT_THAT(report, HasSubstr("| large | r1 | 1 | 5 | 8 | 0.0 % ["));
  EXPECT_LT(report.find("| large | none | 1 |"),
            report.find("!["));  // the best point stands before the plots
  const auto plots = ExplorationPlots(models);
  ExpectPlots(report, plots);
  const std::string& all = plots.at("exploration.svg");
  for (const char* name : {"small, r1", "small, none", "large, r1", "large, none"})
    EXPECT_THAT(Texts(all), Contains(name));
  // Colours are models', dashes templates'.
  for (const char* line : {"\"c0 line\" d=", "\"c0 line d1\" d=", "\"c1 line\" d=", "\"c1 line d1\" d="}) {
    EXPECT_EQ(Count(all, line), 1u) << line;
  }
  const std::string& best = plots.at("exploration_best.svg");
  EXPECT_THAT(Texts(best), Contains("small, r1"));
  EXPECT_THAT(Texts(best), Contains("large, none"));
  EXPECT_THAT(Texts(best), Not(Contains("large, r1")));
  EXPECT_EQ(Count(best, "band\" d="), 2u);
}

TEST(ExplorationModelsTest, ManyLinesHaveNoBandsButTheirTips) {
  auto models = TwoExplored();
  EXPECT_EQ(Count(ExplorationPlots(models).at("exploration.svg"), "band\" d="), 4u);
  models.push_back(models[0]);
  models.back().name = "another";
  const std::string svg = ExplorationPlots(models).at("exploration.svg");
  EXPECT_EQ(Count(svg, "band\" d="), 0u);
  EXPECT_NE(svg.find("another, r1: 1, 0.2 (0.1 to 0.6)"), std::string::npos);
}

TEST(ExplorationModelsTest, WithOneTemplateModelsAreTheLines) {
  const ByModel<ExplorationResults> models = {
      ExplorationModel("small", {Point("r1", 0.5, 0.1), Point("r1", 1, 0.2)}),
      ExplorationModel("large", {Point("r1", 0.5, 0.3), Point("r1", 1, 0.4)})};
  const auto plots = ExplorationPlots(models);
  ExpectPlots(ToMarkdown(models), plots);
  EXPECT_EQ(plots.count("exploration_best.svg"), 0u);
  EXPECT_THAT(Texts(plots.at("exploration.svg")), Contains("large"));
  EXPECT_EQ(ToJson(models)["models"]["large"]["points"][1]["pass_at_k"], 0.4);
}

// One question whose first `reflecting` of four responses have a keyword.
std::vector<Sample> Reflected(size_t reflecting) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < 4; ++i) {
    samples.push_back(
        {absl::StrCat("#", i), "q", "", i < reflecting ? "Let me recheck." : "It is 2.", i % 2 == 0, 10});
  }
  return samples;
}

OfModel<ReflectionResults> ReflectionModel(const std::string& name, const std::vector<size_t>& reflecting,
                                           bool with_judge) {
  OfModel<ReflectionResults> model{name, "models/" + name, {.model = name}};
  const std::vector<Judgement> judgements(with_judge ? 4 : 0, {kReflects, "REFLECTS"});
  if (with_judge) model.results.judge = "judge";
  double temperature = 0;
  for (size_t count : reflecting) {
    temperature += 0.5;
    model.results.groups.push_back(MeasureReflection(temperature, Reflected(count), judgements));
  }
  return model;
}

TEST(ReflectionModelsTest, ALineAModelOverTemperatures) {
  const ByModel<ReflectionResults> models = {ReflectionModel("small", {0, 1}, false),
                                             ReflectionModel("large", {2, 4}, false)};
  const std::string report = ToMarkdown(models);
  EXPECT_THAT(report, HasSubstr("| model | temperature | responses | found by |"));
  EXPECT_THAT(report, HasSubstr("| large | 1 | 4 | keywords | 100.0 % ["));
  EXPECT_THAT(report, HasSubstr("| keyword | small | large |"));
  EXPECT_THAT(report, HasSubstr("| recheck | 1 | 6 |"));
  const auto plots = ReflectionPlots(models);
  ExpectPlots(report, plots);
  const std::string& lines = plots.at("reflection_responses.svg");
  EXPECT_THAT(Texts(lines), Contains("large"));
  EXPECT_EQ(Count(lines, "band\" d="), 2u);
  EXPECT_THAT(Texts(plots.at("reflection_accuracy.svg")), Contains("large, 0.5"));
  EXPECT_EQ(ToJson(models)["models"]["small"]["groups"][1]["keyword_counts"]["recheck"], 1);
}

TEST(ReflectionModelsTest, WithAJudgeDashesSayWhoFoundIt) {
  const ByModel<ReflectionResults> models = {ReflectionModel("small", {0, 1}, true),
                                             ReflectionModel("large", {2, 4}, true)};
  const std::string report = ToMarkdown(models);
  EXPECT_THAT(report, HasSubstr("The judge's categories"));
  EXPECT_THAT(report, HasSubstr("| small | 0.5 | 4 | judge | 100.0 % ["));
  const auto plots = ReflectionPlots(models);
  ExpectPlots(report, plots);
  const std::string& lines = plots.at("reflection_questions.svg");
  for (const char* name : {"small, keywords", "small, judge", "large, both"})
    EXPECT_THAT(Texts(lines), Contains(name));
  for (const char* line : {"\"c0 line\" d=", "\"c0 line d2\" d=", "\"c1 line d1\" d="})
    EXPECT_EQ(Count(lines, line), 1u);
}

TEST(ReflectionModelsTest, WithOneTemperatureAGroupOfBarsAModel) {
  const ByModel<ReflectionResults> models = {ReflectionModel("small", {1}, false),
                                             ReflectionModel("large", {2}, false)};
  const auto plots = ReflectionPlots(models);
  ExpectPlots(ToMarkdown(models), plots);
  const std::string& bars = plots.at("reflection_responses.svg");
  EXPECT_EQ(Count(bars, "class=\"c0 bar\""), 2u);
  EXPECT_THAT(Texts(bars), Contains("50.0 %"));
  EXPECT_THAT(Texts(plots.at("reflection_accuracy.svg")), Contains("large"));
}

// Names come from people's paths.
TEST(ModelsTest, NamesBreakNeitherTablesNorPlots) {
  const std::string name = "a|b<c>&\"d\"";
  const ByModel<AnsweringResults> answering = {AnsweringModel(name, {1, 1}, true),
                                               AnsweringModel("b", {1, 1}, true)};
  EXPECT_THAT(ToMarkdown(answering), HasSubstr("| a\\|b<c>&\"d\" | "));
  ExpectPlots(ToMarkdown(answering), AnsweringPlots(answering));
  const ByModel<ReflectionResults> reflection = {ReflectionModel(name, {1, 2}, true),
                                                 ReflectionModel("b", {1}, true)};
  ExpectPlots(ToMarkdown(reflection), ReflectionPlots(reflection));
}

}  // namespace
}  // namespace drover::analysis
