#include "base/testing/faulty_file_system.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace drover::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

// As PosixFileSystem says it: "PATH: cannot WHAT: reason".
const char* What(FileCall call) {
  switch (call) {
    case FileCall::kCreate:
      return "create";
    case FileCall::kAppend:
      return "write";
    case FileCall::kSync:
      return "fdatasync";
    case FileCall::kTruncate:
      return "truncate";
    case FileCall::kOpen:
      return "open";
    case FileCall::kRead:
      return "read";
    case FileCall::kRename:
      return "be taken by another";
    case FileCall::kExchange:
      return "be exchanged";
    case FileCall::kRemove:
      return "delete";
    case FileCall::kMakeFolder:
      return "create the folder";
    case FileCall::kSyncFolder:
      return "fsync";
    case FileCall::kList:
      return "read the folder";
    case FileCall::kExists:
      return "stat";
    case FileCall::kLock:
      return "flock";
    case FileCall::kFreeBytes:
      return "ask for free space";
  }
  return "do it";
}

absl::Status Failed(int error, FileCall call, const std::string& path) {
  errno = error;
  return ErrnoError(path, What(call));
}

}  // namespace

class FaultyFileSystem::Appender final : public AppendFile {
 public:
  Appender(FaultyFileSystem* files, std::string path, std::unique_ptr<AppendFile> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}

  absl::Status Append(std::string_view data) override {
    const Verdict verdict = files_->Judge(FileCall::kAppend, path_);
    const std::string_view written = verdict.made ? data : data.substr(0, verdict.torn_bytes);
    const absl::Status appended = written.empty() ? absl::OkStatus() : file_->Append(written);
    return verdict.status.ok() ? appended : verdict.status;
  }
  absl::Status Sync() override {
    return files_->Make(FileCall::kSync, path_, [&] { return file_->Sync(); });
  }
  uint64_t size() const override { return file_->size(); }

 private:
  FaultyFileSystem* const files_;
  const std::string path_;
  const std::unique_ptr<AppendFile> file_;
};

class FaultyFileSystem::Reader final : public ReadableFile {
 public:
  Reader(FaultyFileSystem* files, std::string path, std::unique_ptr<ReadableFile> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}

  uint64_t size() const override { return file_->size(); }
  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t bytes) const override {
    return files_->Make<std::string>(FileCall::kRead, path_, [&] { return file_->ReadAt(offset, bytes); });
  }

 private:
  FaultyFileSystem* const files_;
  const std::string path_;
  const std::unique_ptr<ReadableFile> file_;
};

void FaultyFileSystem::FailAt(uint64_t nth, const Fault& fault) {
  absl::MutexLock lock(&mu_);
  fault_ = fault;
  left_ = nth;
  fired_ = dead_ = false;
}

void FaultyFileSystem::Heal() {
  absl::MutexLock lock(&mu_);
  left_ = 0;
  dead_ = false;
}

bool FaultyFileSystem::fired() const {
  absl::MutexLock lock(&mu_);
  return fired_;
}

absl::Status FaultyFileSystem::said() const {
  absl::MutexLock lock(&mu_);
  return said_;
}

FaultyFileSystem::Verdict FaultyFileSystem::Judge(FileCall call, const std::string& path) {
  absl::MutexLock lock(&mu_);
  WaitForRelease(call);
  if (dead_) return {.status = Failed(fault_.error, call, path), .made = false};
  const bool counts = !fault_.only.has_value() || *fault_.only == call;
  if (!counts || left_ == 0 || --left_ > 0) return {};
  fired_ = true;
  dead_ = fault_.for_good;
  said_ = Failed(fault_.error, call, path);
  return {.status = said_, .made = fault_.takes_effect, .torn_bytes = fault_.torn_bytes};
}

void FaultyFileSystem::WaitForRelease(FileCall call) {
  if (call != FileCall::kAppend && call != FileCall::kSync) return;
  const auto released = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !hangs_; };
  ++hanging_calls_;
  EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&released), kPatience)) << "nobody called Release";
  --hanging_calls_;
}

void FaultyFileSystem::Hang() {
  absl::MutexLock lock(&mu_);
  hangs_ = true;
}

void FaultyFileSystem::Release() {
  absl::MutexLock lock(&mu_);
  hangs_ = false;
}

bool FaultyFileSystem::AwaitHangingCall() {
  absl::MutexLock lock(&mu_);
  const auto hanging = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return hangs_ && hanging_calls_ > 0; };
  return mu_.AwaitWithTimeout(absl::Condition(&hanging), kPatience);
}

absl::Status FaultyFileSystem::Make(FileCall call, const std::string& path,
                                    const std::function<absl::Status()>& make) {
  const Verdict verdict = Judge(call, path);
  const absl::Status made = verdict.made ? make() : absl::OkStatus();
  return verdict.status.ok() ? made : verdict.status;
}

template <typename T>
absl::StatusOr<T> FaultyFileSystem::Make(FileCall call, const std::string& path,
                                         const std::function<absl::StatusOr<T>()>& make) {
  const Verdict verdict = Judge(call, path);
  if (verdict.status.ok()) return make();
  if (verdict.made) make().IgnoreError();
  return verdict.status;
}

