#include "services/data/question.h"

#include "absl/strings/ascii.h"
#include "base/digest.h"

namespace drover::data {

std::string CanonicalText(std::string_view question) {
  std::string text(question);
  absl::RemoveExtraAsciiWhitespace(&text);
  // Of a run of white space it keeps the last character.
  for (char& c : text) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) c = ' ';
  }
  return text;
}

bool IsHeldout(std::string_view question, double share) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  return static_cast<double>(Hash64(CanonicalText(question))) < share * kTwoTo64;
}

}  // namespace drover::data
