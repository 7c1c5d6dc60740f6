#include "programs/process/flags.h"

#include <google/protobuf/stubs/logging.h>

#include <atomic>
#include <cctype>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/process/exit_status.h"
#include "programs/process/ports.h"

namespace drover::process {
namespace {

constexpr int64_t kQuietSeconds = 10;  // between two lines of protobuf

// Protobuf speaks of every text of a peer that is no UTF-8: into the log, and so seldom that no peer can fill a disk.
void LogProtobuf(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  static std::atomic<int64_t> quiet_until = 0, left_out = 0;
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  int64_t until = quiet_until;
  const bool speaks = now >= until && quiet_until.compare_exchange_strong(until, now + kQuietSeconds);
  if (level < google::protobuf::LOGLEVEL_FATAL && !speaks) {
    ++left_out;
    return;
  }
  log::Warning("protobuf", {{"said", message.substr(0, 1000)}, {"left_out", left_out.exchange(0)}});
}

}  // namespace

std::string EnvironmentName(std::string_view flag) {
  std::string name = "DROVER_";
  for (const char c : flag.substr(flag.find_first_not_of('-'))) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

void AddCommonFlags(CLI::App& app, CommonFlags& flags) {
  AddFlag(app, "--metrics-listen", flags.metrics_listen,
          "host:port for /metrics, /livez and /readyz; port 0 picks one");
  AddFlag(app, "--port-file", flags.port_file,
          "Where to write {\"grpc_port\": N, \"metrics_port\": N} once the process listens");
  AddFlag(app, "--log-file", flags.log_file, "Where to append the log (default: standard error)");
  AddFlag(app, "--log-level", flags.log_level, "debug, info, warning or error");
  AddFlag(app, "--live-seconds", flags.live_seconds,
          "/livez fails when a loop of the process has not gone round for so long (waiting for other "
          "processes is "
          "going round)")
      ->check(CLI::Range(1.0, 1e6));
}

bool Parse(CLI::App& app, int argc, char** argv, int* exit_code) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? kExitDone : kExitConfiguration;
    return false;
  }
  return true;
}

absl::Status StartLog(const CommonFlags& flags, const std::string& process) {
  log::Options options = {.process = process, .file = flags.log_file};
  RETURN_IF_ERROR(log::ParseLevel(flags.log_level, &options.level));
  google::protobuf::SetLogHandler(LogProtobuf);
  return log::Start(options);
}

int Conclude(const absl::Status& status) {
  if (status.ok()) return kExitDone;
  log::Error(std::string(status.message()), {{"code", absl::StatusCodeToString(status.code())}});
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      return kExitConfiguration;
    default:
      return kExitTryAgain;
  }
}

absl::Status WritePortFile(const CommonFlags& flags, int grpc_port, int metrics_port) {
  if (flags.port_file.empty()) return absl::OkStatus();
  return WritePorts(flags.port_file, {.grpc = grpc_port, .metrics = metrics_port});
}

}  // namespace drover::process
