// What a client asks for: the JSON body of POST /v1/completions and /v1/chat/completions. Pure; bodies are hostile input.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "programs/model/serve/api_error.h"

namespace drover::serve {

enum class ApiEndpoint { kCompletions, kChat };

// Of what one request may ask for.
struct ApiLimits {
  size_t max_body_bytes = size_t{4} << 20;
  int64_t max_choices = 128;      // prompts times n
  int64_t max_top_logprobs = 20;  // most probable tokens at a position
  size_t max_stops = 16;
  size_t max_stop_bytes = 256;  // of each
};

// A text, or token ids.
using ApiPrompt = std::variant<std::string, std::vector<uint32_t>>;

struct ApiRequest {
  ApiEndpoint endpoint = ApiEndpoint::kCompletions;
  std::string model;  // empty: whichever is served

  std::vector<ApiPrompt> prompts;  // of completions: at least one
  bool echo = false;               // the prompt stands before the text
  bool add_special_tokens = true;  // of the tokenizer's post-processor, around prompts that are texts

  // Of chats: a list of at least one message, each an object whose role and content are texts; names in the client's order.
  nlohmann::ordered_json messages;
  bool add_generation_prompt = true;
  nlohmann::ordered_json template_variables = nlohmann::ordered_json::object();

  uint32_t n = 1;                      // choices a prompt
  std::optional<uint32_t> max_tokens;  // absent: 16 of completions, what the context leaves of chats
  double temperature = 1.0;
  double top_p = 1.0;
  uint32_t top_k = 0;  // 0: all
  double min_p = 0.0;
  std::optional<uint64_t> seed;  // absent: one that nobody chose
  std::vector<std::string> stop;
  bool keep_stop = false;

  bool logprobs = false;
  uint32_t top_logprobs = 0;
  bool stream = false;
  bool include_usage = false;  // a last chunk with the usage
};

// A field that is null counts as absent. A field that is not known is an error, as is one that asks for what this server
// does not do: nothing is left out without a word.
std::variant<ApiRequest, ApiError> ParseApiRequest(ApiEndpoint endpoint, std::string_view body,
                                                   const ApiLimits& limits);

}  // namespace drover::serve
