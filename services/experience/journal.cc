#include "services/experience/journal.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "services/experience/record.h"

namespace drover::experience {
namespace {

std::string EventsPath(const std::string& folder) { return folder + "/events.log"; }

// The number in "groups-NNNNNN.log" (six digits or more), 0 for any other name.
uint32_t SegmentNumber(const std::string& name) {
  uint32_t number = 0;
  int end = 0;
  if (std::sscanf(name.c_str(), "groups-%9u.log%n", &number, &end) != 1) return 0;
  return end == static_cast<int>(name.size()) ? number : 0;
}

absl::StatusOr<std::vector<uint32_t>> ListSegments(const std::string& folder, FileSystem* files) {
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, files->List(folder));
  std::vector<uint32_t> segments;
  for (const FolderEntry& entry : entries) {
    if (const uint32_t number = SegmentNumber(entry.name); number > 0) segments.push_back(number);
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

std::string SegmentPathIn(const std::string& folder, uint32_t segment) {
  return absl::StrFormat("%s/groups-%06u.log", folder, segment);
}

absl::StatusOr<std::unique_ptr<FileLock>> TakeLock(const std::string& folder, FileSystem* files) {
  const std::string path = folder + "/lock";
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, files->TryLock(path));
  if (lock != nullptr) return lock;
  // Trying again helps: a learner that is being replaced lets go of it when it ends.
  return absl::UnavailableError(
      absl::StrCat(path, ": another process is writing this journal: is the run's learner still alive?"));
}

absl::StatusOr<std::unique_ptr<AppendFile>> OpenEvents(const std::string& folder, const EventVisitor& replay,
                                                       FileSystem* files) {
  const std::string path = EventsPath(folder);
  ASSIGN_OR_RETURN(const bool there, files->Exists(path));
  if (!there) RETURN_IF_ERROR(WriteFileAtomically(path, EncodeHeader(FileKind::kEvents), files));
  ASSIGN_OR_RETURN(const EventLogEnd end, ReadEvents(folder, replay, files));
  if (!end.torn.empty()) {
    log::Warning("the journal's end is torn, as a crash leaves it: cut off",
                 {{"file", path}, {"offset", end.intact_bytes}, {"tail", end.torn}});
    RETURN_IF_ERROR(files->Truncate(path, end.intact_bytes));
  }
  return files->OpenForAppending(path);
}

}  // namespace

std::string JournalFolder(const std::string& run_folder) { return run_folder + "/journal"; }

absl::StatusOr<EventLogEnd> ReadEvents(const std::string& folder, const EventVisitor& visit,
                                       FileSystem* files) {
  const std::string path = EventsPath(folder);
  ASSIGN_OR_RETURN(RecordReader reader, RecordReader::Open(path, FileKind::kEvents, files));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<Record> record, reader.Next());
    if (!record) break;
    const auto where = [&] { return absl::StrCat(path, ": event at offset ", record->offset); };
    v1::JournalEvent event;
    if (!event.ParseFromString(record->payload)) {
      return absl::DataLossError(absl::StrCat(where(), ": no JournalEvent message"));
    }
    RETURN_IF_ERROR(Annotate(visit(event), where()));
  }
  return EventLogEnd{reader.offset(), reader.torn()};
}

absl::StatusOr<v1::Group> ReadStoredGroup(const std::string& folder, const StoredGroup& stored,
                                          FileSystem* files) {
  const std::string path = SegmentPathIn(folder, stored.segment);
  ASSIGN_OR_RETURN(const std::string payload, ReadRecordAt(path, FileKind::kGroups, stored.offset, files));
  v1::Group group;
  if (HexDigest(payload) == stored.digest && group.ParseFromString(payload) &&
      group.lease() == stored.lease && group.group() == stored.group) {
    return group;
  }
  return absl::DataLossError(absl::StrCat(path, ", offset ", stored.offset, ": not the group that lease ",
                                          stored.lease, " was accepted with"));
}

bool JournalIsHeld(const std::string& folder) { return PosixFileSystem()->IsLocked(folder + "/lock"); }

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& folder, const EventVisitor& replay,
                                                       FileSystem* files) {
  RETURN_IF_ERROR(MakeFolders(folder, files));
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, TakeLock(folder, files));
  ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> events, OpenEvents(folder, replay, files));
  ASSIGN_OR_RETURN(const std::vector<uint32_t> segments, ListSegments(folder, files));
  const uint32_t last = segments.empty() ? 0 : segments.back();
  return std::unique_ptr<Journal>(new Journal(folder, files, std::move(lock), std::move(events), last));
}

absl::Status Journal::EventsError() const {
  absl::MutexLock lock(&error_mu_);
  return events_error_;
}

absl::Status Journal::Remember(const absl::Status& status) {
  absl::MutexLock lock(&error_mu_);
  events_error_.Update(status);
  return status;
}

absl::Status Journal::Append(const std::vector<v1::JournalEvent>& events) {
  RETURN_IF_ERROR(EventsError());
  std::string records;
  for (const v1::JournalEvent& event : events) {
    RETURN_IF_ERROR(AppendRecord(FileKind::kEvents, event.SerializeAsString(), &records));
  }
  return Remember(events_->Append(records));
}

absl::Status Journal::SyncEvents() {
  absl::MutexLock sync(&sync_mu_);
  RETURN_IF_ERROR(EventsError());
  return Remember(events_->Sync());
}

std::string Journal::SegmentPath(uint32_t segment) const { return SegmentPathIn(folder_, segment); }

absl::Status Journal::OpenSegment() {
  const std::string path = SegmentPath(last_segment_ + 1);
  RETURN_IF_ERROR(WriteFileAtomically(path, EncodeHeader(FileKind::kGroups), files_));
  ASSIGN_OR_RETURN(segment_, files_->OpenForAppending(path));
  ++last_segment_;
  return absl::OkStatus();
}

absl::StatusOr<GroupLocation> Journal::AppendGroup(std::string_view payload) {
  RETURN_IF_ERROR(segment_error_);
  std::string record;
  RETURN_IF_ERROR(AppendRecord(FileKind::kGroups, payload, &record));
  if (!segment_) segment_error_ = OpenSegment();
  RETURN_IF_ERROR(segment_error_);
  const GroupLocation location{last_segment_, segment_->size()};
  segment_error_ = segment_->Append(record);
  RETURN_IF_ERROR(segment_error_);
  return location;
}

absl::Status Journal::SyncGroups() {
  RETURN_IF_ERROR(segment_error_);
  if (segment_) segment_error_ = segment_->Sync();
  return segment_error_;
}

void Journal::BeginSegment() { segment_.reset(); }

void Journal::SkipSegments(uint32_t segment) { last_segment_ = std::max(last_segment_, segment); }

absl::Status Journal::DeleteSegments(std::optional<uint32_t> first_needed) {
  ASSIGN_OR_RETURN(const std::vector<uint32_t> segments, ListSegments(folder_, files_));
  for (uint32_t segment : segments) {
    if (first_needed && segment >= *first_needed) break;
    if (segment_ && segment == last_segment_) break;
    const absl::Status deleted = files_->RemoveFile(SegmentPath(segment));
    if (!absl::IsNotFound(deleted)) RETURN_IF_ERROR(deleted);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Journal::ReadGroup(const GroupLocation& location) const {
  return ReadRecordAt(SegmentPath(location.segment), FileKind::kGroups, location.offset, files_);
}

}  // namespace drover::experience
