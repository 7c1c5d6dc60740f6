#include "base/testing/memory_file_system.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace drover::testing {
namespace {

absl::Status Error(int reason, std::string_view path, std::string_view what) {
  errno = reason;
  return ErrnoError(path, what);
}

// The names of a path, without empty ones and ".".
std::vector<std::string> Names(const std::string& path) {
  std::vector<std::string> names;
  for (absl::string_view name : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (name != ".") names.emplace_back(name);
  }
  return names;
}

// What a crash leaves of a file that was `synced` and has become `data`.
std::string Left(const std::string& synced, const std::string& data, const Survival& survival) {
  if (!absl::StartsWith(data, synced)) return survival.bytes == kAllBytes ? data : synced;
  const uint64_t kept = std::min<uint64_t>(survival.bytes, data.size() - synced.size());
  std::string left = data.substr(0, synced.size() + kept);
  if (survival.zeros) left.resize(data.size(), '\0');
  return left;
}

}  // namespace

struct MemoryFileSystem::Node {
  explicit Node(bool is_folder) : folder(is_folder) {}
  const bool folder;
  bool locked = false;
  std::string data, synced;                       // of a file
  std::map<std::string, NodePtr> names, durable;  // of a folder

  void ForEach(const std::string& path,
               const std::function<void(const std::string& path, Node& node)>& visit) {
    visit(path, *this);
    for (const auto& [name, node] : names) node->ForEach(absl::StrCat(path, "/", name), visit);
  }
};

class MemoryFileSystem::Appender final : public AppendFile {
 public:
  Appender(MemoryFileSystem* disk, std::string path, NodePtr file, uint64_t life)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)), life_(life) {}

  absl::Status Append(std::string_view data) override {
    absl::MutexLock lock(&disk_->mu_);
    if (disk_->lives_ != life_) return Error(EIO, path_, "write");
    const uint64_t used = disk_->Used();
    const uint64_t fits =
        std::min<uint64_t>(disk_->capacity_ - std::min(used, disk_->capacity_), data.size());
    file_->data.append(data.substr(0, fits));
    return fits == data.size() ? absl::OkStatus() : Error(ENOSPC, path_, "write");
  }

  absl::Status Sync() override {
    absl::MutexLock lock(&disk_->mu_);
    if (disk_->lives_ != life_) return Error(EIO, path_, "fdatasync");
    file_->synced = file_->data;
    return absl::OkStatus();
  }

  uint64_t size() const override {
    absl::MutexLock lock(&disk_->mu_);
    return file_->data.size();
  }

 private:
  MemoryFileSystem* const disk_;
  const std::string path_;
  const NodePtr file_;
  const uint64_t life_;
};

class MemoryFileSystem::Reader final : public ReadableFile {
 public:
  Reader(MemoryFileSystem* disk, NodePtr file, uint64_t size)
      : disk_(disk), file_(std::move(file)), size_(size) {}

  uint64_t size() const override { return size_; }
  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t bytes) const override {
    absl::MutexLock lock(&disk_->mu_);
    return offset < file_->data.size() ? file_->data.substr(offset, bytes) : "";
  }

 private:
  MemoryFileSystem* const disk_;
  const NodePtr file_;
  const uint64_t size_;
};

class MemoryFileSystem::Lock final : public FileLock {
 public:
  Lock(MemoryFileSystem* disk, NodePtr file, uint64_t life)
      : disk_(disk), file_(std::move(file)), life_(life) {}
  ~Lock() override {
    absl::MutexLock lock(&disk_->mu_);
    if (disk_->lives_ == life_) file_->locked = false;
  }

 private:
  MemoryFileSystem* const disk_;
  const NodePtr file_;
  const uint64_t life_;
};

MemoryFileSystem::MemoryFileSystem() : root_(std::make_shared<Node>(/*is_folder=*/true)) {}
MemoryFileSystem::~MemoryFileSystem() = default;

void MemoryFileSystem::Crash(const Survival& survival) {
  absl::MutexLock lock(&mu_);
  ++lives_;
  for (size_t i = 0; i < std::min(survival.names, changes_.size()); ++i) {
    for (const Edit& edit : changes_[i]) {
      if (edit.node == nullptr) {
        edit.folder->durable.erase(edit.name);
      } else {
        edit.folder->durable[edit.name] = edit.node;
      }
    }
  }
  changes_.clear();
  const std::function<void(Node&)> recover = [&](Node& node) {
    node.locked = false;
    node.data = node.synced = Left(node.synced, node.data, survival);
    node.names = node.durable;
    for (const auto& [name, inside] : node.names) recover(*inside);
  };
  recover(*root_);
}

size_t MemoryFileSystem::UnsyncedNames() const {
  absl::MutexLock lock(&mu_);
  return changes_.size();
}

