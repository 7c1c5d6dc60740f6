// What the desk (desk.h) is told about its run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/verifier.pb.h"

namespace drover::experience {

struct DeskOptions {
  // Rollouts of the run: no lease is issued for rollout `steps` or later.
  uint64_t steps = 0;
  // Groups (prompts) that a rollout trains on.
  uint64_t prompts_per_rollout = 0;
  // staleness.bound, in weight versions (docs/reference/staleness.md).
  uint64_t staleness_bound = 0;
  // Groups whose rewards are all equal are filtered and replaced by further groups of the same rollout.
  bool drop_equal_groups = false;

  // Of the responses that actors hold, an evaluation takes at most this share while there are training groups to lease,
  // but always one question; 1: evaluations are leased first; 0: they have only what training leaves.
  double evaluation_share = 1.0;

  // A lease that is not renewed for so long expires.
  absl::Duration lease_ttl = absl::Seconds(60);
  // How training groups are sampled and graded; an evaluation brings its own plan.
  v1::SamplingParams sampling;
  std::string grader;
  std::string reward_format;
  v1::GradingOptions grading;
  // The n-th training prompt of the run (0 is the first); group g is always given prompt g. Called with the
  // store's lock held: it must not call the store, and should be quick. The same n gives the same prompt.
  std::function<v1::Prompt(uint64_t n)> prompt;
  // A lease's token, known to its holder alone: nobody can guess the next one (tests bring their own). Default:
  // UnguessableToken.
  std::function<std::string()> token;

  // A group whose leases fail so often (as `failed`, not `expired`) before it is trained stops the run with the reasons.
  uint32_t max_group_failures = 5;
  // With drop_equal_groups: a rollout draws at most max_rounds * prompts_per_rollout groups, else the run stops.
  uint64_t max_rounds = 10;
  // Graded groups waiting to be written; submissions above it are answered UNAVAILABLE (try again).
  uint64_t max_queued_bytes = uint64_t{256} << 20;
  // Long polls that wait at a time; more are answered UNAVAILABLE.
  uint32_t max_waiters = 8192;
  // Longest wait of a long poll, whatever the request says.
  absl::Duration max_wait = absl::Seconds(60);
};

}  // namespace drover::experience
