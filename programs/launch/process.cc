#include "programs/launch/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"

extern char** environ;

namespace drover::launch {
namespace {

// The child's environment: ours with `added` in place of variables of the same name.
std::vector<std::string> Environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (added.count(text.substr(0, text.find('='))) == 0) environment.push_back(text);
  }
  for (const auto& [name, value] : added) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, between fork and exec: async-signal-safe calls only. Never returns.
[[noreturn]] void Become(char** argv, char** environment, const ProcessOptions& options, int messages,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent died before the line above
  ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);  // ours may be ignored
  ::dup2(options.input >= 0 ? options.input : ::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(options.output >= 0 ? options.output : messages, STDOUT_FILENO);
  ::dup2(messages, STDERR_FILENO);
  ::execve(argv[0], argv, environment);
  const char message[] = "cannot run the program: is the build complete?\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message, sizeof(message) - 1);
  ::_exit(127);
}

}  // namespace

const std::map<std::string, std::string>& PatientThreads() {
  static const auto& variables =
      *new std::map<std::string, std::string>{{"OMP_WAIT_POLICY", "PASSIVE"}, {"GOMP_SPINCOUNT", "0"}};
  return variables;
}

std::string Exit::ToString() const {
  if (signal != 0) return absl::StrCat("was killed by signal ", signal, " (", ::strsignal(signal), ")");
  return absl::StrCat("exited with status ", code);
}

absl::StatusOr<Process> Process::Start(const ProcessOptions& options) {
  const int output = ::open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) return ErrnoError(options.output_file, "open for the output of " + options.name);
  const std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> argv = Pointers(options.argv), envp = Pointers(environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    Become(const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), options, output, parent);
  }
  const int error = errno;
  ::close(output);
  if (pid < 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", options.name));
  return Process(options.name, pid);
}

Process::Process(Process&& other) noexcept
    : name_(std::move(other.name_)), pid_(std::exchange(other.pid_, -1)), exit_(other.exit_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(pid_, other.pid_);
  std::swap(exit_, other.exit_);
  return *this;
}

Process::~Process() {
  if (pid_ < 0 || Poll().has_value()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<Exit> Process::Poll() {
  if (exit_.has_value() || pid_ < 0) return exit_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  exit_ =
      WIFSIGNALED(status) ? Exit{.code = 0, .signal = WTERMSIG(status)} : Exit{.code = WEXITSTATUS(status)};
  return exit_;
}

std::optional<Exit> Process::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!Poll().has_value() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  return exit_;
}

void Process::Signal(int signal) {
  if (pid_ > 0 && !Poll().has_value()) ::kill(pid_, signal);
}

}  // namespace drover::launch
