// The worker's peers and its engine, as tests want them: in memory, answering what they are told to.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "actor/generator.h"
#include "programs/actor/peers.h"

namespace drover::actor_process {

// A learner that leases what it is given and keeps what it gets.
class FakeLearner : public LeaseSource {
 public:
  absl::StatusOr<v1::LeaseGroupsResponse> LeaseGroups(const v1::LeaseGroupsRequest& request) override {
    absl::MutexLock lock(&mutex_);
    const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return cancelled_ || finished_ || !leases_.empty();
    };
    mutex_.AwaitWithTimeout(absl::Condition(&some), absl::Seconds(request.wait_seconds()));
    if (cancelled_) return absl::CancelledError("stopped");
    v1::LeaseGroupsResponse response;
    while (!leases_.empty() && response.leases_size() < static_cast<int>(request.max_leases())) {
      most_asked_ = std::max(most_asked_, request.max_leases());
      held_.insert(leases_.front().lease());
      *response.add_leases() = leases_.front();
      leases_.erase(leases_.begin());
    }
    response.set_finished(finished_ && leases_.empty());
    response.set_sampling_digest(digest_);
    if (evaluating_.has_value()) response.set_evaluating(*evaluating_);
    return response;
  }
  absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) override {
    absl::MutexLock lock(&mutex_);
    v1::RenewLeasesResponse response;
    for (uint64_t id : request.leases()) {
      if (held_.count(id) > 0) response.add_held(id);
    }
    ++renewals_;
    return response;
  }
  absl::Status ReturnLeases(const v1::ReturnLeasesRequest& request) override {
    absl::MutexLock lock(&mutex_);
    if (unreachable_) {
      const auto cancelled = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return cancelled_; };
      mutex_.Await(absl::Condition(&cancelled));
      return absl::CancelledError("stopped");
    }
    const auto cancelled = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return cancelled_; };
    if (mutex_.AwaitWithTimeout(absl::Condition(&cancelled), return_time_)) {
      return absl::CancelledError("stopped");
    }
    for (uint64_t id : request.leases()) {
      returned_[id] = request.failed();
      ++times_returned_[id];
    }
    return absl::OkStatus();
  }
  absl::StatusOr<v1::SubmitGroupResponse> SubmitGroup(const v1::SubmitGroupRequest& request) override {
    absl::MutexLock lock(&mutex_);
    groups_[request.group().lease()] = request.group();
    v1::SubmitGroupResponse response;
    response.set_outcome(v1::SUBMIT_OUTCOME_ACCEPTED);
    return response;
  }
  void Cancel() override {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
  }

  void Offer(v1::Lease lease) {
    absl::MutexLock lock(&mutex_);
    leases_.push_back(std::move(lease));
  }
  void SetEvaluating(std::optional<uint64_t> version) {
    absl::MutexLock lock(&mutex_);
    evaluating_ = version;
  }
  void SetDigest(const std::string& digest) {
    absl::MutexLock lock(&mutex_);
    digest_ = digest;
  }
  void Finish() {
    absl::MutexLock lock(&mutex_);
    finished_ = true;
  }
  // Calls to hand leases back take so long.
  void TakeTimeToReturn(absl::Duration time) {
    absl::MutexLock lock(&mutex_);
    return_time_ = time;
  }
  // Calls to hand leases back hang until Cancel().
  void BeUnreachable() {
    absl::MutexLock lock(&mutex_);
    unreachable_ = true;
  }
  void Expire(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    held_.erase(id);
  }
  std::map<uint64_t, v1::Group> groups() {
    absl::MutexLock lock(&mutex_);
    return groups_;
  }
  std::map<uint64_t, bool> returned() {
    absl::MutexLock lock(&mutex_);
    return returned_;
  }
  int times_returned(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    return times_returned_[id];
  }
  uint32_t most_asked() {
    absl::MutexLock lock(&mutex_);
    return most_asked_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<v1::Lease> leases_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> held_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, v1::Group> groups_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, bool> returned_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, int> times_returned_ ABSL_GUARDED_BY(mutex_);
  uint32_t most_asked_ ABSL_GUARDED_BY(mutex_) = 0;
  int renewals_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string digest_ ABSL_GUARDED_BY(mutex_);
  std::optional<uint64_t> evaluating_ ABSL_GUARDED_BY(mutex_);
  absl::Duration return_time_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool unreachable_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

// Every response is right.
class FakeGrader : public Grader {
 public:
  absl::StatusOr<std::vector<v1::GradeResult>> Grade(const std::vector<v1::GradeRequest>& requests,
                                                     absl::Time) override {
    {
      absl::MutexLock lock(&mutex_);
      ++asked_;
      const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !blocked_ || stopped_; };
      mutex_.Await(absl::Condition(&free));
      if (stopped_) return absl::CancelledError("stopped");
    }
    if (!error.ok()) return error;
    std::vector<v1::GradeResult> results(requests.size());
    for (size_t i = 0; i < requests.size(); ++i) {
      results[i].set_id(requests[i].id());
      results[i].set_reward(requests[i].truncated() ? 0 : 1);
      results[i].set_reason("equal_exact");
    }
    return results;
  }
  void Stop() override {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  // Calls hang until Block(false) or Stop().
  void Block(bool blocked) {
    absl::MutexLock lock(&mutex_);
    blocked_ = blocked;
  }
  int asked() {
    absl::MutexLock lock(&mutex_);
    return asked_;
  }
  absl::Status error;

 private:
  absl::Mutex mutex_;
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool blocked_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

// The newest weights are what the test published.
class FakeWeights : public WeightSource {
 public:
  std::shared_ptr<const weights::Received> WaitForNewer(const weights::Received* than,
                                                        absl::Duration timeout) override {
    absl::MutexLock lock(&mutex_);
    const auto some = [this, than]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopped_ || newest_.get() != than; };
    mutex_.AwaitWithTimeout(absl::Condition(&some), timeout);
    return stopped_ || newest_.get() == than ? nullptr : newest_;
  }
  absl::StatusOr<std::shared_ptr<const weights::Received>> Fetch(
      const model::WeightVersion& version) override {
    absl::MutexLock lock(&mutex_);
    ++fetches_;
    const auto found = still_.find(version);
    if (found == still_.end()) return absl::NotFoundError("gone");
    return found->second;
  }
  void Stop() override {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  void Publish(uint32_t incarnation, uint64_t version) {
    auto received = Make(incarnation, version);
    absl::MutexLock lock(&mutex_);
    newest_ = std::move(received);
  }
  // Can be fetched.
  void Keep(uint32_t incarnation, uint64_t version) {
    auto received = Make(incarnation, version);
    absl::MutexLock lock(&mutex_);
    still_[received->version] = received;
  }
  int fetches() {
    absl::MutexLock lock(&mutex_);
    return fetches_;
  }

 private:
  static std::shared_ptr<const weights::Received> Make(uint32_t incarnation, uint64_t version) {
    auto received = std::make_shared<weights::Received>();
    received->version = {incarnation, version};
    return received;
  }

  absl::Mutex mutex_;
  std::shared_ptr<const weights::Received> newest_ ABSL_GUARDED_BY(mutex_);
  std::map<model::WeightVersion, std::shared_ptr<const weights::Received>> still_ ABSL_GUARDED_BY(mutex_);
  int fetches_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

// Groups end after three steps, unless blocked.
class FakeGenerator : public actor::Generator {
 public:
  absl::Status Add(actor::GroupRequest request) override {
    if (request.prompt_token_ids.size() != 1) return absl::InvalidArgumentError("one token, please");
    running_[request.id] = {std::move(request), 0};
    return absl::OkStatus();
  }
  std::vector<actor::FinishedGroup> Step() override {
    std::vector<actor::FinishedGroup> ended;
    for (inside = true; stuck;) absl::SleepFor(absl::Milliseconds(1));
    inside = false;
    if (blocked) {
      absl::SleepFor(absl::Milliseconds(1));
      return ended;
    }
    for (auto at = running_.begin(); at != running_.end();) {
      if (++at->second.second < 3) {
        ++at;
        continue;
      }
      actor::FinishedGroup each;
      each.id = at->first;
      each.prompt_token_ids = at->second.first.prompt_token_ids;
      each.responses.resize(at->second.first.sampling.group_size());
      for (v1::Response& response : each.responses) {
        response.add_token_ids(7);
        v1::VersionRun& run = *response.add_versions();
        run.set_version(version);
        run.set_count(1);
      }
      ended.push_back(std::move(each));
      at = running_.erase(at);
    }
    return ended;
  }
  bool Cancel(uint64_t id) override {
    ++cancels;
    return running_.erase(id) > 0;
  }
  std::optional<actor::GroupProgress> Progress(uint64_t) const override { return std::nullopt; }
  absl::Status SwapWeights(uint64_t new_version, const model::WeightSet&) override {
    if (!running_.empty()) swapped_while_running = true;
    version = new_version;
    return swap_error;
  }
  absl::Status Idle() override { return idle_error; }
  size_t groups() const override { return running_.size(); }
  size_t queued() const override { return running_.size() > rows ? running_.size() - rows : 0; }
  actor::GeneratorCounts counts() const override { return tally; }

  size_t rows = 1000;            // groups that run at a time
  actor::GeneratorCounts tally;  // what counts() says
  std::atomic<bool> blocked{false};
  std::atomic<bool> stuck{false};   // a step does not return
  std::atomic<bool> inside{false};  // a step
  std::atomic<uint64_t> version{0};
  std::atomic<bool> swapped_while_running{false};
  std::atomic<int> cancels{0};
  absl::Status swap_error;
  absl::Status idle_error;

 private:
  std::map<uint64_t, std::pair<actor::GroupRequest, int>> running_;
};

}  // namespace drover::actor_process
