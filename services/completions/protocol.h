// The bytes of the OpenAI-compatible HTTP API: what is asked and how answers are read. Pure; answers are hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "evaluation/responder.h"

namespace drover::completions {

// What servers of this API do differently; found out while they are talked to (dialect.h).
struct Dialect {
  bool max_completion_tokens = false;  // the field's name in chats of newer models, instead of max_tokens
  // How a response keeps its stop text: `stop` and include_stop_str_in_output are sent, or neither, and the response is cut here.
  bool include_stop = true;

  bool operator==(const Dialect&) const = default;
};

// One request: `n` responses to a prompt (POST /completions) or a chat (POST /chat/completions).
struct Request {
  std::string model;
  std::string prompt;    // with `messages` empty
  std::string messages;  // a JSON list of {"role", "content"}
  uint32_t n = 1;
  uint64_t seed = 0;  // below 2^31: not every server takes more

  bool IsChat() const { return !messages.empty(); }
};

// The JSON body. At most four stop texts are sent (the API takes no more); responses are cut by all of them later.
std::string RequestBody(const Request& request, const evaluation::Sampling& sampling, const Dialect& dialect);

// The seed of response `index` of an ask: below 2^31, a function of (sampling.seed, ask.number, index) alone.
uint64_t SeedOf(uint64_t seed, uint64_t number, uint32_t index);

struct Choice {
  std::string text;
  std::string finish_reason;  // empty when the server gave none
  std::optional<std::string>
      stop_text;  // which stop text ended it, where the server says so (vLLM's stop_reason)
};

struct Answer {
  std::vector<Choice> choices;                // in the order of their index
  std::optional<uint64_t> completion_tokens;  // of all choices together
};

// Of a body with status 200. INTERNAL saying what is wrong: no JSON, no choices, a text that is none, a choice that failed. A message without content (null) is
// an empty text.
absl::StatusOr<Answer> ParseAnswer(std::string_view body, bool chat);

// What a server says about a request that it refuses.
struct Refusal {
  std::string
      message;  // one line of at most 300 bytes, printable; the body's beginning when it is no JSON error
  std::string code;   // "unsupported_parameter", ...; may be empty
  std::string param;  // the field that it is about; may be empty
};
Refusal ParseRefusal(std::string_view body);

// The responses of an answer, at most `most`, each cut at the stop text that ends first in it (as the engine of drover cuts). Tokens: of one
// choice those of the answer; of several the answer's tokens shared out by length in bytes, and without any a token for every four bytes.
// A response that a stop text ended is not truncated.
std::vector<evaluation::Response> Responses(const Answer& answer, const evaluation::Sampling& sampling,
                                            size_t most);

// Whether a stop text is in it.
bool HasStop(const Choice& choice, const evaluation::Sampling& sampling);
// Whether the server may have cut a stop text away that the response has to keep: it ended by "stop", no stop text is in it, and the
// server does not say that another thing ended it.
bool MayLackStop(const Choice& choice, const evaluation::Sampling& sampling);

}  // namespace drover::completions
