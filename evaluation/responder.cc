#include "evaluation/responder.h"

#include <cmath>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace drover::evaluation {

absl::Status Sampling::Validate() const {
  const auto wrong = [](const char* field, auto value, const char* rule) {
    return absl::InvalidArgumentError(absl::StrCat(field, " is ", value, ", must be ", rule));
  };
  if (!std::isfinite(temperature) || temperature < 0) {
    return wrong("temperature", temperature, "0 (greedy) or above");
  }
  if (!(top_p > 0 && top_p <= 1)) return wrong("top_p", top_p, "above 0 and at most 1");
  if (!(min_p >= 0 && min_p <= 1)) return wrong("min_p", min_p, "at least 0 (off) and at most 1");
  if (max_response_tokens == 0) return wrong("max_response_tokens", 0, "at least 1");
  for (const std::string& text : stop) {
    if (text.empty()) return absl::InvalidArgumentError("a stop text is empty");
  }
  return absl::OkStatus();
}

absl::Status CheckAsks(absl::Span<const Ask> asks) {
  absl::flat_hash_set<std::string> seen;
  for (const Ask& ask : asks) {
    if (ask.id.empty()) return absl::InvalidArgumentError("a question has an empty id");
    if (!seen.insert(ask.id).second) {
      return absl::InvalidArgumentError(absl::StrCat("question ", ask.id, ": is there twice"));
    }
    if (ask.prompt.empty() && ask.messages.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("question ", ask.id, ": its prompt is empty"));
    }
    if (ask.n == 0) return absl::InvalidArgumentError(absl::StrCat("question ", ask.id, ": n is 0"));
  }
  return absl::OkStatus();
}

}  // namespace drover::evaluation
