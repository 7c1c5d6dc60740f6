#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/status.h"

namespace drover {
namespace {

// Closes on the way out; release() hands the descriptor on.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status WriteAll(int fd, const std::string& path, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(path, "write");
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ErrnoError(std::string_view path, std::string_view what) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat(ToAbsl(path), ": cannot ", ToAbsl(what)));
}

absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
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

absl::Status SyncFolder(const std::string& path) {
  const std::string folder = path.empty() ? "." : path;
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoError(folder, "open the folder");
  if (::fsync(fd.get()) != 0) return ErrnoError(folder, "fsync");
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view data) {
  const std::string temporary = absl::StrCat(path, ".tmp.", ::getpid());
  {
    Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (fd.get() < 0) return ErrnoError(temporary, "create");
    absl::Status written = WriteAll(fd.get(), temporary, data);
    if (written.ok() && ::fsync(fd.get()) != 0) written = ErrnoError(temporary, "fsync");
    if (!written.ok()) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoError(path, "rename to");
  return SyncFolder(std::filesystem::path(path).parent_path().string());
}

bool MayBeReplaced(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT;
  return S_ISREG(info.st_mode);
}

bool IsLocked(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.get() >= 0 && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

absl::Status RemoveFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot be removed: ", error.message()));
}

absl::Status ReplaceFolder(const std::string& from, const std::string& to) {
  // Takes the place of nothing or of an empty folder.
  if (::rename(from.c_str(), to.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) return ErrnoError(to, "cannot be renamed into place");
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
      RETURN_IF_ERROR(RemoveFolder(from));
    } else if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
      RETURN_IF_ERROR(RemoveFolder(to));
      if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoError(to, "cannot be renamed into place");
    } else {
      return ErrnoError(to, "exists and cannot be exchanged for the new one");
    }
  }
  const std::string parent = std::filesystem::path(to).parent_path().string();
  return SyncFolder(parent.empty() ? "." : parent);
}

absl::Status MakeFolders(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat(path, ": cannot create the folder"));
  return absl::OkStatus();
}

absl::StatusOr<AppendFile> AppendFile::Open(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (fd.get() < 0) return ErrnoError(path, "open");
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoError(path, "stat");
  return AppendFile(path, fd.release(), static_cast<uint64_t>(info.st_size));
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  path_ = std::move(other.path_);
  fd_ = std::exchange(other.fd_, -1);
  size_ = other.size_;
  return *this;
}

AppendFile::~AppendFile() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status AppendFile::Append(std::string_view data) {
  RETURN_IF_ERROR(WriteAll(fd_, path_, data));
  size_ += data.size();
  return absl::OkStatus();
}

absl::Status AppendFile::Sync() {
  if (::fdatasync(fd_) != 0) return ErrnoError(path_, "fdatasync");
  return absl::OkStatus();
}

}  // namespace drover
