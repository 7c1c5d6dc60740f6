// The one implementation of ExperienceStore; see store.h for its picture. Its methods are in three files, by who calls
// them: store.cc (the training loop), store_actors.cc (actors), store_keeper.cc (the store's own thread).
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/experience/evaluation.h"
#include "services/experience/held_leases.h"
#include "services/experience/journal.h"
#include "services/experience/ledger.h"
#include "services/experience/store.h"

namespace drover::experience {

class ExperienceStoreImpl final : public ExperienceStore {
 public:
  explicit ExperienceStoreImpl(StoreOptions options);
  ~ExperienceStoreImpl() override;
  // Opens and replays the journal and starts the keeper. Once, before anything else.
  absl::Status Start();

  absl::Status StartIncarnation(uint64_t version) override;
  absl::Status Publish(uint64_t version) override;
  absl::StatusOr<std::vector<v1::Group>> WaitForRollout(uint64_t rollout, absl::Duration timeout) override;
  absl::Status MarkTrained(uint64_t rollout, uint64_t version, uint64_t first_optimizer_step,
                           uint64_t last_optimizer_step) override;
  absl::Status MarkCheckpoint(uint64_t version, const std::string& path) override;
  absl::Status BeginEvaluation(EvaluationPlan plan, std::vector<v1::Prompt> prompts) override;
  absl::StatusOr<std::vector<v1::Group>> WaitForEvaluation(absl::Duration timeout) override;
  void Finish() override;
  void StopLeasing() override;

  v1::LeaseCounts Counts() const override;
  v1::LeaseCounts EvaluationCounts() const override;
  v1::LeaseCounts EndedSinceStep() const override;
  Progress GetProgress() const override;
  absl::Status Health() const override;

  uint64_t LeaseGroups(const v1::LeaseGroupsRequest& request, LeaseDone done) override;
  bool CancelLease(uint64_t ticket) override;
  absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) override;
  absl::Status ReturnLeases(const v1::ReturnLeasesRequest& request) override;
  void SubmitGroup(v1::SubmitGroupRequest request, SubmitDone done) override;

 private:
  // A long poll.
  struct Waiter {
    uint64_t ticket = 0;
    std::string actor;
    uint32_t max_leases = 0;
    absl::Duration deadline;
    LeaseDone done;
  };
  // A validated group on its way to the disk; without payload: a lease that is not held, which only needs its answer
  // (in the queue too, because ALREADY_HAVE promises that the group is durable).
  struct Submission {
    uint64_t lease = 0;
    uint32_t incarnation = 0;
    std::string trace_id;
    std::string payload;
    std::string digest;
    uint64_t oldest_version = 0;
    uint64_t newest_version = 0;
    bool equal_rewards = false;
    SubmitDone done;
    // Set while it is committed: the answer, and the event that makes it true.
    v1::SubmitGroupResponse answer;
    std::optional<v1::JournalEvent> event;
  };
  // An accepted group that cannot be trained.
  struct UnfitGroup {
    uint64_t lease = 0;
    uint64_t group = 0;
    std::string reason;
  };
  // A group whose leases failed.
  struct Retry {
    uint32_t failures = 0;
    absl::Duration not_before;
    std::vector<std::string> reasons;  // the first few that differ
  };
  // Answers to give once no lock is held.
  using Calls = std::vector<std::function<void()>>;

