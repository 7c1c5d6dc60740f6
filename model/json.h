// JSON from files that others wrote: bounded, strict, with errors that name the field.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace drover::model {

struct JsonLimits {
  size_t max_bytes = size_t{16} << 20;  // parsing takes up to about 20 times as much memory
  int max_depth = 16;                   // nested objects and arrays
};

// INVALID_ARGUMENT for what is not JSON (with the byte), is nested too deep or names a field twice;
// RESOURCE_EXHAUSTED above the size limit.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits = {});

// The value as an error message shows it: compact JSON, cut at 60 bytes.
std::string ShowJson(const nlohmann::json& value);

// Typed reads from a JSON object. A field that is missing or null is absent. Errors are INVALID_ARGUMENT: "NAME
// is VALUE, must be ..." with the path of the object before the name. The object must outlive this.
class JsonFields {
 public:
  // `path` names the object in messages ("" at the top, else e.g. "rope_scaling.").
  static absl::StatusOr<JsonFields> Of(const nlohmann::json& value, std::string path);

  const nlohmann::json* Find(std::string_view name) const;  // null when absent
  // Whether the field is written down at all, if only as null.
  bool Contains(std::string_view name) const;
  // UNIMPLEMENTED ("NAME is VALUE, must be RULE") for the first field that is there and none of `known`.
  absl::Status CheckOnly(absl::Span<const std::string_view> known, std::string_view rule) const;

  absl::StatusOr<std::optional<int64_t>> OptionalInt(std::string_view name, int64_t min, int64_t max) const;
  absl::StatusOr<int64_t> Int(std::string_view name, int64_t min, int64_t max) const;
  absl::StatusOr<int64_t> Int(std::string_view name, int64_t min, int64_t max, int64_t absent) const;
  // Finite, in (0, max].
  absl::StatusOr<double> Positive(std::string_view name, double max) const;
  absl::StatusOr<double> Positive(std::string_view name, double max, double absent) const;
  absl::StatusOr<bool> Bool(std::string_view name, bool absent) const;
  absl::StatusOr<std::string> String(std::string_view name) const;
  absl::StatusOr<std::string> String(std::string_view name, std::string_view absent) const;
  // The field as an object whose path is this one's and the name.
  absl::StatusOr<JsonFields> Object(std::string_view name) const;

  std::string Path(std::string_view name) const { return path_ + std::string(name); }
  // "PATH is VALUE, must be RULE" ("PATH is missing" for an absent one).
  absl::Status Wrong(std::string_view name, std::string_view rule) const;
  // The same, UNIMPLEMENTED: the file is right but asks for what we do not do.
  absl::Status Unsupported(std::string_view name, std::string_view rule) const;

 private:
  JsonFields(const nlohmann::json& object, std::string path) : object_(&object), path_(std::move(path)) {}
  std::string Describe(std::string_view name, std::string_view rule) const;
  const nlohmann::json* object_;
  std::string path_;
};

}  // namespace drover::model
