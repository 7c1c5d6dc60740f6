#include "programs/model/serve/api_fields.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/json.h"

namespace drover::serve {

void ApiFields::Fail(const std::string& name, std::string message, std::string code) {
  if (error_->has_value()) return;
  *error_ = ApiError{.message = std::move(message), .param = path_ + name, .code = std::move(code)};
}

void ApiFields::Wrong(const std::string& name, const Json* value, const std::string& rule) {
  Fail(name, value == nullptr
                 ? absl::StrCat(path_, name, " is missing; it must be ", rule)
                 : absl::StrCat(path_, name, " is ", model::ShowJson(*value), "; it must be ", rule));
}

const ApiFields::Json* ApiFields::Find(const std::string& name) {
  known_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<int64_t> ApiFields::Integer(const std::string& name, int64_t least, int64_t most) {
  const Json* const value = Find(name);
  if (value == nullptr) return std::nullopt;
  // A number above int64's is an unsigned one.
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() || value->get<uint64_t>() <= uint64_t{INT64_MAX});
  if (fits && value->get<int64_t>() >= least && value->get<int64_t>() <= most) return value->get<int64_t>();
  Wrong(name, value, absl::StrCat("an integer from ", least, " to ", most));
  return std::nullopt;
}

std::optional<double> ApiFields::Number(const std::string& name, double least, double most) {
  const Json* const value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number() && value->get<double>() >= least && value->get<double>() <= most) {
    return value->get<double>();
  }
  Wrong(name, value, absl::StrCat("a number from ", least, " to ", most));
  return std::nullopt;
}

bool ApiFields::Bool(const std::string& name, bool absent) {
  const Json* const value = Find(name);
  if (value == nullptr) return absent;
  if (value->is_boolean()) return value->get<bool>();
  Wrong(name, value, "true or false");
  return absent;
}

std::optional<std::string> ApiFields::Text(const std::string& name) {
  const Json* const value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  Wrong(name, value, "a string");
  return std::nullopt;
}

void ApiFields::Unsupported(const std::string& name, std::initializer_list<Json> harmless,
                            const std::string& why) {
  const Json* const value = Find(name);
  if (value == nullptr) return;
  for (const Json& one : harmless) {
    if (*value == one) return;
  }
  Fail(name, absl::StrCat(path_, name, " is ", model::ShowJson(*value), ", but ", why),
       "unsupported_parameter");
}

void ApiFields::Ignore(std::initializer_list<const char*> names) {
  for (const char* name : names) known_.insert(name);
}

void ApiFields::CheckOnlyKnown() {
  for (const auto& [name, value] : object_.items()) {
    if (value.is_null() || known_.contains(name)) continue;
    const std::string shown = model::ShowJson(Json(name));
    return Fail(name,
                absl::StrCat("this server does not know ", path_.empty() ? "the parameter " : path_, shown,
                             "; it takes: ", absl::StrJoin(known_, ", ")),
                "unknown_parameter");
  }
}

}  // namespace drover::serve
