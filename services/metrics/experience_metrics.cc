#include "services/metrics/experience_metrics.h"

namespace drover::metrics {
namespace {

struct OutcomeName {
  v1::SubmitOutcome outcome;
  const char* name;
};
constexpr std::array<OutcomeName, 5> kOutcomeNames = {{
    {v1::SUBMIT_OUTCOME_ACCEPTED, "accepted"},
    {v1::SUBMIT_OUTCOME_ALREADY_HAVE, "already_have"},
    {v1::SUBMIT_OUTCOME_FILTERED, "filtered"},
    {v1::SUBMIT_OUTCOME_STALE, "stale"},
    {v1::SUBMIT_OUTCOME_EXPIRED, "expired"},
}};

}  // namespace

ExperienceMetrics::ExperienceMetrics(prometheus::Registry& r)
    : accepted_groups(AddGauge(r, "drover_experience_rollout_accepted_groups",
                               "Groups accepted of the rollout that is being collected.")),
      needed_groups(AddGauge(r, "drover_experience_rollout_needed_groups", "Groups that a rollout needs.")),
      held_leases(AddGauge(r, "drover_experience_held_leases",
                           "Leases that actors hold now, for training and for evaluation.")),
      waiting_calls(
          AddGauge(r, "drover_experience_waiting_calls", "Lease requests of actors that wait for a lease.")),
      queued_groups(AddGauge(r, "drover_experience_queued_groups",
                             "Groups submitted that wait to be written to the journal.")),
      queued_bytes(AddGauge(r, "drover_experience_queued_bytes", "Bytes of those groups.")),
      group_timestamp(AddGauge(r, "drover_experience_group_timestamp_seconds",
                               "When the newest group was accepted, seconds since the epoch; 0: none yet.")),
      submit_seconds(AddHistogram(r, "drover_experience_submit_seconds",
                                  "Time from a submission's arrival to its durable answer.", ShortSeconds())),
      errors(r, "drover_experience_call_errors_total", "Calls of actors answered with an error, by kind.") {
  for (size_t i = 0; i < kOutcomes; ++i) {
    outcomes_[i] = &AddCounter(r, "drover_experience_submissions_total",
                               "Groups submitted for training or evaluation, by the answer.",
                               {{"outcome", kOutcomeNames[i].name}});
  }
}

void ExperienceMetrics::Set(const ExperienceGauges& gauges) {
  accepted_groups.Set(static_cast<double>(gauges.accepted_groups));
  needed_groups.Set(static_cast<double>(gauges.needed_groups));
  held_leases.Set(static_cast<double>(gauges.held_leases));
  waiting_calls.Set(static_cast<double>(gauges.waiting_calls));
  queued_groups.Set(static_cast<double>(gauges.queued_groups));
  queued_bytes.Set(static_cast<double>(gauges.queued_bytes));
}

void ExperienceMetrics::Submitted(v1::SubmitOutcome outcome) {
  for (size_t i = 0; i < kOutcomes; ++i) {
    if (kOutcomeNames[i].outcome == outcome) outcomes_[i]->Increment();
  }
  if (outcome == v1::SUBMIT_OUTCOME_ACCEPTED) group_timestamp.Set(UnixSeconds());
}

}  // namespace drover::metrics
