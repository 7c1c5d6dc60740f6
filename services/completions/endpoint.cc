#include "services/completions/endpoint.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"

namespace drover::completions {
namespace {

using evaluation::Ask;
using evaluation::Response;

constexpr int kMostThreads = 256, kMostAttempts = 100;
constexpr absl::Duration kLookAround = absl::Milliseconds(50);

// An error that another attempt would only repeat.
bool Final(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsCancelled(status) ||
         absl::IsResourceExhausted(status);
}

bool MayTryAgain(long code) { return code == 408 || code == 425 || code == 429 || code >= 500; }

absl::Status Refused(long code, const Refusal& refusal) {
  const std::string said = absl::StrCat("the server answered ", code, ": ", refusal.message);
  if (MayTryAgain(code)) return absl::UnavailableError(said);
  return code == 404 ? absl::NotFoundError(said) : absl::InvalidArgumentError(said);
}

// False when `stop` became true before the end.
bool Pause(absl::Duration pause, const std::atomic<bool>& stop) {
  for (const absl::Time end = absl::Now() + pause; absl::Now() < end;) {
    if (stop.load()) return false;
    absl::SleepFor(std::min(kLookAround, end - absl::Now()));
  }
  return !stop.load();
}

std::string OneUserMessage(const std::string& prompt) {
  const nlohmann::json messages = {{{"role", "user"}, {"content", prompt}}};
  return messages.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

absl::Status EndpointOptions::Validate() const {
  const auto outside = [](const char* field, auto value, const char* range) {
    return absl::InvalidArgumentError(absl::StrCat(field, " is ", value, ", must be ", range));
  };
  if (model.empty()) return absl::InvalidArgumentError("the endpoint needs the model's name on the server");
  if (concurrency < 1 || concurrency > kMostThreads)
    return outside("concurrency", concurrency, "from 1 to 256");
  if (attempts < 1 || attempts > kMostAttempts) return outside("attempts", attempts, "from 1 to 100");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ApiKeyFrom(const std::string& name) {
  if (name.empty()) return std::string();
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == 0) {
    return absl::InvalidArgumentError(absl::StrCat("the environment variable ", name, " holds no key"));
  }
  const std::string key = value;
  if (std::any_of(key.begin(), key.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7F; })) {
    return absl::InvalidArgumentError(absl::StrCat("the key in the environment variable ", name,
                                                   " has spaces or other characters that no key has"));
  }
  return key;
}

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Create(const EndpointOptions& options) {
  RETURN_IF_ERROR(options.Validate());
  ASSIGN_OR_RETURN(BaseUrl base, ParseBaseUrl(options.url));
  return std::unique_ptr<Endpoint>(new Endpoint(options, std::move(base)));
}

std::string Endpoint::Describe() const { return absl::StrCat(options_.model, " at ", base_.shown); }

// What the threads of one Respond share.
struct Endpoint::Call {
  absl::Span<const Ask> asks;
  const evaluation::Sampling& sampling;
  const Answered& answered;
  const std::atomic<bool>& stop;
  std::atomic<bool> ended = false;  // `stop`, or an error of one thread: all give up
  std::atomic<size_t> next = 0;

  absl::Mutex mutex;
  absl::Status status ABSL_GUARDED_BY(mutex);
  size_t done ABSL_GUARDED_BY(mutex) = 0;     // asks
  size_t working ABSL_GUARDED_BY(mutex) = 0;  // threads

  void Fail(const absl::Status& error) {
    absl::MutexLock lock(&mutex);
    if (status.ok()) status = error;
    ended = true;
  }

