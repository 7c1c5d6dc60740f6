// The learner's store of experience: leases prompts to actors, takes graded groups, keeps them on disk until a
// checkpoint covers them, and hands whole rollouts to the training loop in lease order.
//
//   actors ── LeaseStore ──▶ ┌─────────────────── store ───────────────────┐ ◀── RolloutStore ── training loop
//                            │ desk ─ events ─▶ writer ──▶ events.log      │ ◀── StoreView ───── run page, metrics
//          ◀── answers ───── │  ▲ └── groups ─▶ syncer ──▶ groups-N.log    │
//                            │  └───── Stored ──────┘                      │
//                            └─────────────────────────────────────────────┘
//
//   loop            consumes                         waits for                       unblocked by
//   writer          events, deadlines                an event or a deadline          any decision, the clock
//   syncer          groups, what must be synced      a group, a written event        SubmitGroup, the writer
//   a long poll     leases                           a group that may be leased      Publish, a lease that ended
//   training loop   a rollout's groups               all its groups are durable      the syncer
//
// Who calls it sees a side of it: the training loop RolloutStore, actors LeaseStore, those who only look StoreView.
//
// Every decision is the desk's (desk.h), which is asked under a lock that nobody holds while the disk works: a call costs its
// thread the decision alone. What was decided since the last write goes to the disk in one write, and what was written
// since the last sync in one sync; answers go out behind them. So the more calls there are, the more share one write.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/experience/desk.h"
#include "services/experience/journal.h"
#include "services/experience/lease_store.h"
#include "services/experience/rollout_store.h"
#include "services/experience/store_options.h"
#include "services/experience/store_view.h"

namespace drover::experience {

// Thread-safe.
class ExperienceStore final : public RolloutStore, public LeaseStore, public StoreView {
 public:
  // Opens the run's journal (creating it for a new run) and replays it. No lease is issued before
  // StartIncarnation and Publish. Errors: a damaged journal (DATA_LOSS: file, offset, what to do), another process has it
  // open (UNAVAILABLE), wrong options (INVALID_ARGUMENT).
  static absl::StatusOr<std::unique_ptr<ExperienceStore>> Open(StoreOptions options);
  // Finishes waiting calls with UNAVAILABLE. No call may be in progress on another thread.
  ~ExperienceStore() override;

  absl::Status StartIncarnation(uint64_t version) override;
  absl::Status GoBack(uint64_t version) override;
  absl::Status Publish(uint64_t version) override;
  absl::StatusOr<std::vector<v1::Group>> WaitForRollout(uint64_t rollout, absl::Duration timeout) override;
  absl::Status MarkTrained(uint64_t rollout, uint64_t version, uint64_t first_optimizer_step,
                           uint64_t last_optimizer_step) override;
  absl::Status MarkCheckpoint(uint64_t version, const std::string& path) override;
  absl::Status BeginEvaluation(EvaluationPlan plan, std::vector<v1::Prompt> prompts) override;
  absl::StatusOr<std::vector<v1::Group>> WaitForEvaluation(absl::Duration timeout) override;
  void Finish() override;
  void StopLeasing() override;

  uint64_t LeaseGroups(const v1::LeaseGroupsRequest& request, LeaseDone done) override;
  bool CancelLease(uint64_t ticket) override;
  absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) override;
  void ReturnLeases(const v1::ReturnLeasesRequest& request, ReturnDone done) override;
  void SubmitGroup(v1::SubmitGroupRequest request, SubmitDone done) override;

  v1::LeaseCounts Counts() const override;
  v1::LeaseCounts EvaluationCounts() const override;
  v1::LeaseCounts EndedSinceStep() const override;
  Progress GetProgress() const override;
  absl::Status Health() const override;

 private:
  using Done = std::function<void(Reply)>;
  // What may be said now, once no lock is held.
  struct Outbox {
    std::vector<std::pair<Done, Reply>> answers;
    std::vector<Note> notes;
  };

  explicit ExperienceStore(StoreOptions options);
  // Opens and replays the journal and starts the threads. Once, before anything else.
  absl::Status Start();

