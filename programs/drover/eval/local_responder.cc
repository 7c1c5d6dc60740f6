#include "programs/drover/eval/local_responder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "model/json.h"
#include "programs/launch/last_words.h"
#include "programs/launch/process.h"

namespace drover::cli {
namespace {

using evaluation::Ask;
using evaluation::Responder;
using evaluation::Response;

constexpr int kPollMilliseconds = 200;
constexpr size_t kReadBytes = size_t{64} << 10;
constexpr size_t kMaxLine = size_t{64} << 20;
constexpr int kBadInputStatus = 2;

// A pipe; ends that are not taken away close with it.
class Pipe {
 public:
  static absl::StatusOr<Pipe> Make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
    return Pipe(ends[0], ends[1]);
  }
  Pipe(Pipe&& other) noexcept
      : read_(std::exchange(other.read_, -1)), write_(std::exchange(other.write_, -1)) {}
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }

  int read_end() const { return read_; }
  int write_end() const { return write_; }
  void CloseRead() { Close(read_); }
  void CloseWrite() { Close(write_); }

 private:
  Pipe(int read, int write) : read_(read), write_(write) {}
  static void Close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  int read_, write_;
};

std::string AskLine(const Ask& ask) {
  const nlohmann::ordered_json line = {
      {"id", ask.id}, {"prompt", ask.prompt}, {"response_count", ask.n}, {"random_group", ask.number}};
  return line.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace) + "\n";
}

// Gathers the lines of one child into whole answers.
class Answers {
 public:
  Answers(absl::Span<const Ask> asks, const Responder::Answered& answered) : answered_(answered) {
    for (const Ask& ask : asks)
      open_[ask.id] = {.ask = &ask, .responses = std::vector<std::optional<Response>>(ask.n)};
  }

  size_t left() const { return open_.size(); }

  absl::Status Add(std::string_view bytes) {
    buffer_.append(bytes);
    size_t begin = 0;
    for (size_t end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', begin)) {
      RETURN_IF_ERROR(AddLine(std::string_view(buffer_).substr(begin, end - begin)));
      begin = end + 1;
    }
    buffer_.erase(0, begin);
    if (buffer_.size() > kMaxLine) return absl::InternalError("drover-model wrote a line that is too long");
    return absl::OkStatus();
  }

 private:
  struct Open {
    const Ask* ask = nullptr;
    std::vector<std::optional<Response>> responses;
    uint32_t had = 0;
  };

  absl::Status AddLine(std::string_view text) {
    ASSIGN_OR_RETURN(const nlohmann::json line, model::ParseJson(text, {.max_bytes = kMaxLine}));
    ASSIGN_OR_RETURN(const model::JsonFields fields, model::JsonFields::Of(line, ""));
    ASSIGN_OR_RETURN(const std::string id, fields.String("id"));
    const auto open = open_.find(id);
    if (open == open_.end()) return Unasked(id);
    ASSIGN_OR_RETURN(const int64_t index, fields.Int("index", 0, open->second.ask->n - 1));
    std::optional<Response>& response = open->second.responses[static_cast<size_t>(index)];
    if (response.has_value()) return Unasked(id);
    response.emplace();
    // Null from a model without a tokenizer, which has no use for a prompt either.
    ASSIGN_OR_RETURN(response->text, fields.String("text", ""));
    ASSIGN_OR_RETURN(const int64_t tokens, fields.Int("tokens", 0, int64_t{1} << 40));
    response->tokens = static_cast<uint64_t>(tokens);
    ASSIGN_OR_RETURN(const std::string reason, fields.String("finish_reason"));
    response->truncated = reason == "length";
    if (++open->second.had < open->second.ask->n) return absl::OkStatus();
    return HandOn(open);
  }

  absl::Status HandOn(std::map<std::string, Open>::iterator open) {
    std::vector<Response> responses;
    for (std::optional<Response>& response : open->second.responses)
      responses.push_back(*std::move(response));
    const Ask& ask = *open->second.ask;
    open_.erase(open);
    return answered_(ask, std::move(responses));
  }

  static absl::Status Unasked(const std::string& id) {
    return absl::InternalError(absl::StrCat("drover-model answered ", id, ", which it was not asked"));
  }

  const Responder::Answered& answered_;
  std::map<std::string, Open> open_;
  std::string buffer_;  // the beginning of a line
};

// The asks as lines, written as far as the pipe takes them. A child that reads no more shows by its end.
class Feeder {
 public:
  explicit Feeder(absl::Span<const Ask> asks) : asks_(asks) {}

  bool done() const { return next_ == asks_.size() && line_.empty(); }

  void Write(int pipe) {
    while (!done()) {
      if (line_.empty()) line_ = AskLine(asks_[next_++]);
      const ssize_t written = ::write(pipe, line_.data(), line_.size());
      if (written <= 0) {
        if (written < 0 && errno == EPIPE) Abandon();
        return;
      }
      line_.erase(0, static_cast<size_t>(written));
    }
  }

 private:
  void Abandon() {
    next_ = asks_.size();
    line_.clear();
  }

  const absl::Span<const Ask> asks_;
  size_t next_ = 0;
  std::string line_;  // what of a line is not written yet
};

