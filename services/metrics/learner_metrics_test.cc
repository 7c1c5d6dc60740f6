#include "services/metrics/learner_metrics.h"

#include <gtest/gtest.h>

#include <map>

namespace drover::metrics {
namespace {

// "name{label=value,...}" to value, for counters, gauges and histograms' counts.
std::map<std::string, double> Values(const LearnerMetrics& metrics) {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : metrics.registry()->Collect()) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      std::string name = family.name;
      for (const auto& label : metric.label) name += "{" + label.name + "=" + label.value + "}";
      values[name] = family.type == prometheus::MetricType::Counter ? metric.counter.value
                     : family.type == prometheus::MetricType::Gauge
                         ? metric.gauge.value
                         : static_cast<double>(metric.histogram.sample_count);
    }
  }
  return values;
}

TEST(LearnerMetrics, EverythingIsThereAtZero) {
  const auto values = Values(LearnerMetrics());
  EXPECT_GT(values.size(), 50u);
  for (const auto& [name, value] : values) {
    EXPECT_EQ(value, name == "drover_learner_rate_scale_ratio" ? 1 : 0) << name;  // of the whole rate
  }
}

TEST(LearnerMetrics, AStepIsShown) {
  LearnerMetrics metrics;
  run::StepReport report;
  report.rollout.reward = 0.25;
  report.rollout.response_tokens = 100;
  report.rollout.groups = 4;
  report.rollout.zero_advantage_groups = 1;
  report.optimizer_steps = 8;
  report.entropy = 1.5;
  metrics.Stepped(report);
  metrics.Stepped(report);
  auto values = Values(metrics);
  EXPECT_EQ(values["drover_learner_reward_mean"], 0.25);
  EXPECT_EQ(values["drover_learner_trained_tokens_total"], 200);
  EXPECT_EQ(values["drover_learner_zero_advantage_groups_total"], 2);
  EXPECT_EQ(values["drover_learner_zero_advantage_ratio"], 0.25);
  EXPECT_EQ(values["drover_learner_optimizer_steps"], 8);
  EXPECT_EQ(values["drover_learner_entropy_nats"], 1.5);
  EXPECT_EQ(values["drover_learner_train_seconds"], 2);
  EXPECT_GT(values["drover_learner_step_timestamp_seconds"], 1.6e9);
}

TEST(LearnerMetrics, GroupsAreCountedByRewardAndStaleness) {
  LearnerMetrics metrics;
  v1::Group mixed, wrong;
  for (const double reward : {1.0, 0.0, 1.0}) {  // the last was cut: it earns nothing
    v1::Response* response = mixed.add_responses();
    response->set_reward(reward);
    response->add_token_ids(1);
    auto* run = response->add_versions();
    run->set_version(3);
    run->set_count(1);
  }
  mixed.mutable_responses(2)->set_finish_reason(v1::FINISH_REASON_LENGTH);
  *wrong.add_responses() = mixed.responses(1);
  metrics.Collected({mixed, wrong}, /*version=*/5);
  auto values = Values(metrics);
  EXPECT_EQ(values["drover_learner_response_length_tokens{outcome=correct}"], 1);
  EXPECT_EQ(values["drover_learner_response_length_tokens{outcome=incorrect}"], 3);
  EXPECT_EQ(values["drover_learner_truncated_responses_total"], 1);
  EXPECT_EQ(values["drover_learner_staleness_versions"], 2);
}

TEST(LearnerMetrics, TimeIsCountedByWhatItWentInto) {
  LearnerMetrics metrics;
  metrics.Spent(Activity::kWaiting, 1.5);
  EXPECT_EQ(Values(metrics)["drover_learner_progress_timestamp_seconds"], 0) << "waiting is no progress";
  metrics.Spent(Activity::kWaiting, 0.5);
  metrics.Spent(Activity::kTraining, 4);
  auto values = Values(metrics);
  EXPECT_EQ(values["drover_learner_activity_seconds_total{activity=waiting}"], 2);
  EXPECT_EQ(values["drover_learner_activity_seconds_total{activity=training}"], 4);
  EXPECT_GT(values["drover_learner_progress_timestamp_seconds"], 1.6e9);
}

TEST(LearnerMetrics, TargetsAndTheStoreAreShown) {
  LearnerMetrics metrics;
  metrics.SetTargets({.rollouts = 100, .staleness_bound = 2, .ranks = 4});
  metrics.experience().Set({.accepted_groups = 3, .needed_groups = 8, .held_leases = 5, .queued_groups = 1});
  metrics.experience().Submitted(v1::SUBMIT_OUTCOME_STALE);
  EXPECT_EQ(Values(metrics)["drover_experience_group_timestamp_seconds"], 0) << "it was not accepted";
  metrics.experience().Submitted(v1::SUBMIT_OUTCOME_ACCEPTED);
  auto values = Values(metrics);
  EXPECT_EQ(values["drover_learner_target_rollouts"], 100);
  EXPECT_EQ(values["drover_learner_staleness_bound_versions"], 2);
  EXPECT_EQ(values["drover_learner_ranks"], 4);
  EXPECT_EQ(values["drover_experience_rollout_accepted_groups"], 3);
  EXPECT_EQ(values["drover_experience_rollout_needed_groups"], 8);
  EXPECT_EQ(values["drover_experience_held_leases"], 5);
  EXPECT_EQ(values["drover_experience_submissions_total{outcome=accepted}"], 1);
  EXPECT_EQ(values["drover_experience_submissions_total{outcome=stale}"], 1);
  EXPECT_GT(values["drover_experience_group_timestamp_seconds"], 1.6e9);
}

TEST(LearnerMetrics, OnePhaseAtATime) {
  LearnerMetrics metrics;
  metrics.Entered(v1::RUN_PHASE_TRAINING);
  metrics.Entered(v1::RUN_PHASE_COLLECTING);
  auto values = Values(metrics);
  EXPECT_EQ(values["drover_learner_phase{phase=training}"], 0);
  EXPECT_EQ(values["drover_learner_phase{phase=collecting}"], 1);
}

}  // namespace
}  // namespace drover::metrics
