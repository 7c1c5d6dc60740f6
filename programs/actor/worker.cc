#include "programs/actor/worker.h"

#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "base/exceptions.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::actor_process {
namespace {

// So often at least an idle loop goes round, for its pulse and for the counter of idle time. It waits for no work by it.
constexpr absl::Duration kIdleRound = absl::Seconds(5);

LeaseTableOptions TableOptions(const WorkerOptions& options) {
  return {.actor = options.name,
          .groups_in_flight = options.groups_in_flight,
          .group_size = options.group_size,
          .max_batch = options.max_batch,
          .continue_on_swap = options.continue_on_swap,
          .drain_timeout = options.drain_timeout};
}

}  // namespace

absl::Status WorkerOptions::Validate() const {
  if (name.empty()) return absl::InvalidArgumentError("an actor needs a name");
  if (groups_in_flight == 0 || group_size == 0) {
    return absl::InvalidArgumentError("groups_in_flight and group_size must be at least 1");
  }
  if (submitters < 1) return absl::InvalidArgumentError("submitters must be at least 1");
  return absl::OkStatus();
}

Worker::Worker(const WorkerOptions& options, const WorkerParts& parts)
    : options_(options),
      parts_(parts),
      submitter_({.actor = options.name, .grade_timeout = options.grade_timeout}, parts.grader, parts.leases,
                 parts.metrics),
      table_(TableOptions(options)) {}
Worker::~Worker() = default;

bool Worker::ready() const {
  absl::MutexLock lock(&mutex_);
  return table_.has_weights() && !table_.draining();
}

void Worker::Publish() {
  using State = LeaseTable::State;
  if (kept_ != nullptr && table_.kept() != kept_->version) kept_.reset();
  for (const metrics::GroupEnd end : table_.TakeEnds()) parts_.metrics->Ended(end);
  parts_.metrics->leases_held.Set(static_cast<double>(table_.held()));
  parts_.metrics->groups_waiting.Set(static_cast<double>(table_.groups(State::kWaiting)));
  parts_.metrics->groups_generating.Set(static_cast<double>(table_.groups(State::kGenerating)));
  parts_.metrics->groups_grading.Set(static_cast<double>(table_.groups(State::kSubmitting)));
  parts_.metrics->ready.Set(table_.has_weights() && !table_.draining() ? 1 : 0);
  parts_.metrics->draining.Set(table_.draining() ? 1 : 0);
}

void Worker::Fail(absl::Status why) {
  absl::MutexLock lock(&mutex_);
  if (failure_.ok()) failure_ = std::move(why);
  table_.Stop();
  Publish();
}

bool Worker::StoppedWithin(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  const auto stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return table_.stopped(); };
  return mutex_.AwaitWithTimeout(absl::Condition(&stopped), pause);
}

// --- The life of a worker -------------------------------------------------------------------------------------------

void Worker::Drain() {
  if (parts_.readiness != nullptr) parts_.readiness->Drain();
  Tell([](LeaseTable& table) { table.Drain(absl::Now()); });
}

absl::Status Worker::Run() {
  std::vector<std::thread> threads;
  threads.emplace_back([this] { LeaseLoop(); });
  threads.emplace_back([this] { WeightsLoop(); });
  threads.emplace_back([this] { FetchLoop(); });
  threads.emplace_back([this] { EngineLoop(); });
  threads.emplace_back([this] { RenewLoop(); });
  threads.emplace_back([this] { ReturnLoop(); });
  for (int i = 0; i < options_.submitters; ++i) threads.emplace_back([this] { SubmitLoop(); });
  AwaitEnd();
  AwaitReturns();
  // Calls under way are given up, the learner may be away.
  parts_.leases->Cancel();
  parts_.grader->Stop();
  parts_.weights->Stop();
  for (std::thread& thread : threads) thread.join();
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void Worker::AwaitEnd() {
  absl::MutexLock lock(&mutex_);
  // The time of the end is set, and may come nearer, while this waits for it.
  for (absl::Time end = table_.EndTime(); !table_.done() && absl::Now() < end; end = table_.EndTime()) {
    const auto woken = [this, end]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return table_.done() || table_.EndTime() != end;
    };
    mutex_.AwaitWithDeadline(absl::Condition(&woken), end);
  }
  table_.Stop();
  Publish();
}