// Until the child's output ends, all is answered, or `stop`.
absl::Status Exchange(absl::Span<const Ask> asks, Pipe& to_child, Pipe& from_child, Answers& answers,
                      const std::atomic<bool>& stop) {
  ::fcntl(to_child.write_end(), F_SETFL, O_NONBLOCK);
  Feeder feeder(asks);
  std::string bytes(kReadBytes, '\0');
  while (answers.left() > 0) {
    if (stop) return absl::CancelledError("stopped");
    if (feeder.done()) to_child.CloseWrite();
    pollfd waits[2] = {{.fd = from_child.read_end(), .events = POLLIN, .revents = 0},
                       {.fd = to_child.write_end(), .events = POLLOUT, .revents = 0}};
    if (::poll(waits, to_child.write_end() >= 0 ? 2 : 1, kPollMilliseconds) <= 0) continue;
    if (waits[1].revents != 0) feeder.Write(to_child.write_end());
    if (waits[0].revents == 0) continue;
    const ssize_t read = ::read(from_child.read_end(), bytes.data(), bytes.size());
    if (read == 0) return absl::OkStatus();  // how it ended says what became of it
    if (read < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "cannot read from drover-model");
    if (read > 0) RETURN_IF_ERROR(answers.Add(std::string_view(bytes).substr(0, static_cast<size_t>(read))));
  }
  return absl::OkStatus();
}

absl::Status Death(const launch::Exit& exit, const std::string& messages) {
  const std::string words = launch::LastWords("", messages);
  if (exit.code == kBadInputStatus) {
    return absl::InvalidArgumentError(absl::StrCat("drover-model refused its input:\n", words));
  }
  return absl::InternalError(absl::StrCat("drover-model ", exit.ToString(),
                                          " before everything was answered; its last words:\n", words));
}

absl::StatusOr<std::string> MakeMessagesFile() {
  std::error_code error;
  std::string path = (std::filesystem::temp_directory_path(error) / "drover-model.XXXXXX").string();
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) return ErrnoError(path, "make");
  ::close(file);
  return path;
}

absl::Status CheckPrompts(absl::Span<const Ask> asks) {
  for (const Ask& ask : asks) {
    if (ask.prompt.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("question ", ask.id, ": its chat was not written down as a prompt"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> GenerateArguments(const LocalModelOptions& options,
                                           const evaluation::Sampling& sampling) {
  std::vector<std::string> argv = {
      options.program,
      "generate",
      "--prompts=-",
      "--out=-",
      "--unordered",
      "--brief",
      "--fit-context",
      "--template=none",
      absl::StrCat("--model=", options.model),
      absl::StrCat("--device=", options.device),
      absl::StrCat("--dtype=", options.dtype),
      absl::StrCat("--threads=", options.threads),
      absl::StrCat("--max-batch=", options.max_batch),
      absl::StrCat("--max-new-tokens=", sampling.max_response_tokens),
      absl::StrCat("--temperature=", nlohmann::json(sampling.temperature).dump()),
      absl::StrCat("--top-p=", nlohmann::json(sampling.top_p).dump()),
      absl::StrCat("--top-k=", sampling.top_k),
      absl::StrCat("--min-p=", nlohmann::json(sampling.min_p).dump()),
      absl::StrCat("--seed=", sampling.seed)};
  for (const std::string& stop : sampling.stop) argv.push_back(absl::StrCat("--stop=", stop));
  if (sampling.keep_stop) argv.push_back("--keep-stop");
  return argv;
}

std::string LocalResponder::Describe() const {
  return std::filesystem::path(options_.model + "/.").lexically_normal().parent_path().string();
}

absl::Status LocalResponder::Respond(absl::Span<const Ask> asks, const evaluation::Sampling& sampling,
                                     const Answered& answered, const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(evaluation::CheckAsks(asks));
  RETURN_IF_ERROR(sampling.Validate());
  RETURN_IF_ERROR(CheckPrompts(asks));
  if (asks.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string messages, MakeMessagesFile());
  const absl::Cleanup remove = [&messages] { ::unlink(messages.c_str()); };
  ASSIGN_OR_RETURN(Pipe to_child, Pipe::Make());
  ASSIGN_OR_RETURN(Pipe from_child, Pipe::Make());
  ASSIGN_OR_RETURN(launch::Process child,
                   launch::Process::Start({.name = "drover-model",
                                           .argv = GenerateArguments(options_, sampling),
                                           .environment = launch::PatientThreads(),
                                           .output_file = messages,
                                           .input = to_child.read_end(),
                                           .output = from_child.write_end()}));
  to_child.CloseRead();
  from_child.CloseWrite();
  Answers answers(asks, answered);
  RETURN_IF_ERROR(
      Exchange(asks, to_child, from_child, answers, stop));  // an error: the child goes with its Process
  if (answers.left() == 0) return absl::OkStatus();
  const std::optional<launch::Exit> exit = child.Wait(absl::Seconds(10));
  if (exit.has_value()) return Death(*exit, messages);
  return absl::InternalError("drover-model closed its output before everything was answered");
}

}  // namespace drover::cli
