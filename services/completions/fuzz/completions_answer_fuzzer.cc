// Any bytes as a server's answer: refused with a reason, or read into responses within their bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/completions/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const drover::evaluation::Sampling sampling{
      .max_response_tokens = 16, .stop = {"</answer>", "\n\n"}, .keep_stop = size % 2 == 0};
  for (bool chat : {false, true}) {
    const auto answer = drover::completions::ParseAnswer(body, chat);
    if (!answer.ok() && answer.status().message().empty()) std::abort();
    if (!answer.ok()) continue;
    uint64_t tokens = 0;
    for (const auto& response : drover::completions::Responses(*answer, sampling, 8))
      tokens += response.tokens;
    if (answer->completion_tokens.has_value() && tokens > 16 * answer->choices.size()) std::abort();
  }
  const auto refusal = drover::completions::ParseRefusal(body);
  if (refusal.message.size() > 300 || refusal.message.find('\n') != std::string::npos) std::abort();
  return 0;
}
