// A model that a server of the OpenAI-compatible API serves, as a Responder.
//
//   asks ──▶ at most `concurrency` threads, one ask each ──▶ Transfer (one kept connection a thread) ──▶ POST BASE/completions
//                │        ▲                                                                              or BASE/chat/completions
//                │        └─ again after a pause: no answer, 408, 425, 429, 5xx, an answer that cannot be read; `attempts` times
//                └─▶ answered(ask, responses), one at a time
//
// An ask with a prompt is a completion; one with only messages is a chat, whose template the server applies. What servers differ in:
//
// | a server that ...                          | is asked ...                                                             |
// | answers one choice whatever `n` is         | again until the ask has n responses, each time with a seed of its own    |
// | refuses n > 1 without randomness           | once at temperature 0, and the response stands for all n                 |
// | leaves the stop text out of the response   | without `stop` from then on where it must stay; the text is cut here     |
// | refuses max_tokens in chats                | with max_completion_tokens                                               |
// | counts no tokens                           | the same; a token is taken for every four bytes of text                  |
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluation/responder.h"
#include "services/completions/dialect.h"
#include "services/completions/protocol.h"
#include "services/completions/transfer.h"
#include "services/rpc/backoff.h"

namespace drover::completions {

struct EndpointOptions {
  std::string url;    // as ParseBaseUrl takes it
  std::string model;  // the server's name for it
  bool chat = false;  // a prompt is asked as a chat of one user message, for servers that know chats only
  int concurrency = 8;
  int attempts = 6;  // of one request, the first one included
  rpc::BackoffOptions pauses = {.initial = absl::Seconds(1), .max = absl::Seconds(30), .factor = 2};
  absl::Duration longest_pause = absl::Minutes(2);  // that a server's Retry-After may ask for
  TransferOptions transfer;

  // INVALID_ARGUMENT naming the field.
  absl::Status Validate() const;
};

// The value of the environment variable `name`; empty when `name` is. INVALID_ARGUMENT when it is not set, or cannot be a key (control
// characters, spaces); the message never holds it.
absl::StatusOr<std::string> ApiKeyFrom(const std::string& name);

class Endpoint : public evaluation::Responder {
 public:
  // Does not talk to the server.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Create(const EndpointOptions& options);

  absl::Status Respond(absl::Span<const evaluation::Ask> asks, const evaluation::Sampling& sampling,
                       const Answered& answered, const std::atomic<bool>& stop) override;
  // "MODEL at URL".
  std::string Describe() const override;

 private:
  struct Call;
  Endpoint(const EndpointOptions& options, BaseUrl base) : options_(options), base_(std::move(base)) {}

  void Work(Call& call);
  absl::StatusOr<std::vector<evaluation::Response>> AnswerOne(Call& call, Transfer& transfer,
                                                              const evaluation::Ask& ask);
  // One request, again after a pause where that may help.
  absl::StatusOr<Answer> Post(Call& call, Transfer& transfer, const Request& request);
  // The same once, in the server's dialect. `*pause`: what the server asks for before another attempt.
  absl::StatusOr<Answer> Attempt(Call& call, Transfer& transfer, const Request& request,
                                 absl::Duration* pause);
  Dialect dialect() const;

  const EndpointOptions options_;
  const BaseUrl base_;
  mutable absl::Mutex mutex_;
  DialectFinder finder_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace drover::completions
