#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::log {
namespace {

struct Sink {
  absl::Mutex mutex;
  std::string process ABSL_GUARDED_BY(mutex) = "drover";
  Level level ABSL_GUARDED_BY(mutex) = Level::kInfo;
  int fd ABSL_GUARDED_BY(mutex) = STDERR_FILENO;
};

// Never destroyed: threads that outlive main may still log.
Sink& TheSink() {
  static Sink* sink = new Sink;
  return *sink;
}

}  // namespace

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "unknown";
}

absl::Status ParseLevel(std::string_view name, Level* level) {
  for (Level each : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (LevelName(each) == name) {
      *level = each;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown log level \"", ToAbsl(name), "\"; it may be debug, info, warning or error"));
}

absl::Status Start(const Options& options) {
  int fd = STDERR_FILENO;
  if (!options.file.empty()) {
    fd = ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return ErrnoError(options.file, "open the log file");
  }
  Sink& sink = TheSink();
  absl::MutexLock lock(&sink.mutex);
  if (sink.fd != STDERR_FILENO) ::close(sink.fd);
  sink.process = options.process;
  sink.level = options.level;
  sink.fd = fd;
  return absl::OkStatus();
}

void Write(Level level, std::string_view message, const Fields& fields) {
  Sink& sink = TheSink();
  absl::MutexLock lock(&sink.mutex);
  if (level < sink.level) return;
  nlohmann::ordered_json line = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone())},
      {"level", LevelName(level)},
      {"process", sink.process},
      {"message", message}};
  for (const auto& [name, value] : fields) line[name] = value;
  // Bytes that are no UTF-8 (a peer's words) are replaced, never thrown at us.
  const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  // A log line that cannot be written has nowhere to be reported.
  [[maybe_unused]] const ssize_t written = ::write(sink.fd, text.data(), text.size());
}

}  // namespace drover::log