  // The caller's flag reaches the threads through theirs.
  void WaitForThreads() {
    absl::MutexLock lock(&mutex);
    const auto ended_all = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex) { return working == 0; };
    while (!mutex.AwaitWithTimeout(absl::Condition(&ended_all), kLookAround)) {
      if (stop.load()) ended = true;
    }
  }
};

absl::Status Endpoint::Respond(absl::Span<const Ask> asks, const evaluation::Sampling& sampling,
                               const Answered& answered, const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(evaluation::CheckAsks(asks));
  RETURN_IF_ERROR(sampling.Validate());
  Call call{.asks = asks, .sampling = sampling, .answered = answered, .stop = stop, .status = {}};
  std::vector<std::thread> threads;
  const size_t count = std::min(asks.size(), static_cast<size_t>(options_.concurrency));
  {
    absl::MutexLock lock(&call.mutex);
    call.working = count;
  }
  for (size_t i = 0; i < count; ++i) threads.emplace_back([this, &call] { Work(call); });
  call.WaitForThreads();
  for (std::thread& thread : threads) thread.join();
  absl::MutexLock lock(&call.mutex);
  if (call.status.ok() && call.done < asks.size()) return absl::CancelledError("stopped");
  return call.status;
}

void Endpoint::Work(Call& call) {
  Transfer transfer(options_.transfer);
  // The flag itself, too: a server may answer everything before WaitForThreads looks at it.
  while (!call.ended.load() && !call.stop.load()) {
    const size_t index = call.next.fetch_add(1);
    if (index >= call.asks.size()) break;
    const Ask& ask = call.asks[index];
    absl::StatusOr<std::vector<Response>> responses = AnswerOne(call, transfer, ask);
    if (!responses.ok()) {
      call.Fail(Annotate(responses.status(), absl::StrCat("question ", ask.id)));
      break;
    }
    absl::MutexLock lock(&call.mutex);
    if (!call.status.ok()) break;
    call.status = call.answered(ask, *std::move(responses));
    if (call.status.ok()) ++call.done;
    if (!call.status.ok()) call.ended = true;
  }
  absl::MutexLock lock(&call.mutex);
  --call.working;
}

absl::StatusOr<std::vector<Response>> Endpoint::AnswerOne(Call& call, Transfer& transfer, const Ask& ask) {
  Request request{.model = options_.model, .prompt = ask.prompt, .messages = "", .n = ask.n, .seed = 0};
  if (ask.prompt.empty()) request.messages = ask.messages;
  if (options_.chat && !ask.prompt.empty()) request.messages = OneUserMessage(ask.prompt);
  const bool greedy = call.sampling.temperature == 0;
  const size_t wanted = greedy ? 1 : ask.n;
  std::vector<Response> responses;
  bool many = true;  // the server answers n choices
  while (responses.size() < wanted) {
    const size_t missing = wanted - responses.size();
    request.n = many ? static_cast<uint32_t>(missing) : 1;
    request.seed = SeedOf(call.sampling.seed, ask.number, static_cast<uint32_t>(responses.size()));
    ASSIGN_OR_RETURN(const Answer answer, Post(call, transfer, request));
    many = answer.choices.size() >= request.n;
    for (Response& response : Responses(answer, call.sampling, missing))
      responses.push_back(std::move(response));
  }
  responses.resize(ask.n, responses.front());
  return responses;
}

absl::StatusOr<Answer> Endpoint::Post(Call& call, Transfer& transfer, const Request& request) {
  rpc::Backoff backoff(options_.pauses,
                       request.seed ^ std::hash<std::thread::id>()(std::this_thread::get_id()));
  for (int attempt = 1;; ++attempt) {
    absl::Duration asked = absl::ZeroDuration();
    absl::StatusOr<Answer> answer = Attempt(call, transfer, request, &asked);
    if (answer.ok() || Final(answer.status())) return answer;
    if (attempt >= options_.attempts) {
      return Annotate(answer.status(), absl::StrCat("after ", attempt, " attempts"));
    }
    const absl::Duration pause = std::max(backoff.Next(), std::min(asked, options_.longest_pause));
    if (!Pause(pause, call.ended)) return absl::CancelledError("stopped");
  }
}

absl::StatusOr<Answer> Endpoint::Attempt(Call& call, Transfer& transfer, const Request& request,
                                         absl::Duration* pause) {
  const std::string url = absl::StrCat(base_.url, request.IsChat() ? "/chat/completions" : "/completions");
  // Each round has another dialect, of which there are four.
  for (int round = 0; round < 4; ++round) {
    const Dialect tried = dialect();
    absl::StatusOr<Reply> reply = transfer.Post(url, RequestBody(request, call.sampling, tried), call.ended);
    if (!reply.ok()) return Annotate(reply.status(), base_.shown);
    *pause = reply->retry_after;
    if (reply->code >= 300 && reply->code < 400) {
      return absl::InvalidArgumentError(
          absl::StrCat(base_.shown, ": the server redirects; name where it leads to"));
    }
    if (reply->code != 200) {
      const Refusal refusal = ParseRefusal(reply->body);
      const bool malformed = reply->code == 400 || reply->code == 422;
      absl::MutexLock lock(&mutex_);
      if (malformed && finder_.OnRefusal(tried, request, call.sampling, refusal)) continue;
      return Annotate(Refused(reply->code, refusal), base_.shown);
    }
    ASSIGN_OR_RETURN(Answer answer, ParseAnswer(reply->body, request.IsChat()));
    absl::MutexLock lock(&mutex_);
    if (finder_.OnAnswer(tried, call.sampling, answer)) return answer;
  }
  return absl::InternalError(absl::StrCat(base_.shown, ": the server keeps changing its mind"));
}

Dialect Endpoint::dialect() const {
  absl::MutexLock lock(&mutex_);
  return finder_.dialect();
}

}  // namespace drover::completions
