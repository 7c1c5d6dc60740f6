// Values while a template is rendered, and what Python does with them. Pure; nothing here knows the template.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::model::jinja {

using Json = nlohmann::ordered_json;

// Bytes of a text, entries of a list: no single value may have more.
inline constexpr size_t kMaxSize = size_t{2} << 20;

// RESOURCE_EXHAUSTED above kMaxSize.
absl::Status CheckSize(size_t size);

// bool(value)
bool IsTrue(const Json& value);
// str(value); UNIMPLEMENTED for lists and dicts, which nobody prints without tojson.
absl::StatusOr<std::string> ToText(const Json& value);
// json.dumps(value, ...)
struct JsonStyle {
  bool ensure_ascii = false;
  std::optional<int> indent;
  std::string between = ", ";  // with an indent: "," unless it is given
  std::string behind_key = ": ";
  bool sort_keys = false;
};
std::string ToJsonText(const Json& value, const JsonStyle& style);
// Its kind, for messages.
std::string_view TypeName(const Json& value);

// a OP b for + - * / // % ~ == != < <= > >= in. INVALID_ARGUMENT where Python raises a TypeError.
absl::StatusOr<Json> Operate(std::string_view op, const Json& a, const Json& b);

// value[begin:end:step], of a list or a text; a text's elements are its characters.
absl::StatusOr<Json> Slice(const Json& value, std::optional<int64_t> begin, std::optional<int64_t> end,
                           std::optional<int64_t> step);

// The characters of a text, each as UTF-8.
std::vector<std::string> Characters(std::string_view text);
// What a loop goes over: entries of a list, keys of a dict, characters of a text.
absl::StatusOr<std::vector<Json>> Elements(const Json& value);
// len(value)
absl::StatusOr<int64_t> Length(const Json& value);

// text.strip(characters), or of one side; white space where no characters are given.
enum class Side { kBoth, kLeft, kRight };
std::string Strip(std::string_view text, Side side,
                  std::optional<std::string_view> characters = std::nullopt);

}  // namespace drover::model::jinja