  // store.cc
  absl::Duration Now() const { return options_.clock(); }
  // What the desk decided goes on its way: to the writer, to the syncer, or out.
  Outbox TakeDecisions() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Answers that may go out; when the disk has failed they promise nothing.
  void Release(std::vector<Answer> answers, Outbox* outbox) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  static void Send(Outbox outbox);
  // Makes a decision under the lock and sends what may be said at once; *decided_to, if asked for, is how many events had
  // been decided then.
  absl::Status Decide(const std::function<absl::Status(Desk& desk, absl::Duration now)>& decide,
                      uint64_t* decided_to = nullptr) ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t AddCall(Done done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Runs a decision of the training loop; returns when what came of it is synced.
  absl::Status Durably(const std::function<absl::Status(Desk& desk, absl::Duration now)>& decide)
      ABSL_LOCKS_EXCLUDED(mu_);
  // DATA_LOSS, NOT_FOUND: it is damaged; INVALID_ARGUMENT: training would refuse it.
  absl::StatusOr<v1::Group> LoadGroup(const StoredGroup& stored) const;

  // store_disk.cc
  void WriteAll() ABSL_LOCKS_EXCLUDED(mu_, write_mu_, groups_mu_);
  void SyncAll() ABSL_LOCKS_EXCLUDED(mu_, write_mu_, groups_mu_);
  // Appends the groups that wait, syncs them, and tells the desk where they are.
  void StoreGroups() ABSL_LOCKS_EXCLUDED(mu_, groups_mu_);
  absl::StatusOr<std::vector<StoredAt>> AppendGroups(const std::vector<GroupToStore>& groups)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(groups_mu_);
  // Writes the events that wait.
  void Write() ABSL_LOCKS_EXCLUDED(mu_, write_mu_);
  // Syncs the events that are written.
  void Sync() ABSL_LOCKS_EXCLUDED(mu_, write_mu_);
  void DiskFailed(const absl::Status& reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MustWrite() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stop_ || !to_write_.empty() || !after_write_.empty() || !after_write_and_sync_.empty();
  }
  bool MustSync() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return writer_ended_ || !to_store_.empty() || !after_sync_.empty() || (disk_.ok() && sync_to_ > synced_);
  }
  // Something is on its way to the disk.
  bool Busy() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return !to_store_.empty() || !to_write_.empty() || !after_write_.empty() ||
           !after_write_and_sync_.empty() || !after_sync_.empty();
  }
  bool RolloutDecided() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return desk_.RolloutDecided(); }
  bool EvaluationDecided() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return desk_.EvaluationDecided(); }

  const StoreOptions options_;
  // Events are appended under write_mu_, groups under groups_mu_; set by Start.
  std::unique_ptr<Journal> journal_;
  // Held while groups are appended and made known to the desk, and while segments are begun and deleted. Before mu_.
  absl::Mutex groups_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  // Held from taking events to having appended them, so that they are in the journal in the desk's order. Before mu_.
  absl::Mutex write_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  // Never held while the disk works.
  mutable absl::Mutex mu_;
  Desk desk_ ABSL_GUARDED_BY(mu_);
  std::unordered_map<uint64_t, Done> calls_ ABSL_GUARDED_BY(mu_);  // without an answer yet, by ticket
  uint64_t next_ticket_ ABSL_GUARDED_BY(mu_) = 1;

  // On their way to the disk; events are counted from the store's start: decided, of them written, of them synced.
  std::vector<v1::JournalEvent> to_write_ ABSL_GUARDED_BY(mu_);
  std::vector<GroupToStore> to_store_ ABSL_GUARDED_BY(mu_);
  std::vector<Answer> after_write_ ABSL_GUARDED_BY(mu_);           // wait for to_write_ to be written
  std::vector<Answer> after_write_and_sync_ ABSL_GUARDED_BY(mu_);  // and to be synced
  std::vector<Answer> after_sync_ ABSL_GUARDED_BY(mu_);            // wait for what is written to be synced
  uint64_t decided_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t written_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t synced_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t sync_to_ ABSL_GUARDED_BY(mu_) = 0;       // somebody waits until so many are synced
  absl::Status disk_ ABSL_GUARDED_BY(mu_);          // its first error
  bool stop_ ABSL_GUARDED_BY(mu_) = false;          // the writer ends
  bool writer_ended_ ABSL_GUARDED_BY(mu_) = false;  // and then the syncer
  std::thread writer_;
  std::thread syncer_;
};

}  // namespace drover::experience
