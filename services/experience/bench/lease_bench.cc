// How fast a store leases and takes groups, and how long it holds the threads that call it.
//
//   lease_bench FOLDER ACTORS LEASES_PER_CALL GROUPS
//
// ACTORS threads lease from a store in FOLDER (which must not be there yet), submit a tiny group for each lease, and wait
// for the answers, until one rollout of GROUPS groups is accepted. Prints a line of JSON; times in microseconds:
//
//   groups_per_second    leased, submitted, durable and answered
//   lease_call, submit_call   how long the store held the calling thread (a gRPC thread, in a learner)
//   lease_answer, submit_answer   until the answer came
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "services/experience/store.h"

namespace drover::experience {
namespace {

struct Plan {
  std::string folder;
  int actors = 1;
  uint32_t leases_per_call = 1;
  uint64_t groups = 1;
};

// Durations of one kind of call. Not thread-safe.
class Times {
 public:
  void Add(absl::Duration time) { micros_.push_back(absl::ToDoubleMicroseconds(time)); }
  void Add(const Times& other) { micros_.insert(micros_.end(), other.micros_.begin(), other.micros_.end()); }
  std::string Json() {
    std::sort(micros_.begin(), micros_.end());
    return absl::StrCat("{\"p50\": ", At(0.5), ", \"p99\": ", At(0.99), ", \"max\": ", At(1), "}");
  }

