// Any bytes as a request's body: refused with a reason, or read into a request within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "programs/model/serve/api_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using drover::serve::ApiEndpoint;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const drover::serve::ApiLimits limits;
  for (const ApiEndpoint endpoint : {ApiEndpoint::kCompletions, ApiEndpoint::kChat}) {
    const auto parsed = drover::serve::ParseApiRequest(endpoint, body, limits);
    if (const auto* error = std::get_if<drover::serve::ApiError>(&parsed)) {
      if (error->message.empty() || error->status != 400) std::abort();
      if (drover::serve::ErrorBody(*error).find('\n') != std::string::npos) std::abort();
      continue;
    }
    const auto& request = std::get<drover::serve::ApiRequest>(parsed);
    const bool chat = endpoint == ApiEndpoint::kChat;
    if (chat != request.prompts.empty() || chat == request.messages.empty()) std::abort();
    if (request.n < 1 || request.n * request.prompts.size() > static_cast<size_t>(limits.max_choices))
      std::abort();
    if (request.stop.size() > limits.max_stops || !(request.temperature >= 0)) std::abort();
  }
  return 0;
}
