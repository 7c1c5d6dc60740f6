#include "programs/model/serve/api_keys.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::serve {
namespace {

constexpr absl::string_view kScheme = "bearer ";

// Looks at every byte, wherever the first difference is.
bool SameSecret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

bool CanBeKey(absl::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return absl::ascii_isgraph(c); });
}

}  // namespace

absl::StatusOr<ApiKeys> ApiKeys::Parse(std::string_view text) {
  ApiKeys keys;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (!CanBeKey(line)) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " can be no key: it has spaces, or bytes that are not ASCII"));
    }
    keys.keys_.emplace_back(line);
  }
  if (keys.empty()) return absl::InvalidArgumentError("there is no key in it; it takes one a line");
  return keys;
}

absl::StatusOr<ApiKeys> ApiKeys::Read(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  auto keys = Parse(text);
  if (!keys.ok()) return Annotate(keys.status(), path);
  return keys;
}

bool ApiKeys::Allow(std::string_view authorization) const {
  if (keys_.empty()) return true;
  const absl::string_view header = ToAbsl(authorization);
  if (!absl::StartsWithIgnoreCase(header, kScheme)) return false;
  const std::string_view shown = ToStd(absl::StripAsciiWhitespace(header.substr(kScheme.size())));
  bool allowed = false;
  for (const std::string& key : keys_) allowed |= SameSecret(key, shown);
  return allowed;
}

}  // namespace drover::serve
