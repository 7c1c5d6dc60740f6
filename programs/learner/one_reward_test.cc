// A verifier that ignores `truncated`: the store's filter, the step's report, the metrics and training still agree on
// what its groups say.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "learner/advantages/advantages.h"
#include "services/experience/testing/store_fixture.h"
#include "services/experience/testing/support.h"
#include "services/metrics/learner_metrics.h"
#include "services/run/step_report.h"

namespace drover::learner_process {
namespace {

using experience::testing::Answer;
using experience::testing::Lease;
using experience::testing::SubmitOutcomeOf;

// Two responses, of which the second was cut at the limit.
v1::Group Cut(const v1::Lease& lease, double whole, double cut) {
  v1::Group group = Answer(lease, 0, {whole, cut});
  group.mutable_responses(1)->set_finish_reason(v1::FINISH_REASON_LENGTH);
  return group;
}

bool ReportSaysEqual(const v1::Group& group) { return run::Summarize({group}, 0).zero_advantage_groups == 1; }

bool MetricsSayEqual(const v1::Group& group) {
  metrics::LearnerMetrics metrics;
  run::StepReport report;
  report.rollout = run::Summarize({group}, 0);
  metrics.Stepped(report);
  for (const prometheus::MetricFamily& family : metrics.registry()->Collect()) {
    if (family.name == "drover_learner_zero_advantage_groups_total")
      return family.metric.at(0).counter.value == 1;
  }
  ADD_FAILURE() << "no such metric";
  return false;
}

bool TrainingSaysEqual(const v1::Group& group) {
  const auto advantages = learner::RolloutAdvantages({group}, {}, 0);
  return std::all_of(advantages.begin(), advantages.end(), [](const auto& own) { return own.at(0) == 0; });
}

class OneRewardTest : public experience::testing::StoreTest {};

TEST_F(OneRewardTest, OfTruncatedResponsesInAllFourPlaces) {
  Open(/*steps=*/1, /*prompts=*/2, /*bound=*/0, /*drop=*/true);
  Begin(0);
  const auto leases = Lease(*store_, 2).leases();
  const v1::Group equal = Cut(leases[0], /*whole=*/0, /*cut=*/1), mixed = Cut(leases[1], 1, 1);
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[0], equal), v1::SUBMIT_OUTCOME_FILTERED);
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[1], mixed), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_TRUE(ReportSaysEqual(equal));
  EXPECT_FALSE(ReportSaysEqual(mixed));
  EXPECT_TRUE(MetricsSayEqual(equal));
  EXPECT_FALSE(MetricsSayEqual(mixed));
  EXPECT_TRUE(TrainingSaysEqual(equal));
  EXPECT_FALSE(TrainingSaysEqual(mixed));
}

}  // namespace
}  // namespace drover::learner_process
