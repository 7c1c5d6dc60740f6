#include "services/experience/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/digest.h"
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

absl::StatusOr<std::vector<uint32_t>> ListSegments(const std::string& folder) {
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return ErrnoError(folder, "open folder");
  std::vector<uint32_t> segments;
  while (const dirent* entry = ::readdir(entries)) {
    if (const uint32_t number = SegmentNumber(entry->d_name); number > 0) segments.push_back(number);
  }
  ::closedir(entries);
  std::sort(segments.begin(), segments.end());
  return segments;
}

std::string SegmentPathIn(const std::string& folder, uint32_t segment) {
  return absl::StrFormat("%s/groups-%06u.log", folder, segment);
}

absl::StatusOr<int> TakeLock(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoError(path, "open");
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  if (reason == EWOULDBLOCK) {
    // Trying again helps: a learner that is being replaced lets go of it when it ends.
    return absl::UnavailableError(
        absl::StrCat(path, ": another process is writing this journal: is the run's learner still alive?"));
  }
  errno = reason;
  return ErrnoError(path, "flock");
}

absl::Status CutTail(const std::string& path, const EventLogEnd& end) {
  log::Warning("the journal's end is torn, as a crash leaves it: cut off",
               {{"file", path}, {"offset", end.intact_bytes}, {"tail", end.torn}});
  if (::truncate(path.c_str(), static_cast<off_t>(end.intact_bytes)) != 0) {
    return ErrnoError(path, "truncate");
  }
  return absl::OkStatus();
}

absl::StatusOr<AppendFile> OpenEvents(const std::string& folder, const EventVisitor& replay) {
  const std::string path = EventsPath(folder);
  if (::access(path.c_str(), F_OK) != 0) {
    RETURN_IF_ERROR(WriteFileAtomically(path, EncodeHeader(FileKind::kEvents)));
  }
  ASSIGN_OR_RETURN(const EventLogEnd end, ReadEvents(folder, replay));
  if (!end.torn.empty()) RETURN_IF_ERROR(CutTail(path, end));
  return AppendFile::Open(path);
}

}  // namespace

std::string JournalFolder(const std::string& run_folder) { return run_folder + "/journal"; }

absl::StatusOr<EventLogEnd> ReadEvents(const std::string& folder, const EventVisitor& visit) {
  const std::string path = EventsPath(folder);
  ASSIGN_OR_RETURN(RecordReader reader, RecordReader::Open(path, FileKind::kEvents));
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

absl::StatusOr<v1::Group> ReadStoredGroup(const std::string& folder, const StoredGroup& stored) {
  const std::string path = SegmentPathIn(folder, stored.segment);
  ASSIGN_OR_RETURN(const std::string payload, ReadRecordAt(path, FileKind::kGroups, stored.offset));
  v1::Group group;
  if (HexDigest(payload) == stored.digest && group.ParseFromString(payload) &&
      group.lease() == stored.lease && group.group() == stored.group) {
    return group;
  }
  return absl::DataLossError(absl::StrCat(path, ", offset ", stored.offset, ": not the group that lease ",
                                          stored.lease, " was accepted with"));
}

bool JournalIsHeld(const std::string& folder) { return IsLocked(folder + "/lock"); }

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& folder,
                                                       const EventVisitor& replay) {
  RETURN_IF_ERROR(MakeFolders(folder));
  ASSIGN_OR_RETURN(const int lock, TakeLock(folder));
  auto events = OpenEvents(folder, replay);
  auto segments = ListSegments(folder);
  if (!events.ok() || !segments.ok()) {
    ::close(lock);
    return events.ok() ? segments.status() : events.status();
  }
  const uint32_t last = segments->empty() ? 0 : segments->back();
  return std::unique_ptr<Journal>(new Journal(folder, lock, *std::move(events), last));
}

Journal::~Journal() { ::close(lock_); }

absl::Status Journal::Append(const std::vector<v1::JournalEvent>& events) {
  RETURN_IF_ERROR(events_error_);
  std::string records;
  for (const v1::JournalEvent& event : events) {
    RETURN_IF_ERROR(AppendRecord(FileKind::kEvents, event.SerializeAsString(), &records));
  }
  return events_error_ = events_.Append(records);
}

absl::Status Journal::SyncEvents() { return events_.Sync(); }

std::string Journal::SegmentPath(uint32_t segment) const { return SegmentPathIn(folder_, segment); }

absl::Status Journal::OpenSegment() {
  const std::string path = SegmentPath(last_segment_ + 1);
  RETURN_IF_ERROR(WriteFileAtomically(path, EncodeHeader(FileKind::kGroups)));
  ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(path));
  ++last_segment_;
  segment_.emplace(std::move(file));
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
  ASSIGN_OR_RETURN(const std::vector<uint32_t> segments, ListSegments(folder_));
  for (uint32_t segment : segments) {
    if (first_needed && segment >= *first_needed) break;
    if (segment_ && segment == last_segment_) break;
    const std::string path = SegmentPath(segment);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoError(path, "delete");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Journal::ReadGroup(const GroupLocation& location) const {
  return ReadRecordAt(SegmentPath(location.segment), FileKind::kGroups, location.offset);
}

}  // namespace drover::experience