  // store.cc
  // Applies the events in order up to the first illegal one (whose error it returns), and writes those applied.
  absl::Status Emit(std::vector<v1::JournalEvent> events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Emit(v1::JournalEvent event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Syncs events.log; a failure makes the store unhealthy.
  absl::Status Sync() ABSL_LOCKS_EXCLUDED(mu_);
  // The store takes nothing any more.
  void Fail(const absl::Status& reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // DATA_LOSS, NOT_FOUND: it is damaged; INVALID_ARGUMENT: training would refuse it.
  absl::StatusOr<v1::Group> LoadGroup(const StoredGroup& stored) const;
  // Closes accepted leases as failed, each for its reason.
  absl::Status LeaseAgain(const std::vector<UnfitGroup>& unfit) ABSL_LOCKS_EXCLUDED(mu_);
  // Closes the lease of an accepted group.
  absl::Status Drop(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Leases of both kinds that ended without an accepted group, since ever.
  v1::LeaseCounts Ended() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  absl::Status CheckStarted() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool RolloutDecided() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !health_.ok() || ledger_.Ready(); }
  bool EvaluationDecided() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return !health_.ok() || evaluation_.Complete();
  }

  // store_actors.cc
  absl::Status Available() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  void Seen(const std::string& actor) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<v1::LeaseGroupsResponse> TryLease(const std::string& actor, uint32_t max_leases)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<std::optional<v1::Lease>> IssueTraining(const std::string& actor)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayIssue(uint64_t group) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // Ends a held lease of either kind without a group.
  void CloseHeld(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CountFailure(uint64_t group, const std::string& reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<v1::SubmitGroupResponse> SubmitEvaluation(v1::SubmitGroupRequest request)
      ABSL_LOCKS_EXCLUDED(mu_);
  void SubmitTraining(v1::SubmitGroupRequest request, SubmitDone done) ABSL_LOCKS_EXCLUDED(mu_);
  // The lease that a group answers; nullptr: no actor holds it. PERMISSION_DENIED when it is another's,
  // INVALID_ARGUMENT when it is of another kind.
  absl::StatusOr<std::shared_ptr<const v1::Lease>> FindHeld(const v1::SubmitGroupRequest& request)
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Enqueue(Submission submission) ABSL_LOCKS_EXCLUDED(mu_);

  // store_keeper.cc
  void Keep() ABSL_LOCKS_EXCLUDED(mu_, commit_mu_);
  void ExpireLeases() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ServeWaiters(Calls* calls) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<Submission> TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes a batch durable with two syncs (groups, then events) and answers it.
  void Commit(std::vector<Submission> batch) ABSL_LOCKS_EXCLUDED(mu_, commit_mu_);
  // Stops the run when `rollout` has drawn all the groups that it may and cannot be filled.
  void CheckRounds(uint64_t rollout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WriteBatch(std::vector<Submission>* batch) ABSL_LOCKS_EXCLUDED(mu_, commit_mu_);
  // Sets the answer, and the event if the lease is still held.
  void Decide(Submission* submission) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  void DecideHeld(const Issue& issue, Submission* submission) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool KeeperHasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stop_ || wake_ || !queue_.empty(); }

  absl::Duration Now() const { return options_.clock(); }

  const StoreOptions options_;
  // Held over a batch's writes and while segments are begun and deleted. Before mu_.
  absl::Mutex commit_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  mutable absl::Mutex mu_;
  std::unique_ptr<Journal> journal_;  // events: under mu_; groups: under commit_mu_; set by Start
  Ledger ledger_ ABSL_GUARDED_BY(mu_);
  Evaluation evaluation_ ABSL_GUARDED_BY(mu_);
  HeldLeases held_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, Retry> retries_ ABSL_GUARDED_BY(mu_);  // until the group is trained or filtered
  v1::LeaseCounts ended_before_step_ ABSL_GUARDED_BY(mu_);  // Ended() when a rollout was trained last
  std::optional<uint64_t> published_ ABSL_GUARDED_BY(mu_);
  // StartIncarnation was called in this process.
  bool started_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool no_more_leases_ ABSL_GUARDED_BY(mu_) = false;  // StopLeasing
  absl::Status health_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, absl::Duration> actors_ ABSL_GUARDED_BY(mu_);  // when last seen
  std::list<Waiter> waiters_ ABSL_GUARDED_BY(mu_);                     // first come, first served
  uint64_t next_ticket_ ABSL_GUARDED_BY(mu_) = 1;
  std::deque<Submission> queue_ ABSL_GUARDED_BY(mu_);
  uint64_t queued_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  // Something changed that may serve a waiter.
  bool wake_ ABSL_GUARDED_BY(mu_) = false;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  std::thread keeper_;
};

}  // namespace drover::experience
