// The store's two threads. The writer appends events as soon as they are decided; the syncer stores groups and syncs, and
// writes itself what a sync is to cover. Neither holds the store's lock while the disk works.
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "services/experience/store.h"

namespace drover::experience {
namespace {

// How late a deadline may be noticed.
constexpr absl::Duration kTick = absl::Milliseconds(50);
// How often the syncer says that it goes round.
constexpr absl::Duration kBeat = absl::Milliseconds(250);

void Append(std::vector<Answer> more, std::vector<Answer>* answers) {
  for (Answer& answer : more) answers->push_back(std::move(answer));
}

}  // namespace

absl::Status ExperienceStore::Start() {
  {
    absl::MutexLock lock(&mu_);
    Desk* const desk = &desk_;
    ASSIGN_OR_RETURN(journal_,
                     Journal::Open(
                         JournalFolder(options_.run_folder),
                         [desk](const auto& event) { return desk->Replay(event); }, options_.files));
    journal_->SkipSegments(desk_.last_segment());
  }
  writer_ = std::thread([this] { WriteAll(); });
  syncer_ = std::thread([this] { SyncAll(); });
  return absl::OkStatus();
}

// What was decided before is still stored, written, synced and answered.
ExperienceStore::~ExperienceStore() {
  Outbox outbox;
  {
    absl::MutexLock lock(&mu_);
    desk_.Close(Now());
    outbox = TakeDecisions();
    stop_ = true;
  }
  Send(std::move(outbox));
  if (writer_.joinable()) writer_.join();
  {
    absl::MutexLock lock(&mu_);
    writer_ended_ = true;
  }
  if (syncer_.joinable()) syncer_.join();
}

void ExperienceStore::WriteAll() {
  Heartbeats::Pulse pulse = BeginPulse(options_.heartbeats, "experience store's writer");
  bool running = true;
  while (running) {
    pulse.Beat();
    Outbox outbox;
    {
      absl::MutexLock lock(&mu_);
      mu_.AwaitWithTimeout(absl::Condition(this, &ExperienceStore::MustWrite), kTick);
      desk_.Tick(Now());
      outbox = TakeDecisions();
      running = !stop_;
    }
    Send(std::move(outbox));
    Write();
  }
}

void ExperienceStore::SyncAll() {
  Heartbeats::Pulse pulse = BeginPulse(options_.heartbeats, "experience store's syncer");
  bool running = true;
  while (running) {
    pulse.Beat();
    {
      absl::MutexLock lock(&mu_);
      mu_.AwaitWithTimeout(absl::Condition(this, &ExperienceStore::MustSync), kBeat);
    }
    StoreGroups();
    Write();
    Sync();
    absl::MutexLock lock(&mu_);
    // Once the writer has ended nothing is decided any more but by StoreGroups.
    running = !writer_ended_ || Busy();
  }
}

void ExperienceStore::StoreGroups() {
  absl::MutexLock storing(&groups_mu_);
  std::vector<GroupToStore> groups;
  {
    absl::MutexLock lock(&mu_);
    groups.swap(to_store_);
    if (groups.empty() || !disk_.ok()) return;
  }
  const absl::StatusOr<std::vector<StoredAt>> stored = AppendGroups(groups);
  Outbox outbox;
  {
    absl::MutexLock lock(&mu_);
    if (stored.ok()) {
      desk_.Stored(*stored, Now());
    } else {
      DiskFailed(stored.status());
    }
    outbox = TakeDecisions();
  }
  Send(std::move(outbox));
}

absl::StatusOr<std::vector<StoredAt>> ExperienceStore::AppendGroups(const std::vector<GroupToStore>& groups) {
  std::vector<StoredAt> stored;
  stored.reserve(groups.size());
  for (const GroupToStore& group : groups) {
    ASSIGN_OR_RETURN(const GroupLocation at, journal_->AppendGroup(group.payload));
    stored.push_back({group.lease, at.segment, at.offset});
  }
  RETURN_IF_ERROR(journal_->SyncGroups());
  return stored;
}

void ExperienceStore::Write() {
  Outbox outbox;
  {
    absl::MutexLock writing(&write_mu_);
    std::vector<v1::JournalEvent> events;
    std::vector<Answer> after_write, after_sync;
    bool broken = false;
    {
      absl::MutexLock lock(&mu_);
      events.swap(to_write_);
      after_write.swap(after_write_);
      after_sync.swap(after_write_and_sync_);
      broken = !disk_.ok();
    }
    if (events.empty() && after_write.empty() && after_sync.empty()) return;
    const int64_t now = absl::ToUnixMicros(absl::Now());
    for (v1::JournalEvent& event : events) event.set_unix_micros(now);
    const absl::Status written = broken || events.empty() ? absl::OkStatus() : journal_->Append(events);
    absl::MutexLock lock(&mu_);
    if (!written.ok()) DiskFailed(written);
    written_ += events.size();
    Append(std::move(after_sync), &after_sync_);
    outbox = TakeDecisions();
    Release(std::move(after_write), &outbox);
  }
  Send(std::move(outbox));
}

void ExperienceStore::Sync() {
  std::vector<Answer> answers;
  uint64_t until = 0;
  bool needed = false;
  {
    absl::MutexLock lock(&mu_);
    if (after_sync_.empty() && sync_to_ <= synced_) return;
    answers.swap(after_sync_);
    until = written_;
    needed = disk_.ok() && until > synced_;
  }
  const absl::Status synced = needed ? journal_->SyncEvents() : absl::OkStatus();
  Outbox outbox;
  {
    absl::MutexLock lock(&mu_);
    if (!synced.ok()) DiskFailed(synced);
    if (disk_.ok()) synced_ = until;
    outbox = TakeDecisions();
    Release(std::move(answers), &outbox);
  }
  Send(std::move(outbox));
}

void ExperienceStore::DiskFailed(const absl::Status& reason) {
  if (disk_.ok()) disk_ = reason;
  desk_.DiskFailed(reason, Now());
}

}  // namespace drover::experience
