#include "services/metrics/actor_metrics.h"

namespace drover::metrics {
namespace {

constexpr std::array<const char*, kGroupEnds> kEndNames = {"accepted", "already_have", "filtered", "stale",
                                                           "expired",  "returned",     "failed"};

}  // namespace

ActorMetrics::ActorMetrics()
    : registry(std::make_shared<prometheus::Registry>()),
      weights(*registry),
      grading(*registry),
      ready(AddGauge(*registry, "drover_actor_ready", "1 with confirmed weights and not draining, else 0.")),
      draining(AddGauge(*registry, "drover_actor_draining",
                        "1 while it drains: no new leases, groups in flight end or go back; else 0.")),
      learner_up(AddGauge(*registry, "drover_actor_learner_up",
                          "1 while the learner answers requests for leases, else 0.")),
      weight_version(
          AddGauge(*registry, "drover_actor_weight_version", "Weight version that tokens are sampled from.")),
      leases_held(AddGauge(*registry, "drover_actor_leases_held", "Leases that this actor holds.")),
      groups_generating(
          AddGauge(*registry, "drover_actor_generating_groups", "Groups in the generation engine.")),
      engine(*registry, "drover_actor"),
      drafted_tokens(AddCounter(*registry, "drover_actor_drafted_tokens_total",
                                "Guesses of next tokens that went through the model (actors.speculation).")),
      accepted_tokens(AddCounter(*registry, "drover_actor_accepted_tokens_total",
                                 "Guesses that were right: tokens of responses.")),
      groups_grading(AddGauge(*registry, "drover_actor_grading_groups",
                              "Groups generated that are being graded or submitted.")),
      groups_waiting(AddGauge(*registry, "drover_actor_waiting_groups",
                              "Groups leased that wait for their weight version.")),
      generated_tokens(
          AddCounter(*registry, "drover_actor_generated_tokens_total", "Response tokens sampled.")),
      idle_seconds_total(AddCounter(*registry, "drover_actor_idle_seconds_total",
                                    "Time in which there was nothing to generate.")),
      responses(AddCounter(*registry, "drover_actor_responses_total", "Responses generated.")),
      truncated_responses(AddCounter(*registry, "drover_actor_truncated_responses_total",
                                     "Responses cut at the length limit.")),
      response_tokens(AddHistogram(*registry, "drover_actor_response_length_tokens", "Length of responses.",
                                   TokenCounts())),
      group_seconds(AddHistogram(*registry, "drover_actor_group_seconds",
                                 "Time of a group from its lease to its answered submission.",
                                 LongSeconds())),
      submit_seconds(AddHistogram(*registry, "drover_actor_submit_seconds",
                                  "Time of a submission, retries included.", LongSeconds())),
      swap_seconds(AddHistogram(*registry, "drover_actor_swap_seconds", "Time to put new weights in place.",
                                LongSeconds())),
      weight_swaps(AddCounter(*registry, "drover_actor_weight_swaps_total", "Weight versions put in place.")),
      progress_timestamp(AddGauge(
          *registry, "drover_actor_progress_timestamp_seconds",
          "When it last generated, took weights or submitted, seconds since the epoch; 0: not yet.")),
      group_timestamp(
          AddGauge(*registry, "drover_actor_group_timestamp_seconds",
                   "When the learner last accepted a group of it, seconds since the epoch; 0: none yet.")),
      errors(*registry, "drover_actor_learner_errors_total", "Failed calls to the learner, by kind.") {
  for (size_t i = 0; i < kGroupEnds; ++i) {
    groups_[i] = &AddCounter(*registry, "drover_actor_groups_total", "Groups by what became of them.",
                             {{"outcome", kEndNames[i]}});
  }
}

void ActorMetrics::Ended(GroupEnd end) { groups(end).Increment(); }

}  // namespace drover::metrics
