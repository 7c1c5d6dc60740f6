// RETURN_IF_ERROR and ASSIGN_OR_RETURN: absl::Status across boundaries without ceremony.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#define DROVER_CONCAT_INNER(a, b) a##b
#define DROVER_CONCAT(a, b) DROVER_CONCAT_INNER(a, b)

// Returns from the enclosing function with the status of `expr` unless it is OK.
#define RETURN_IF_ERROR(expr)                                                              \
  do {                                                                                     \
    if (absl::Status drover_status_ = (expr); !drover_status_.ok()) return drover_status_; \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): x is the value of the StatusOr, or the function returns its error.
#define ASSIGN_OR_RETURN(lhs, expr) DROVER_ASSIGN_OR_RETURN(DROVER_CONCAT(drover_or_, __LINE__), lhs, expr)
#define DROVER_ASSIGN_OR_RETURN(tmp, lhs, expr) \
  auto tmp = (expr);                            \
  if (!tmp.ok()) return tmp.status();           \
  lhs = std::move(tmp).value()

namespace drover {

// The same code with `prefix` and ": " before the message: says where an error met on the way up came from.
inline absl::Status Annotate(const absl::Status& status, std::string_view prefix) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(absl::string_view(prefix.data(), prefix.size()), ": ", status.message()));
}

// An error of what a person named (a model's directory, a flag) as bad input, whatever is wrong with it: NOT_FOUND stays,
// any other becomes INVALID_ARGUMENT with the same message.
inline absl::Status AsBadInput(const absl::Status& status) {
  if (status.ok() || absl::IsNotFound(status)) return status;
  return absl::InvalidArgumentError(status.message());
}

// A std::string_view as Debian's Abseil takes it, and back (its string_view is a type of its own).
inline absl::string_view ToAbsl(std::string_view s) { return absl::string_view(s.data(), s.size()); }
inline std::string_view ToStd(absl::string_view s) { return std::string_view(s.data(), s.size()); }

}  // namespace drover
