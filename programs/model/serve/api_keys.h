// Who may ask: the keys of --api-key-file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::serve {

// Immutable, thread-safe.
class ApiKeys {
 public:
  // None: everybody may ask.
  ApiKeys() = default;
  // A key a line; blank lines and those that begin with # are not looked at. NOT_FOUND or another error that names the file;
  // INVALID_ARGUMENT for a file without a key and for a line that can be none (spaces, control characters), by its number.
  static absl::StatusOr<ApiKeys> Read(const std::string& path);
  static absl::StatusOr<ApiKeys> Parse(std::string_view text);

  bool empty() const { return keys_.empty(); }
  // Whether `authorization`, the header's value, is "Bearer KEY" with one of them. Takes as long for a wrong one as for a right one.
  bool Allow(std::string_view authorization) const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace drover::serve
