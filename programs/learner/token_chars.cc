#include "programs/learner/token_chars.h"

#include <algorithm>

#include "model/utf8.h"

namespace drover::learner_process {
namespace {

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Bytes of `rest`, what is left of the text, that the token says; nullopt when it says something else.
std::optional<size_t> BytesOf(uint32_t id, std::string_view rest, const model::Tokenizer& tokenizer) {
  const std::string_view says = tokenizer.TokenBytes(id);
  if (rest.starts_with(says)) return says.size();
  if (tokenizer.IsSpecial(id)) return 0;
  if (says.starts_with(rest)) return rest.size();  // the text ends within the token, before a stop text
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<uint32_t>> TokenChars(std::string_view text, absl::Span<const uint32_t> ids,
                                                const model::Tokenizer& tokenizer) {
  if (model::FirstInvalidUtf8(text)) return std::nullopt;
  std::vector<uint32_t> chars;
  size_t at = 0, whole = 0;  // bytes said so far; of them those up to the last whole character
  for (const uint32_t id : ids) {
    const std::optional<size_t> bytes = BytesOf(id, text.substr(at), tokenizer);
    if (!bytes) return std::nullopt;
    at += *bytes;
    size_t end = at;
    while (end > whole && end < text.size() && IsContinuation(text[end])) --end;
    const auto begins = [](char byte) { return !IsContinuation(byte); };
    chars.push_back(static_cast<uint32_t>(std::count_if(text.begin() + static_cast<long>(whole),
                                                        text.begin() + static_cast<long>(end), begins)));
    whole = end;
  }
  if (whole != text.size()) return std::nullopt;
  return chars;
}

}  // namespace drover::learner_process
