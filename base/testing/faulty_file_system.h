// Any file system with a fault at one call of a test's choosing. AtEveryCall puts it at each call in turn:
//
//   AtEveryCall({.only = FileCall::kSync}, [](MemoryFileSystem& disk, FaultyFileSystem& files) {
//     disk.Put(...);                           // what was there before: no call of these is counted
//     const absl::Status status = Work(&files);  // meets the fault, or (the last time) does not
//     disk.Crash();
//     ... what Work promised holds, whatever `status` is; where files.fired(), `status` is, or holds, files.said() ...
//   });
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"
#include "base/testing/memory_file_system.h"

namespace drover::testing {

enum class FileCall {
  kCreate,  // OpenForAppending too
  kAppend,
  kSync,
  kTruncate,
  kOpen,  // to read; Read and Map too
  kRead,  // of an open file
  kRename,
  kExchange,
  kRemove,
  kMakeFolder,
  kSyncFolder,
  kList,
  kExists,
  kLock,
  kFreeBytes,
};

struct Fault {
  // Calls of this kind count; unset: all do.
  std::optional<FileCall> only = std::nullopt;
  int error = EIO;
  // An append that fails has written so many bytes.
  uint64_t torn_bytes = 0;
  // The call does all its work and says that it failed.
  bool takes_effect = false;
  // All later calls fail too: the process died there. Otherwise they go on as if nothing had been.
  bool for_good = false;
};

// Thread-safe.
class FaultyFileSystem final : public FileSystem {
 public:
  // `disk` outlives it. Without a fault it is that disk.
  explicit FaultyFileSystem(FileSystem* disk) : disk_(disk) {}

  // The nth call from now on, from 1.
  void FailAt(uint64_t nth, const Fault& fault) ABSL_LOCKS_EXCLUDED(mu_);
  // No call fails any more.
  void Heal() ABSL_LOCKS_EXCLUDED(mu_);
  // The disk hangs: from now on appends and syncs wait for Release. After 20 seconds they fail the test and go on.
  void Hang() ABSL_LOCKS_EXCLUDED(mu_);
  void Release() ABSL_LOCKS_EXCLUDED(mu_);
  // Returns once a call waits for Release; false: none did for 20 seconds.
  bool AwaitHangingCall() ABSL_LOCKS_EXCLUDED(mu_);
  bool fired() const ABSL_LOCKS_EXCLUDED(mu_);
  // What the call that met it said: "/run/journal/events.log: cannot write: Input/output error".
  absl::Status said() const ABSL_LOCKS_EXCLUDED(mu_);

  absl::StatusOr<std::unique_ptr<AppendFile>> OpenForAppending(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<AppendFile>> Create(const std::string& path) override;
  absl::Status Truncate(const std::string& path, uint64_t bytes) override;
  absl::StatusOr<std::unique_ptr<ReadableFile>> Open(const std::string& path) override;
  absl::StatusOr<std::string> Read(const std::string& path, uint64_t max_bytes) override;
  absl::StatusOr<MappedFile> Map(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Exchange(const std::string& from, const std::string& to) override;
  absl::Status RemoveFile(const std::string& path) override;
  absl::Status RemoveEmptyFolder(const std::string& path) override;
  absl::Status MakeFolder(const std::string& path) override;
  absl::Status SyncFolder(const std::string& path) override;
  absl::StatusOr<std::vector<FolderEntry>> List(const std::string& path) override;
  absl::StatusOr<bool> Exists(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;
  bool IsLocked(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& folder) override;

 private:
  class Appender;
  class Reader;

  // What becomes of a call: OK and it is made, or the error that it gives.
  struct Verdict {
    absl::Status status;
    bool made = true;
    uint64_t torn_bytes = 0;
  };
  Verdict Judge(FileCall call, const std::string& path) ABSL_LOCKS_EXCLUDED(mu_);
  void WaitForRelease(FileCall call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // `make` is made, or not, as Judge says.
  absl::Status Make(FileCall call, const std::string& path, const std::function<absl::Status()>& make);
  template <typename T>
  absl::StatusOr<T> Make(FileCall call, const std::string& path,
                         const std::function<absl::StatusOr<T>()>& make);

  FileSystem* const disk_;
  mutable absl::Mutex mu_;
  Fault fault_ ABSL_GUARDED_BY(mu_);
  uint64_t left_ ABSL_GUARDED_BY(mu_) = 0;  // calls before the fault, it included; 0: no fault, or it was met
  bool fired_ ABSL_GUARDED_BY(mu_) = false;
  bool dead_ ABSL_GUARDED_BY(mu_) = false;
  bool hangs_ ABSL_GUARDED_BY(mu_) = false;
  int hanging_calls_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status said_ ABSL_GUARDED_BY(mu_);
};

// Calls `attempt` with a new disk and `fault` at its first call, with another one and `fault` at the second, and so
// on until an attempt meets no fault any more. Returns how many calls met it.
uint64_t AtEveryCall(const Fault& fault,
                     const std::function<void(MemoryFileSystem& disk, FaultyFileSystem& files)>& attempt);

// Every way in which one call may go wrong, for AtEveryCall.
std::vector<Fault> AllFaults();

}  // namespace drover::testing
