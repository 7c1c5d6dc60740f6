#include "programs/launch/check_device.h"

#include <sys/mman.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "programs/launch/process.h"

namespace drover::launch {
namespace {

constexpr int kCannotBeUsed = 2;
constexpr absl::Duration kPatience = absl::Minutes(2);  // a first look at a GPU may be slow

// The message of the last line of a structured log; the whole text when it is none.
std::string LastMessage(const std::string& log) {
  std::istringstream lines(log);
  std::string message = log;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.contains("message") && json["message"].is_string())
      message = json["message"];
  }
  return message;
}

// A file in memory, so that asking leaves nothing on disk.
class Memory {
 public:
  Memory() : fd_(::memfd_create("output", MFD_CLOEXEC)) {}
  ~Memory() {
    if (fd_ >= 0) ::close(fd_);
  }
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  const int fd_;
};

}  // namespace

absl::Status CheckDevice(const std::string& programs, const std::string& device) {
  if (device == "auto" || device == "cpu") return absl::OkStatus();
  const Memory output;
  ASSIGN_OR_RETURN(Process asked,
                   Process::Start({.name = "drover-learner",
                                   .argv = {programs + "/drover-learner", "--check-device", device},
                                   .environment = {},
                                   .output_file = output.path()}));
  const std::optional<Exit> exit = asked.Wait(kPatience);
  if (exit.has_value() && exit->ok()) return absl::OkStatus();
  const std::string said = LastMessage(ReadFile(output.path()).value_or(""));
  if (exit.has_value() && exit->code == kCannotBeUsed) return absl::FailedPreconditionError(said);
  return absl::UnavailableError(absl::StrCat("drover-learner --check-device ", device, " ",
                                             exit.has_value() ? exit->ToString() : "does not end", ": ",
                                             said));
}

}  // namespace drover::launch
