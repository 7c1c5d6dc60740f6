// Typed reads from an object of a request. The first error stays; what is read after it does not matter.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "programs/model/serve/api_error.h"

namespace drover::serve {

// Both must outlive it. Not thread-safe.
class ApiFields {
 public:
  using Json = nlohmann::json;
  // `path` stands before the names in errors: "" at the top, else such as "stream_options.".
  ApiFields(const Json& object, std::string path, std::optional<ApiError>* error)
      : object_(object), path_(std::move(path)), error_(error) {}

  // Null when it is absent or null. From here on the field is known.
  const Json* Find(const std::string& name);

  std::optional<int64_t> Integer(const std::string& name, int64_t least, int64_t most);
  std::optional<double> Number(const std::string& name, double least, double most);
  bool Bool(const std::string& name, bool absent);
  std::optional<std::string> Text(const std::string& name);

  // A field that may only be one of `harmless` (or absent): `why` says what is not done, and what to do instead.
  void Unsupported(const std::string& name, std::initializer_list<Json> harmless, const std::string& why);
  // Fields that change nothing here.
  void Ignore(std::initializer_list<const char*> names);
  // Every other field is an error.
  void CheckOnlyKnown();

  // "PATH is VALUE; it must be RULE", or "PATH is missing; ..." for an absent one. `name` may lead into the field ("stop[2]").
  void Wrong(const std::string& name, const Json* value, const std::string& rule);
  void Fail(const std::string& name, std::string message, std::string code = {});

 private:
  const Json& object_;
  const std::string path_;
  std::optional<ApiError>* const error_;
  std::set<std::string> known_;
};

}  // namespace drover::serve