uint64_t MemoryFileSystem::UnsyncedBytes() const {
  absl::MutexLock lock(&mu_);
  uint64_t longest = 0;
  root_->ForEach("", [&](const std::string&, Node& node) {
    if (node.data.size() > node.synced.size())
      longest = std::max<uint64_t>(longest, node.data.size() - node.synced.size());
  });
  return longest;
}

void MemoryFileSystem::SetCapacity(uint64_t bytes) {
  absl::MutexLock lock(&mu_);
  capacity_ = bytes;
}

uint64_t MemoryFileSystem::Used() const {
  uint64_t used = 0;
  root_->ForEach("", [&](const std::string&, Node& node) { used += node.data.size(); });
  return used;
}

uint64_t MemoryFileSystem::UsedBytes() const {
  absl::MutexLock lock(&mu_);
  return Used();
}

void MemoryFileSystem::Put(const std::string& path, std::string_view data) {
  absl::MutexLock lock(&mu_);
  Node* folder = root_.get();
  std::vector<std::string> names = Names(path);
  const std::string last = names.back();
  names.pop_back();
  const auto put = [&](const std::string& name, bool is_folder) {
    NodePtr& node = folder->names[name];
    if (node == nullptr) node = std::make_shared<Node>(is_folder);
    folder->durable[name] = node;
    return node.get();
  };
  for (const std::string& name : names) folder = put(name, /*is_folder=*/true);
  Node* const file = put(last, /*is_folder=*/false);
  file->data = file->synced = std::string(data);
}

std::string MemoryFileSystem::Contents(const std::string& path) const {
  absl::MutexLock lock(&mu_);
  const auto file = FindFile(path, "read");
  return file.ok() ? (*file)->data : "";
}

std::vector<std::string> MemoryFileSystem::Files() const {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> files;
  root_->ForEach("", [&](const std::string& path, Node& node) {
    if (!node.folder) files.push_back(path);
  });
  return files;
}

absl::StatusOr<MemoryFileSystem::Place> MemoryFileSystem::Find(const std::string& path,
                                                               const char* what) const {
  Place place{root_, "", root_};
  for (const std::string& name : Names(path)) {
    if (place.node == nullptr) return Error(ENOENT, path, what);
    if (!place.node->folder) return Error(ENOTDIR, path, what);
    const auto found = place.node->names.find(name);
    const NodePtr inside = found == place.node->names.end() ? nullptr : found->second;
    place = {place.node, name, inside};
  }
  return place;
}

absl::StatusOr<MemoryFileSystem::NodePtr> MemoryFileSystem::FindFile(const std::string& path,
                                                                     const char* what) const {
  ASSIGN_OR_RETURN(const Place place, Find(path, what));
  if (place.node == nullptr) return Error(ENOENT, path, what);
  if (place.node->folder) return Error(EISDIR, path, what);
  return place.node;
}

void MemoryFileSystem::Make(Change change) {
  for (const Edit& edit : change) {
    if (edit.node == nullptr) {
      edit.folder->names.erase(edit.name);
    } else {
      edit.folder->names[edit.name] = edit.node;
    }
  }
  changes_.push_back(std::move(change));
}

absl::StatusOr<MemoryFileSystem::NodePtr> MemoryFileSystem::FileToWrite(const std::string& path,
                                                                        const char* what) {
  ASSIGN_OR_RETURN(const Place place, Find(path, what));
  if (place.node != nullptr && place.node->folder) return Error(EISDIR, path, what);
  if (place.node != nullptr) return place.node;
  auto file = std::make_shared<Node>(/*is_folder=*/false);
  Make({{place.folder, place.name, file}});
  return file;
}

absl::StatusOr<std::unique_ptr<AppendFile>> MemoryFileSystem::OpenForAppending(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(NodePtr file, FileToWrite(path, "open"));
  return std::make_unique<Appender>(this, path, std::move(file), lives_);
}

absl::StatusOr<std::unique_ptr<AppendFile>> MemoryFileSystem::Create(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(NodePtr file, FileToWrite(path, "create"));
  file->data.clear();
  return std::make_unique<Appender>(this, path, std::move(file), lives_);
}

absl::Status MemoryFileSystem::Truncate(const std::string& path, uint64_t bytes) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const NodePtr file, FindFile(path, "truncate"));
  file->data.resize(bytes, '\0');
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ReadableFile>> MemoryFileSystem::Open(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(NodePtr file, FindFile(path, "open"));
  const uint64_t size = file->data.size();
  return std::make_unique<Reader>(this, std::move(file), size);
}

absl::StatusOr<std::string> MemoryFileSystem::Read(const std::string& path, uint64_t max_bytes) {
  absl::MutexLock lock(&mu_);
  const auto file = FindFile(path, "open");
  if (const auto place = Find(path, "open"); place.ok() && place->node != nullptr && place->node->folder)
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder, not a file"));
  RETURN_IF_ERROR(file.status());
  if ((*file)->data.size() <= max_bytes) return (*file)->data;
  return absl::ResourceExhaustedError(absl::StrCat(path, ": larger than the limit of ", max_bytes, " bytes"));
}

