// What a client is answered: the JSON of completions, chats and their streams, in the shapes of the OpenAI API. Pure.
//
//   whole:    {"id","object","created","model","system_fingerprint","choices":[...],"usage"}
//   streamed: data: {the same with the next piece of one choice}   for each piece, its finish_reason in a last one
//             data: {... "choices":[],"usage"}                     where the client asked for it
//             data: [DONE]
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "programs/model/serve/api_request.h"

namespace drover::serve {

// What all parts of one answer have in common.
struct AnswerHead {
  ApiEndpoint endpoint = ApiEndpoint::kCompletions;
  std::string id;       // "cmpl-..." or "chatcmpl-..."
  int64_t created = 0;  // seconds since the epoch
  std::string model;
  std::string fingerprint;     // of what serves it
  bool include_usage = false;  // chunks of a stream say that their usage is null
};

// A token with its log-probability and those of the most probable tokens at its place. Bytes need not be UTF-8.
struct ScoredToken {
  std::string bytes;
  float logprob = 0.0F;
  std::vector<std::pair<std::string, float>> top;
  size_t offset = 0;  // where it stands, in characters from the beginning of the choice's text
};

// A choice, or the next piece of one.
struct ChoicePart {
  uint32_t index = 0;
  std::string text;                      // valid UTF-8
  bool logprobs = false;                 // asked for
  std::vector<ScoredToken> tokens;       // where they are
  const char* finish_reason = nullptr;   // "stop" or "length"; null: it goes on
  std::optional<std::string> stop_text;  // that ended it
};

struct Usage {
  uint64_t prompt_tokens = 0;
  uint64_t completion_tokens = 0;  // the end-of-sequence token included where it was sampled
};

// The body of an answer that is not streamed, ended by a line's end.
std::string WholeAnswer(const AnswerHead& head, const std::vector<ChoicePart>& choices, const Usage& usage);

// Server-sent events, whole. The first piece of a chat's choice says its role; text, and the tokens that go with it; the end.
std::string RoleEvent(const AnswerHead& head, uint32_t index);
std::string TextEvent(const AnswerHead& head, const ChoicePart& part);
std::string FinishEvent(const AnswerHead& head, const ChoicePart& part);
std::string UsageEvent(const AnswerHead& head, const Usage& usage);
std::string ErrorEvent(const ApiError& error);
inline constexpr const char* kDoneEvent = "data: [DONE]\n\n";

// Characters (code points) that begin in it.
size_t Characters(std::string_view text);
// As UTF-8: what is none becomes U+FFFD.
std::string Lossy(std::string_view bytes);

}  // namespace drover::serve