void Worker::AwaitReturns() {
  absl::MutexLock lock(&mutex_);
  const auto returned = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !table_.has_returns() && !returning_;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&returned), table_.HandBackTime());
  no_returns_ = true;
}

// --- Generation -----------------------------------------------------------------------------------------------------

void Worker::EngineLoop() {
  const absl::Status end = CatchExceptions("generation", [this] { return Generate(); });
  if (!end.ok()) Fail(end);
}

absl::Status Worker::Generate() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "engine");
  while (true) {
    const EngineLoad load = {.groups = parts_.generator->groups(), .queued = parts_.generator->queued()};
    const LeaseTable::Task task = AwaitTask(load, pulse);
    pulse.Beat();
    switch (task) {
      case LeaseTable::Task::kEnd:
        return absl::OkStatus();
      case LeaseTable::Task::kWait:
        RETURN_IF_ERROR(Annotate(parts_.generator->Idle(), "the actor's ranks"));
        break;
      case LeaseTable::Task::kCancel:
        CancelGroups();
        break;
      case LeaseTable::Task::kSwap:
        RETURN_IF_ERROR(Annotate(Swap(), "cannot take the learner's weights"));
        break;
      case LeaseTable::Task::kStart:
        Start(load);
        break;
      case LeaseTable::Task::kStep:
        Step();
        break;
    }
  }
}

LeaseTable::Task Worker::AwaitTask(const EngineLoad& load, Heartbeats::Pulse& pulse) {
  absl::MutexLock lock(&mutex_);
  const LeaseTable::Task task = table_.NextTask(load);
  if (task != LeaseTable::Task::kWait) return task;
  pulse.Beat(kIdleRound);
  const auto some = [this, &load]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return table_.NextTask(load) != LeaseTable::Task::kWait;
  };
  const absl::Time idle = absl::Now();
  mutex_.AwaitWithTimeout(absl::Condition(&some), kIdleRound);
  parts_.metrics->idle_seconds_total.Increment(absl::ToDoubleSeconds(absl::Now() - idle));
  return table_.NextTask(load);
}

void Worker::CancelGroups() {
  std::vector<uint64_t> cancels;
  Tell([&](LeaseTable& table) { cancels = table.TakeCancels(); });
  for (const uint64_t lease : cancels) parts_.generator->Cancel(lease);
}

void Worker::Start(const EngineLoad& load) {
  std::shared_ptr<const v1::Lease> lease;
  Tell([&](LeaseTable& table) { lease = table.Start(load); });
  if (lease == nullptr) return;  // it went back meanwhile
  auto tokens = parts_.encode(lease->prompt().text());
  absl::Status added = tokens.status();
  if (tokens.ok()) {
    added = parts_.generator->Add({.id = lease->lease(),
                                   .group = lease->group(),
                                   .prompt_token_ids = *std::move(tokens),
                                   .sampling = lease->sampling()});
  }
  if (added.ok()) return;
  log::Error("a prompt cannot be served",
             {{"lease", lease->lease()}, {"error", std::string(added.message())}});
  Tell([&](LeaseTable& table) { table.Refuse(lease->lease(), ToStd(added.message())); });
}

void Worker::ShowCounts(const actor::GeneratorCounts& counts) {
  metrics::ActorMetrics& metrics = *parts_.metrics;
  metrics.engine.Show(counts);
  metrics::CountUpTo(metrics.drafted_tokens, counts.drafted_tokens);
  metrics::CountUpTo(metrics.accepted_tokens, counts.accepted_tokens);
}

void Worker::Step() {
  const absl::Time start = absl::Now();
  std::vector<actor::FinishedGroup> ended = parts_.generator->Step();
  parts_.metrics->engine.generate_seconds.Increment(absl::ToDoubleSeconds(absl::Now() - start));
  parts_.metrics->progress_timestamp.Set(metrics::UnixSeconds());
  ShowCounts(parts_.generator->counts());
  if (ended.empty()) return;
  Tell([&](LeaseTable& table) {
    for (actor::FinishedGroup& group : ended) table.Finish(std::move(group));
  });
}

}  // namespace drover::actor_process