absl::StatusOr<MappedFile> MemoryFileSystem::Map(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const Place place, Find(path, "open"));
  if (place.node == nullptr) return Error(ENOENT, path, "open");
  if (place.node->folder) return absl::InvalidArgumentError(absl::StrCat(path, ": not a regular file"));
  auto copy = std::make_shared<const std::string>(place.node->data);
  return MappedFile{*copy, copy};
}

absl::Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mu_);
  const std::string what = absl::StrCat("be taken by ", from);
  ASSIGN_OR_RETURN(const Place source, Find(from, what.c_str()));
  ASSIGN_OR_RETURN(const Place target, Find(to, what.c_str()));
  if (source.node == nullptr) return Error(ENOENT, to, what);
  if (target.node != nullptr && target.node->folder != source.node->folder)
    return Error(target.node->folder ? EISDIR : ENOTDIR, to, what);
  if (target.node != nullptr && !target.node->names.empty()) return Error(ENOTEMPTY, to, what);
  Make({{source.folder, source.name, nullptr}, {target.folder, target.name, source.node}});
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::Exchange(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mu_);
  const std::string what = absl::StrCat("be exchanged for ", from);
  ASSIGN_OR_RETURN(const Place source, Find(from, what.c_str()));
  ASSIGN_OR_RETURN(const Place target, Find(to, what.c_str()));
  if (source.node == nullptr || target.node == nullptr) return Error(ENOENT, to, what);
  Make({{source.folder, source.name, target.node}, {target.folder, target.name, source.node}});
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::RemoveFile(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const Place place, Find(path, "delete"));
  if (place.node == nullptr) return Error(ENOENT, path, "delete");
  if (place.node->folder) return Error(EISDIR, path, "delete");
  Make({{place.folder, place.name, nullptr}});
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::RemoveEmptyFolder(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const Place place, Find(path, "remove the folder"));
  if (place.node == nullptr) return Error(ENOENT, path, "remove the folder");
  if (!place.node->folder) return Error(ENOTDIR, path, "remove the folder");
  if (!place.node->names.empty()) return Error(ENOTEMPTY, path, "remove the folder");
  Make({{place.folder, place.name, nullptr}});
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::MakeFolder(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const Place place, Find(path, "create the folder"));
  if (place.node != nullptr)
    return place.node->folder ? absl::OkStatus() : Error(EEXIST, path, "create the folder");
  Make({{place.folder, place.name, std::make_shared<Node>(/*is_folder=*/true)}});
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::SyncFolder(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const Place place, Find(path, "open the folder"));
  if (place.node == nullptr) return Error(ENOENT, path, "open the folder");
  if (!place.node->folder) return Error(ENOTDIR, path, "open the folder");
  // A rename between folders is durable as a whole once either is synced.
  std::erase_if(changes_, [&](const Change& change) {
    const bool concerned = std::any_of(change.begin(), change.end(),
                                       [&](const Edit& edit) { return edit.folder == place.node; });
    for (const Edit& edit : change) {
      if (!concerned) break;
      if (edit.node == nullptr) {
        edit.folder->durable.erase(edit.name);
      } else {
        edit.folder->durable[edit.name] = edit.node;
      }
    }
    return concerned;
  });
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FolderEntry>> MemoryFileSystem::List(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const Place place, Find(path, "open the folder"));
  if (place.node == nullptr) return Error(ENOENT, path, "open the folder");
  if (!place.node->folder) return Error(ENOTDIR, path, "open the folder");
  std::vector<FolderEntry> entries;
  for (const auto& [name, node] : place.node->names) {
    entries.push_back({name, node->folder ? FolderEntry::Kind::kFolder : FolderEntry::Kind::kFile});
  }
  return entries;
}

absl::StatusOr<bool> MemoryFileSystem::Exists(const std::string& path) {
  absl::MutexLock lock(&mu_);
  const absl::StatusOr<Place> place = Find(path, "stat");
  return place.ok() && place->node != nullptr;
}

absl::StatusOr<std::unique_ptr<FileLock>> MemoryFileSystem::TryLock(const std::string& path) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(NodePtr file, FileToWrite(path, "open"));
  if (std::exchange(file->locked, true)) return nullptr;
  return std::make_unique<Lock>(this, std::move(file), lives_);
}

bool MemoryFileSystem::IsLocked(const std::string& path) {
  absl::MutexLock lock(&mu_);
  const auto file = FindFile(path, "open");
  return file.ok() && (*file)->locked;
}

absl::StatusOr<uint64_t> MemoryFileSystem::FreeBytes(const std::string& folder) {
  absl::MutexLock lock(&mu_);
  ASSIGN_OR_RETURN(const Place place, Find(folder, "ask for free space"));
  if (place.node == nullptr) return Error(ENOENT, folder, "ask for free space");
  return capacity_ - std::min(capacity_, Used());
}

}  // namespace drover::testing