absl::StatusOr<std::unique_ptr<AppendFile>> FaultyFileSystem::OpenForAppending(const std::string& path) {
  return Make<std::unique_ptr<AppendFile>>(FileCall::kCreate, path,
                                           [&]() -> absl::StatusOr<std::unique_ptr<AppendFile>> {
                                             auto file = disk_->OpenForAppending(path);
                                             if (!file.ok()) return file;
                                             return std::make_unique<Appender>(this, path, *std::move(file));
                                           });
}

absl::StatusOr<std::unique_ptr<AppendFile>> FaultyFileSystem::Create(const std::string& path) {
  return Make<std::unique_ptr<AppendFile>>(FileCall::kCreate, path,
                                           [&]() -> absl::StatusOr<std::unique_ptr<AppendFile>> {
                                             auto file = disk_->Create(path);
                                             if (!file.ok()) return file;
                                             return std::make_unique<Appender>(this, path, *std::move(file));
                                           });
}

absl::Status FaultyFileSystem::Truncate(const std::string& path, uint64_t bytes) {
  return Make(FileCall::kTruncate, path, [&] { return disk_->Truncate(path, bytes); });
}

absl::StatusOr<std::unique_ptr<ReadableFile>> FaultyFileSystem::Open(const std::string& path) {
  return Make<std::unique_ptr<ReadableFile>>(FileCall::kOpen, path,
                                             [&]() -> absl::StatusOr<std::unique_ptr<ReadableFile>> {
                                               auto file = disk_->Open(path);
                                               if (!file.ok()) return file;
                                               return std::make_unique<Reader>(this, path, *std::move(file));
                                             });
}

absl::StatusOr<std::string> FaultyFileSystem::Read(const std::string& path, uint64_t max_bytes) {
  return Make<std::string>(FileCall::kOpen, path, [&] { return disk_->Read(path, max_bytes); });
}

absl::StatusOr<MappedFile> FaultyFileSystem::Map(const std::string& path) {
  return Make<MappedFile>(FileCall::kOpen, path, [&] { return disk_->Map(path); });
}

absl::Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  return Make(FileCall::kRename, to, [&] { return disk_->Rename(from, to); });
}

absl::Status FaultyFileSystem::Exchange(const std::string& from, const std::string& to) {
  return Make(FileCall::kExchange, to, [&] { return disk_->Exchange(from, to); });
}

absl::Status FaultyFileSystem::RemoveFile(const std::string& path) {
  return Make(FileCall::kRemove, path, [&] { return disk_->RemoveFile(path); });
}

absl::Status FaultyFileSystem::RemoveEmptyFolder(const std::string& path) {
  return Make(FileCall::kRemove, path, [&] { return disk_->RemoveEmptyFolder(path); });
}

absl::Status FaultyFileSystem::MakeFolder(const std::string& path) {
  return Make(FileCall::kMakeFolder, path, [&] { return disk_->MakeFolder(path); });
}

absl::Status FaultyFileSystem::SyncFolder(const std::string& path) {
  return Make(FileCall::kSyncFolder, path, [&] { return disk_->SyncFolder(path); });
}

absl::StatusOr<std::vector<FolderEntry>> FaultyFileSystem::List(const std::string& path) {
  return Make<std::vector<FolderEntry>>(FileCall::kList, path, [&] { return disk_->List(path); });
}

absl::StatusOr<bool> FaultyFileSystem::Exists(const std::string& path) {
  return Make<bool>(FileCall::kExists, path, [&] { return disk_->Exists(path); });
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultyFileSystem::TryLock(const std::string& path) {
  return Make<std::unique_ptr<FileLock>>(FileCall::kLock, path, [&] { return disk_->TryLock(path); });
}

bool FaultyFileSystem::IsLocked(const std::string& path) { return disk_->IsLocked(path); }

absl::StatusOr<uint64_t> FaultyFileSystem::FreeBytes(const std::string& folder) {
  return Make<uint64_t>(FileCall::kFreeBytes, folder, [&] { return disk_->FreeBytes(folder); });
}

uint64_t AtEveryCall(const Fault& fault,
                     const std::function<void(MemoryFileSystem& disk, FaultyFileSystem& files)>& attempt) {
  for (uint64_t nth = 1;; ++nth) {
    MemoryFileSystem disk;
    FaultyFileSystem files(&disk);
    files.FailAt(nth, fault);
    SCOPED_TRACE(absl::StrCat("the fault is at call ", nth));
    attempt(disk, files);
    if (!files.fired()) return nth - 1;
    if (::testing::Test::HasFatalFailure()) {
      ADD_FAILURE() << "at: " << files.said();
      return nth;
    }
  }
}

std::vector<Fault> AllFaults() {
  return {{},
          {.torn_bytes = 1},
          {.takes_effect = true},
          {.error = ENOSPC, .torn_bytes = 7},
          {.for_good = true},
          {.torn_bytes = 1, .for_good = true},
          {.torn_bytes = 30, .for_good = true},
          {.takes_effect = true, .for_good = true}};
}

}  // namespace drover::testing
