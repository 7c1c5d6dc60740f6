// Who answers the questions of an evaluation: the seam between what is asked and where the model runs.
//
//     suite ──▶ Ask (id, prompt) ──▶ Responder ──▶ Response (text, tokens, truncated) ──▶ grader ──▶ records
//                                    a child process with a local model, an endpoint over HTTP, a test's fake
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace drover::evaluation {

// How responses are sampled; the same for all asks of a call.
struct Sampling {
  double temperature = 0;  // 0 is greedy
  double top_p = 1;        // only the fewest tokens with that probability together, in (0, 1]
  uint32_t top_k = 0;      // only so many most probable tokens; 0: all
  double min_p = 0;        // only tokens at least so many times as likely as the likeliest, in [0, 1]; 0: all
  uint32_t max_response_tokens = 3000;
  std::vector<std::string> stop;  // texts that end a response; none is empty
  bool keep_stop = false;         // the stop text stays in the response
  uint64_t seed = 0;  // everything random follows from it, as far as the responder can promise that

  // INVALID_ARGUMENT naming the field, what it is and what it may be.
  absl::Status Validate() const;
};

// One prompt, to be answered `n` times.
struct Ask {
  std::string id;  // not empty, unique among the asks of a call
  uint64_t number =
      0;  // names the ask's random numbers: the same number, seed and model give the same responses
  std::string
      prompt;  // the whole text that the model continues; empty when `messages` is not and nobody rendered it
  std::string messages;  // of a chat: the JSON list of its {"role", "content"}; else empty
  uint32_t n = 1;        // at least 1
};

struct Response {
  std::string text;
  uint64_t tokens = 0;     // that the model produced, as the responder counts them
  bool truncated = false;  // cut at max_response_tokens, or by the end of the model's context
};

class Responder {
 public:
  // Called with each ask as soon as it is answered, once, with exactly `ask.n` responses, in the order of their index. Never
  // two calls at a time; from whichever thread. An error ends the call of Respond with that error.
  using Answered = std::function<absl::Status(const Ask& ask, std::vector<Response> responses)>;

  virtual ~Responder() = default;

  // Answers all asks, in whichever order they are done, and holds a bounded number of them at a time. Returns after the last
  // call of `answered`: OK once every ask was answered; CANCELLED soon after `stop` became true, what is being answered
  // then given up; INVALID_ARGUMENT or NOT_FOUND for what a person must put right (a model that is not there, a prompt that
  // does not fit, an endpoint that refuses); any other error when the responder failed. Errors that are about one ask name
  // its id. Not thread-safe: one call at a time.
  virtual absl::Status Respond(absl::Span<const Ask> asks, const Sampling& sampling, const Answered& answered,
                               const std::atomic<bool>& stop) = 0;

  // What answers, for a person and for the results: a model's folder, or a model's name and the endpoint's URL. No secrets.
  virtual std::string Describe() const = 0;
};

// INVALID_ARGUMENT naming the ask when its id is empty or another's too, nothing is asked, or `n` is 0.
absl::Status CheckAsks(absl::Span<const Ask> asks);

}  // namespace drover::evaluation
