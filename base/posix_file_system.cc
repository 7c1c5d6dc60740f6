// The machine's files.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/file_system.h"
#include "base/status.h"

namespace drover {
namespace {

// Closes on the way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixAppendFile final : public AppendFile {
 public:
  PosixAppendFile(std::string path, Descriptor fd, uint64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  absl::Status Append(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t written = ::write(fd_.get(), data.data(), data.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return ErrnoError(path_, "write");
      data.remove_prefix(static_cast<size_t>(written));
      size_ += static_cast<uint64_t>(written);
    }
    return absl::OkStatus();
  }

  // Of a new file's metadata it writes what reading it back needs: its size.
  absl::Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) return ErrnoError(path_, "fdatasync");
    return absl::OkStatus();
  }

  uint64_t size() const override { return size_; }

 private:
  const std::string path_;
  const Descriptor fd_;
  uint64_t size_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(std::string path, Descriptor fd, uint64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  uint64_t size() const override { return size_; }

  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t bytes) const override {
    std::string data(bytes, '\0');
    size_t have = 0;
    while (have < bytes) {
      const ssize_t got =
          ::pread(fd_.get(), data.data() + have, bytes - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoError(path_, absl::StrCat("read at offset ", offset + have).c_str());
      if (got == 0) break;
      have += static_cast<size_t>(got);
    }
    data.resize(have);
    return data;
  }

 private:
  const std::string path_;
  const Descriptor fd_;
  const uint64_t size_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;
};

struct Mapping {
  void* data = nullptr;
  size_t bytes = 0;
  ~Mapping() {
    if (data != nullptr) ::munmap(data, bytes);
  }
};

FolderEntry::Kind KindOf(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0) return FolderEntry::Kind::kOther;
  if (S_ISREG(info.st_mode)) return FolderEntry::Kind::kFile;
  return S_ISDIR(info.st_mode) ? FolderEntry::Kind::kFolder : FolderEntry::Kind::kOther;
}

absl::StatusOr<std::unique_ptr<AppendFile>> OpenToWrite(const std::string& path, int flags,
                                                        std::string_view what) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644));
  if (fd.get() < 0) return ErrnoError(path, what);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoError(path, "stat");
  return std::make_unique<PosixAppendFile>(path, std::move(fd), static_cast<uint64_t>(info.st_size));
}

class Posix final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<AppendFile>> OpenForAppending(const std::string& path) override {
    return OpenToWrite(path, 0, "open");
  }

  absl::StatusOr<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    return OpenToWrite(path, O_TRUNC, "create");
  }

  absl::Status Truncate(const std::string& path, uint64_t bytes) override {
    if (::truncate(path.c_str(), static_cast<off_t>(bytes)) != 0) return ErrnoError(path, "truncate");
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<ReadableFile>> Open(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return ErrnoError(path, "open");
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) return ErrnoError(path, "stat");
    return std::make_unique<PosixReadableFile>(path, std::move(fd), static_cast<uint64_t>(info.st_size));
  }

  absl::StatusOr<std::string> Read(const std::string& path, uint64_t max_bytes) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return ErrnoError(path, "open");
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) return ErrnoError(path, "stat");
    if (S_ISDIR(info.st_mode))
      return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder, not a file"));
    std::string data;
    data.reserve(std::min<uint64_t>(static_cast<uint64_t>(info.st_size), max_bytes));
    char buffer[1 << 16];
    while (true) {
      const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoError(path, "read");
      if (got == 0) return data;
      if (data.size() + static_cast<uint64_t>(got) > max_bytes) {
        return absl::ResourceExhaustedError(
            absl::StrCat(path, ": larger than the limit of ", max_bytes, " bytes"));
      }
      data.append(buffer, static_cast<size_t>(got));
    }
  }

  absl::StatusOr<MappedFile> Map(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return ErrnoError(path, "open");
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) return ErrnoError(path, "stat");
    if (!S_ISREG(info.st_mode)) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": not a regular file"));
    }
    if (info.st_size == 0) return MappedFile();  // nothing cannot be mapped
    auto mapping = std::make_shared<Mapping>();
    mapping->bytes = static_cast<size_t>(info.st_size);
    void* data = ::mmap(nullptr, mapping->bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (data == MAP_FAILED) return ErrnoError(path, "map");
    mapping->data = data;
    return MappedFile{std::string_view(static_cast<const char*>(data), mapping->bytes), mapping};
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return ErrnoError(to, absl::StrCat("be taken by ", from).c_str());
  }

  absl::Status Exchange(const std::string& from, const std::string& to) override {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0)
      return absl::OkStatus();
    const bool cannot = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
    const absl::Status failed = ErrnoError(to, absl::StrCat("be exchanged for ", from).c_str());
    return cannot ? absl::UnimplementedError(failed.message()) : failed;
  }

  absl::Status RemoveFile(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return ErrnoError(path, "delete");
    return absl::OkStatus();
  }

  absl::Status RemoveEmptyFolder(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0) return ErrnoError(path, "remove the folder");
    return absl::OkStatus();
  }

  absl::Status MakeFolder(const std::string& path) override {
    if (::mkdir(path.c_str(), 0777) == 0) return absl::OkStatus();
    const int reason = errno;
    struct stat info;
    if (reason == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
      return absl::OkStatus();
    errno = reason;
    return ErrnoError(path, "create the folder");
  }

  absl::Status SyncFolder(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return ErrnoError(path, "open the folder");
    if (::fsync(fd.get()) != 0) return ErrnoError(path, "fsync");
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<FolderEntry>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
    if (folder == nullptr) return ErrnoError(path, "open the folder");
    std::vector<FolderEntry> entries;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(folder.get());
      if (entry == nullptr && errno != 0) return ErrnoError(path, "read the folder");
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name != "." && name != "..") entries.push_back({name, KindOf(path + "/" + name)});
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  absl::StatusOr<bool> Exists(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return ErrnoError(path, "stat");
  }

  absl::StatusOr<std::unique_ptr<FileLock>> TryLock(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (fd.get() < 0) return ErrnoError(path, "open");
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return std::make_unique<PosixLock>(std::move(fd));
    if (errno == EWOULDBLOCK) return nullptr;
    return ErrnoError(path, "flock");
  }

  bool IsLocked(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return fd.get() >= 0 && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  }

  absl::StatusOr<uint64_t> FreeBytes(const std::string& folder) override {
    struct statvfs disk;
    if (::statvfs(folder.c_str(), &disk) != 0) return ErrnoError(folder, "ask for free space");
    return uint64_t{disk.f_bavail} * disk.f_frsize;
  }
};

}  // namespace

FileSystem* PosixFileSystem() {
  static Posix* const files = new Posix;
  return files;
}

absl::Status ErrnoError(std::string_view path, std::string_view what) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat(ToAbsl(path), ": cannot ", ToAbsl(what)));
}

}  // namespace drover
