#include "services/experience/testing/support.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"

namespace drover::experience::testing {

StoreOptions SmallRun(const std::string& folder, FakeClock* clock, uint64_t steps, uint64_t prompts,
                      uint64_t bound) {
  StoreOptions options;
  options.run_folder = folder;
  options.steps = steps;
  options.prompts_per_rollout = prompts;
  options.staleness_bound = bound;
  options.lease_ttl = absl::Seconds(30);
  options.sampling.set_group_size(2);
  options.sampling.set_max_tokens(4);
  options.sampling.set_temperature(1);
  options.group_limits.vocab_size = 2000;
  options.group_limits.max_positions = 32;
  options.group_limits.max_response_tokens = 4;
  options.grader = "math";
  options.reward_format = "plain";
  options.grading.set_refuse_unevaluated(true);
  options.prompt = [](uint64_t n) {
    v1::Prompt prompt;
    prompt.set_index(n + 100);
    prompt.set_question(absl::StrCat("question ", n));
    prompt.set_text(absl::StrCat("question ", n, "="));
    prompt.add_gold("1");
    return prompt;
  };
  if (clock != nullptr) options.clock = [clock] { return clock->Now(); };
  return options;
}

std::unique_ptr<ExperienceStore> MustOpen(const StoreOptions& options) {
  auto store = ExperienceStore::Open(options);
  if (!store.ok()) ADD_FAILURE() << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

v1::LeaseGroupsResponse Lease(LeaseStore& store, uint32_t max, const std::string& actor) {
  v1::LeaseGroupsRequest request;
  request.set_actor(actor);
  request.set_max_leases(max);
  v1::LeaseGroupsResponse response;
  absl::Notification done;
  store.LeaseGroups(request, [&](absl::StatusOr<v1::LeaseGroupsResponse> answer) {
    if (answer.ok()) response = *std::move(answer);
    if (!answer.ok()) ADD_FAILURE() << answer.status();
    done.Notify();
  });
  done.WaitForNotification();
  return response;
}

absl::Status Return(LeaseStore& store, const v1::ReturnLeasesRequest& request) {
  absl::Status status;
  absl::Notification done;
  store.ReturnLeases(request, [&](absl::Status answer) {
    status = std::move(answer);
    done.Notify();
  });
  done.WaitForNotification();
  return status;
}

v1::Group Answer(const v1::Lease& lease, uint64_t version, const std::vector<double>& rewards) {
  v1::Group group;
  group.set_lease(lease.lease());
  group.set_group(lease.group());
  group.set_incarnation(lease.incarnation());
  *group.mutable_prompt() = lease.prompt();
  group.add_prompt_token_ids(7);
  for (uint32_t i = 0; i < lease.sampling().group_size(); ++i) {
    v1::Response* response = group.add_responses();
    for (uint32_t token = 0; token < 3; ++token) {
      response->add_token_ids(static_cast<uint32_t>(lease.group() % 1000) + token);
      response->add_logprobs(-0.5f);
    }
    v1::VersionRun* run = response->add_versions();
    run->set_version(version);
    run->set_count(3);
    response->set_finish_reason(v1::FINISH_REASON_STOP);
    response->set_text("1");
    response->set_reward(i < rewards.size() ? rewards[i] : i);
  }
  group.set_actor("actor-0");
  group.set_trace_id(lease.trace_id());
  return group;
}

v1::SubmitGroupRequest Submission(const v1::Lease& lease, const v1::Group& group) {
  v1::SubmitGroupRequest request;
  *request.mutable_group() = group;
  request.set_kind(lease.kind());
  request.set_token(lease.token());
  return request;
}

absl::StatusOr<v1::SubmitGroupResponse> Submit(LeaseStore& store, const v1::Lease& lease,
                                               const v1::Group& group) {
  absl::StatusOr<v1::SubmitGroupResponse> response;
  absl::Notification done;
  store.SubmitGroup(Submission(lease, group), [&](absl::StatusOr<v1::SubmitGroupResponse> answer) {
    response = std::move(answer);
    done.Notify();
  });
  done.WaitForNotification();
  return response;
}

v1::SubmitOutcome SubmitOutcomeOf(LeaseStore& store, const v1::Lease& lease, const v1::Group& group) {
  const auto response = Submit(store, lease, group);
  if (response.ok()) return response->outcome();
  ADD_FAILURE() << response.status();
  return v1::SUBMIT_OUTCOME_UNSPECIFIED;
}

bool SumsClose(const v1::LeaseCounts& counts) {
  return counts.leased() == counts.trained() + counts.pending() + counts.filtered() + counts.expired() +
                                counts.stale() + counts.failed();
}

v1::JournalEvent Started(uint32_t incarnation, uint64_t version) {
  v1::JournalEvent event;
  event.mutable_incarnation_started()->set_incarnation(incarnation);
  event.mutable_incarnation_started()->set_version(version);
  return event;
}

v1::JournalEvent Issued(uint64_t lease, uint64_t group, uint64_t rollout, uint64_t min_version) {
  v1::JournalEvent event;
  event.mutable_lease_issued()->set_lease(lease);
  event.mutable_lease_issued()->set_group(group);
  event.mutable_lease_issued()->set_rollout(rollout);
  event.mutable_lease_issued()->set_min_version(min_version);
  event.mutable_lease_issued()->set_actor("actor-0");
  return event;
}

v1::JournalEvent Accepted(uint64_t lease, uint64_t version) {
  v1::JournalEvent event;
  v1::GroupAccepted* accepted = event.mutable_group_accepted();
  accepted->set_lease(lease);
  accepted->set_digest(absl::StrCat("digest of lease ", lease));
  accepted->set_oldest_version(version);
  accepted->set_newest_version(version);
  accepted->set_segment(1);
  accepted->set_offset(16 + lease);
  return event;
}

v1::JournalEvent Closed(uint64_t lease, v1::LeaseOutcome outcome) {
  v1::JournalEvent event;
  event.mutable_lease_closed()->set_lease(lease);
  event.mutable_lease_closed()->set_outcome(outcome);
  return event;
}

v1::JournalEvent Trained(uint64_t rollout, const std::vector<uint64_t>& leases, uint64_t first_step,
                         uint64_t last_step) {
  v1::JournalEvent event;
  v1::RolloutTrained* trained = event.mutable_rollout_trained();
  trained->set_rollout(rollout);
  trained->set_version(rollout + 1);
  trained->mutable_leases()->Add(leases.begin(), leases.end());
  trained->set_first_optimizer_step(first_step);
  trained->set_last_optimizer_step(last_step);
  return event;
}

v1::JournalEvent Durable(uint64_t version) {
  v1::JournalEvent event;
  event.mutable_checkpoint_durable()->set_version(version);
  event.mutable_checkpoint_durable()->set_path(absl::StrCat("checkpoints/", version));
  return event;
}

}  // namespace drover::experience::testing
