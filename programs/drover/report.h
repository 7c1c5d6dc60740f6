// Exit statuses of `drover`, and how it says what went wrong.
#pragma once

#include <cstdio>
#include <string>

#include "absl/status/status.h"

namespace drover::cli {

inline constexpr int kDone = 0, kFailure = 1, kBadInput = 2, kInterrupted = 130;

// "drover: why" on standard error; returns `code`.
inline int Report(int code, const std::string& why) {
  std::fprintf(stderr, "drover: %s\n", why.c_str());
  return code;
}
inline int Report(int code, const absl::Status& status) {
  return Report(code, std::string(status.message()));
}

// 0 when OK; bad input and missing files are kBadInput, anything else kFailure.
inline int Conclude(const absl::Status& status) {
  if (status.ok()) return kDone;
  return Report(absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? kBadInput : kFailure, status);
}

}  // namespace drover::cli
