// The files of a run's journal, in the folder RUN/journal (docs/reference/journal.md):
//
//   events.log           every JournalEvent, in order, from the first start of the run
//   groups-000001.log    serialised groups; a new segment begins at each start and each durable checkpoint
//   lock                 held (flock) by the process that writes
//
// A group is durable once its record is synced and then the GroupAccepted event that points to it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/journal.pb.h"
#include "services/experience/ledger.h"

namespace drover::experience {

struct GroupLocation {
  uint32_t segment = 0;
  uint64_t offset = 0;
};

// RUN/journal.
std::string JournalFolder(const std::string& run_folder);

using EventVisitor = std::function<absl::Status(const v1::JournalEvent& event)>;

// What a read of events.log met.
struct EventLogEnd {
  // Length of the intact part.
  uint64_t intact_bytes = 0;
  // Why a tail was left out; empty: there is none.
  std::string torn;
};

// Calls `visit` with every event of the journal in `folder`, in order; an error of `visit` ends the reading and comes
// back with file and offset. Changes nothing on disk, so it may read while another process writes. NOT_FOUND: there
// is no journal.
absl::StatusOr<EventLogEnd> ReadEvents(const std::string& folder, const EventVisitor& visit,
                                       FileSystem* files = PosixFileSystem());

// The group that an event of the journal in `folder` points to. DATA_LOSS: its record or file is damaged, or holds
// another one; NOT_FOUND: the file is not there.
absl::StatusOr<v1::Group> ReadStoredGroup(const std::string& folder, const StoredGroup& stored,
                                          FileSystem* files = PosixFileSystem());

// A writer has the journal in `folder` now.
bool JournalIsHeld(const std::string& folder);

// The writer. Threads: Append and the group methods each from one thread at a time, independently of each other;
// SyncEvents may run beside Append. After an error of a writing method the file may end in part of a record, and what
// a failed sync was to write may be lost though the next one says OK: so every later one returns the same error.
class Journal {
 public:
  // Creates the folder and its files when missing, takes the lock (UNAVAILABLE while another process has it),
  // calls `replay` with every event, and cuts a torn tail off with a warning in the log.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& folder, const EventVisitor& replay,
                                                       FileSystem* files = PosixFileSystem());
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Appends the events with one write. They survive a crash of the process; after SyncEvents one of the machine too.
  absl::Status Append(const std::vector<v1::JournalEvent>& events);
  absl::Status SyncEvents();

  // Appends a serialised group. Durable after SyncGroups.
  absl::StatusOr<GroupLocation> AppendGroup(std::string_view payload);
  absl::Status SyncGroups();
  // The next group begins a new segment.
  void BeginSegment();
  // Deletes the segments before `first_needed`; nullopt: all of them. Never the one being written.
  absl::Status DeleteSegments(std::optional<uint32_t> first_needed);
  // The next new segment's number is above `segment` (numbers that events name are not used again).
  void SkipSegments(uint32_t segment);

  // Any thread.
  absl::StatusOr<std::string> ReadGroup(const GroupLocation& location) const;

 private:
  Journal(std::string folder, FileSystem* files, std::unique_ptr<FileLock> lock,
          std::unique_ptr<AppendFile> events, uint32_t last_segment)
      : folder_(std::move(folder)),
        files_(files),
        lock_(std::move(lock)),
        events_(std::move(events)),
        last_segment_(last_segment) {}
  std::string SegmentPath(uint32_t segment) const;
  absl::Status OpenSegment();
  absl::Status EventsError() const ABSL_LOCKS_EXCLUDED(error_mu_);
  // Returns `status`, and from now on EventsError does if it is the first error.
  absl::Status Remember(const absl::Status& status) ABSL_LOCKS_EXCLUDED(error_mu_);

  const std::string folder_;
  FileSystem* const files_;
  const std::unique_ptr<FileLock> lock_;
  const std::unique_ptr<AppendFile> events_;
  absl::Mutex sync_mu_;  // one sync at a time: the system tells of lost data once
  mutable absl::Mutex error_mu_;
  absl::Status events_error_ ABSL_GUARDED_BY(error_mu_);
  std::unique_ptr<AppendFile> segment_;  // null: the next group begins one
  absl::Status segment_error_;
  uint32_t last_segment_;
};

}  // namespace drover::experience
