// Jinja's filters and tests, and the methods of Python's texts and dicts, as far as chat templates use them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/jinja/value.h"

namespace drover::model::jinja {

struct Arguments {
  std::vector<Json> values;
  std::map<std::string, Json> named;

  // The value at `index`, or of that name, or `absent`.
  Json Get(size_t index, const std::string& name, Json absent) const;
};

// value | name(arguments). UNIMPLEMENTED for another filter. (`default` is the renderer's: it takes what is undefined.)
absl::StatusOr<Json> ApplyFilter(std::string_view name, const Json& value, const Arguments& arguments);

// What the filter takes an undefined value for: an empty text, list or dict; nullopt where jinja2 raises.
std::optional<Json> UndefinedAs(std::string_view filter);

// value is name(arguments), of a defined value. UNIMPLEMENTED for another test.
absl::StatusOr<bool> ApplyTest(std::string_view name, const Json& value, const Arguments& arguments);

// value.name(arguments). UNIMPLEMENTED for another method.
absl::StatusOr<Json> CallMethod(std::string_view name, const Json& value, const Arguments& arguments);

}  // namespace drover::model::jinja