 private:
  int64_t At(double share) const {
    if (micros_.empty()) return 0;
    return static_cast<int64_t>(
        micros_[static_cast<size_t>(share * static_cast<double>(micros_.size() - 1))]);
  }
  std::vector<double> micros_;
};

struct Measured {
  Times lease_call, lease_answer, submit_call, submit_answer;
};

StoreOptions Options(const Plan& plan) {
  StoreOptions options;
  options.run_folder = plan.folder;
  options.steps = 1;
  options.prompts_per_rollout = plan.groups;
  options.sampling.set_group_size(2);
  options.sampling.set_max_tokens(4);
  options.group_limits.vocab_size = 100;
  options.group_limits.max_positions = 32;
  options.group_limits.max_response_tokens = 4;
  options.prompt = [](uint64_t n) {
    v1::Prompt prompt;
    prompt.set_index(n);
    prompt.set_question(absl::StrCat("question ", n));
    prompt.set_text(absl::StrCat("question ", n, "="));
    prompt.add_gold("1");
    return prompt;
  };
  return options;
}

v1::SubmitGroupRequest Answer(const v1::Lease& lease, const std::string& actor) {
  v1::SubmitGroupRequest request;
  request.set_kind(lease.kind());
  request.set_token(lease.token());
  v1::Group& group = *request.mutable_group();
  group.set_lease(lease.lease());
  group.set_group(lease.group());
  group.set_incarnation(lease.incarnation());
  *group.mutable_prompt() = lease.prompt();
  group.add_prompt_token_ids(7);
  for (uint32_t i = 0; i < lease.sampling().group_size(); ++i) {
    v1::Response* response = group.add_responses();
    for (uint32_t token = 1; token <= 3; ++token) {
      response->add_token_ids(token);
      response->add_logprobs(-0.5f);
    }
    response->add_versions()->set_count(3);
    response->set_finish_reason(v1::FINISH_REASON_STOP);
    response->set_text("1");
    response->set_reward(i);
  }
  group.set_actor(actor);
  group.set_trace_id(lease.trace_id());
  return request;
}

v1::LeaseGroupsResponse Lease(LeaseStore& store, const v1::LeaseGroupsRequest& request, Measured* measured) {
  v1::LeaseGroupsResponse response;
  absl::Notification answered;
  const absl::Time start = absl::Now();
  store.LeaseGroups(request, [&](absl::StatusOr<v1::LeaseGroupsResponse> answer) {
    if (answer.ok()) response = *std::move(answer);
    answered.Notify();
  });
  measured->lease_call.Add(absl::Now() - start);
  answered.WaitForNotification();
  measured->lease_answer.Add(absl::Now() - start);
  return response;
}

// Submits a group for each lease and waits for the answers.
void Submit(LeaseStore& store, const v1::LeaseGroupsResponse& leases, const std::string& actor,
            Measured* measured) {
  std::mutex mutex;  // of `measured`, which answers on other threads write to
  absl::BlockingCounter waiting(leases.leases_size());
  for (const v1::Lease& lease : leases.leases()) {
    v1::SubmitGroupRequest request = Answer(lease, actor);
    const absl::Time start = absl::Now();
    store.SubmitGroup(std::move(request), [&, start](const absl::StatusOr<v1::SubmitGroupResponse>& answer) {
      if (!answer.ok() || answer->outcome() != v1::SUBMIT_OUTCOME_ACCEPTED) {
        std::fprintf(stderr, "not accepted: %s\n", answer.status().ToString().c_str());
        std::abort();
      }
      {
        std::lock_guard<std::mutex> lock(mutex);
        measured->submit_answer.Add(absl::Now() - start);
      }
      waiting.DecrementCount();
    });
    measured->submit_call.Add(absl::Now() - start);
  }
  waiting.Wait();
}

void Act(LeaseStore& store, const Plan& plan, int number, Measured* measured) {
  v1::LeaseGroupsRequest request;
  request.set_actor(absl::StrCat("actor-", number));
  request.set_max_leases(plan.leases_per_call);
  while (true) {
    const v1::LeaseGroupsResponse leases = Lease(store, request, measured);
    if (leases.leases_size() == 0) return;
    Submit(store, leases, request.actor(), measured);
  }
}

absl::Status Run(const Plan& plan) {
  auto store = ExperienceStore::Open(Options(plan));
  if (!store.ok()) return store.status();
  absl::Status status = (*store)->StartIncarnation(0);
  if (status.ok()) status = (*store)->Publish(0);
  if (!status.ok()) return status;
  std::vector<Measured> each(static_cast<size_t>(plan.actors));
  std::vector<std::thread> actors;
  const absl::Time start = absl::Now();
  for (int i = 0; i < plan.actors; ++i) {
    actors.emplace_back([&, i] { Act(**store, plan, i, &each[static_cast<size_t>(i)]); });
  }
  for (std::thread& actor : actors) actor.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if ((*store)->GetProgress().groups_accepted != plan.groups) {
    return absl::InternalError("not all groups were accepted");
  }
  Measured all;
  for (const Measured& one : each) {
    all.lease_call.Add(one.lease_call);
    all.lease_answer.Add(one.lease_answer);
    all.submit_call.Add(one.submit_call);
    all.submit_answer.Add(one.submit_answer);
  }
  std::printf(
      "{\"actors\": %d, \"leases_per_call\": %u, \"groups\": %llu, \"groups_per_second\": %.0f, "
      "\"lease_call\": %s, "
      "\"lease_answer\": %s, \"submit_call\": %s, \"submit_answer\": %s}\n",
      plan.actors, plan.leases_per_call, static_cast<unsigned long long>(plan.groups),
      static_cast<double>(plan.groups) / seconds, all.lease_call.Json().c_str(),
      all.lease_answer.Json().c_str(), all.submit_call.Json().c_str(), all.submit_answer.Json().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace drover::experience

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: lease_bench FOLDER ACTORS LEASES_PER_CALL GROUPS\n");
    return 2;
  }
  const drover::experience::Plan plan{.folder = argv[1],
                                      .actors = std::atoi(argv[2]),
                                      .leases_per_call = static_cast<uint32_t>(std::atoi(argv[3])),
                                      .groups = static_cast<uint64_t>(std::atoll(argv[4]))};
  if (std::filesystem::exists(plan.folder)) {
    std::fprintf(stderr, "%s: is there already\n", plan.folder.c_str());
    return 2;
  }
  const absl::Status status = drover::experience::Run(plan);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
