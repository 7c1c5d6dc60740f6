#pragma once

#include <string_view>

#include "absl/strings/ascii.h"
#include "base/status.h"

namespace drover::data {

// Without ASCII white space at both ends.
inline std::string_view Trim(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

}  // namespace drover::data
