#include "programs/drover/display.h"

#include <gtest/gtest.h>

namespace drover::cli {
namespace {

nlohmann::ordered_json Line(int step, double reward, double seconds) {
  return {{"step", step},
          {"steps", 20},
          {"reward", reward},
          {"seconds", seconds},
          {"response_length", 31.25},
          {"tokens_per_second", 8123.4},
          {"staleness_mean", 0.5},
          {"weight_version", step}};
}

TEST(DisplayTest, Clock) {
  EXPECT_EQ(ClockText(5), "0:05");
  EXPECT_EQ(ClockText(65.4), "1:05");
  EXPECT_EQ(ClockText(7389), "2:03:09");
}

TEST(DisplayTest, TimeLeftFollowsTheLastTenSteps) {
  View view;
  EXPECT_FALSE(SecondsLeft(view).has_value());
  view.metrics.push_back(Line(1, 0, 100));  // a slow start, eleven steps before the last
  for (int step = 2; step <= 12; ++step) view.metrics.push_back(Line(step, 0, 200 + 3 * step));
  EXPECT_NEAR(*SecondsLeft(view), 3 * 8, 1e-9);
}

TEST(DisplayTest, SparklineSpansTheRange) {
  EXPECT_EQ(Sparkline({0, 0.5, 1}, 10), "▁▅█");
  EXPECT_EQ(Sparkline({0, 0, 1, 1}, 2), "▁█");
  EXPECT_EQ(Sparkline({-1, 2}, 2), "▁█");
  EXPECT_EQ(Sparkline({}, 5), "");
}

TEST(DisplayTest, ThePanelKeepsItsHeight) {
  View view;
  const size_t empty = Panel(view).size();
  view.metrics = {Line(1, 0.25, 10), Line(2, 0.5, 12)};
  view.accuracy = 0.125;
  view.accuracy_step = 0;
  view.state.set_heldout_questions(64);
  const auto panel = Panel(view);
  EXPECT_EQ(panel.size(), empty);
  EXPECT_NE(panel[1].find("0.500"), std::string::npos);
  EXPECT_NE(panel[2].find("0.125 [0.065, 0.228] (step 0)"), std::string::npos);
}

TEST(DisplayTest, TroubleShowsOnceItOutnumbersWhatWasAccepted) {
  v1::RunState state;
  state.set_phase(v1::RUN_PHASE_COLLECTING);
  state.set_phase_done(3);
  state.set_phase_total(4);
  state.mutable_since_step()->set_failed(2);
  state.mutable_since_step()->set_expired(1);
  state.mutable_since_step()->set_leased(3);
  EXPECT_EQ(PhaseText(state), "collecting 3/4 groups");
  state.mutable_since_step()->set_filtered(40);
  state.mutable_since_step()->set_leased(43);
  EXPECT_EQ(PhaseText(state), "collecting 3/4 groups (2 failed, 1 expired, 40 filtered: all rewards equal)");
  state.set_phase(v1::RUN_PHASE_EVALUATING);
  EXPECT_EQ(PhaseText(state),
            "evaluating 3/4 questions (2 failed, 1 expired, 40 filtered: all rewards equal)");
}

TEST(DisplayTest, StepLineSaysWhatTheIssueAsksFor) {
  View view;
  view.metrics = {Line(1, 0.25, 10), Line(2, 0.5, 12)};
  const std::string line = StepLine(view.metrics.back(), view);
  for (const char* part : {"step 2/20", "reward 0.500", "accuracy -", "length 31.2", "8123 tokens/s",
                           "staleness 0.5", "version 2", "0:12 elapsed", "0:36 left"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
  }
}

TEST(DisplayTest, AnAccuracyOfNoQuestionsIsNone) {
  nlohmann::ordered_json summary = {
      {"accuracy_before", 0.25}, {"accuracy_after", 0.5}, {"heldout_questions", 60}};
  // With Wilson's intervals of 15 and 30 of 60.
  EXPECT_NE(SummaryText(summary, "runs/x")
                .find("held-out accuracy  0.250 [0.158, 0.372] -> 0.500 [0.377, 0.623]  (60 questions"),
            std::string::npos);
  summary = {{"accuracy_before", nullptr}, {"accuracy_after", nullptr}, {"heldout_questions", 0}};
  const std::string text = SummaryText(summary, "runs/x");
  EXPECT_NE(text.find("held-out accuracy  not measured\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("0 questions"), std::string::npos) << text;
}

TEST(DisplayTest, BenchmarksFromTheFirstEvaluationToTheLast) {
  const auto line = [](double easy) {
    return nlohmann::ordered_json{
        {"step", 1},
        {"benchmarks",
         {{"easy", {{"questions", 40}, {"accuracy", easy}, {"interval", {easy - 0.1, easy + 0.1}}}}}}};
  };
  EXPECT_EQ(BenchmarksText({}), "");
  EXPECT_EQ(BenchmarksText({line(0.5)}),
            "benchmark          easy: 0.500 [0.400, 0.600]  (40 questions; 95 % intervals)\n");
  EXPECT_EQ(BenchmarksText({line(0.5), line(0.2), line(0.75)}),
            "benchmark          easy: 0.500 [0.400, 0.600] -> 0.750 [0.650, 0.850]  (40 questions; 95 % "
            "intervals)\n");
  EXPECT_EQ(
      BenchmarksJson({line(0.5), line(0.2), line(0.75)}).dump(),
      R"({"easy":{"questions":40,"before":{"accuracy":0.5,"interval":[0.4,0.6]},"after":{"accuracy":0.75,"interval":[0.65,0.85]}}})");
  EXPECT_TRUE(BenchmarksJson({line(0.5)})["easy"]["before"].is_null());
}

}  // namespace
}  // namespace drover::cli
