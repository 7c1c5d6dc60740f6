#include "model/json.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::model {
namespace {

using nlohmann::json;

// Thrown inside ParseJson only, to leave nlohmann's parser early.
struct Refused {
  std::string reason;
};

// Watches the parser's events: depth, and names that an object has twice (nlohmann keeps the last silently).
class Watch {
 public:
  explicit Watch(int max_depth) : max_depth_(max_depth) {}

  void See(int depth, json::parse_event_t event, const json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
        CheckDepth(depth);
        names_.emplace_back();
        break;
      case json::parse_event_t::array_start:
        CheckDepth(depth);
        break;
      case json::parse_event_t::object_end:
        names_.pop_back();
        break;
      case json::parse_event_t::key: {
        const auto& name = parsed.get_ref<const std::string&>();
        if (!names_.back().insert(name).second)
          throw Refused{absl::StrCat("the name \"", name, "\" is there twice")};
        break;
      }
      default:
        break;
    }
  }

 private:
  void CheckDepth(int depth) const {
    if (depth >= max_depth_) throw Refused{absl::StrCat("nested deeper than ", max_depth_, " levels")};
  }
  int max_depth_;
  std::vector<absl::flat_hash_set<std::string>> names_;
};

}  // namespace

absl::StatusOr<json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("JSON of ", text.size(), " bytes, the limit is ", limits.max_bytes));
  }
  Watch watch(limits.max_depth);
  try {
    return json::parse(text.begin(), text.end(),
                       [&watch](int depth, json::parse_event_t event, json& parsed) {
                         watch.See(depth, event, parsed);
                         return true;
                       });
  } catch (const Refused& refused) {
    return absl::InvalidArgumentError(refused.reason);
  } catch (const json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON at byte ", error.byte, ": ", error.what()));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON: ", error.what()));
  }
}

std::string ShowJson(const json& value) {
  constexpr size_t kShown = 60;
  // A big value is not written out to be cut: only its kind is shown.
  if (value.is_structured() && value.size() > 16) {
    return absl::StrCat(value.is_object() ? "an object" : "an array", " of ", value.size());
  }
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

absl::StatusOr<JsonFields> JsonFields::Of(const json& value, std::string path) {
  if (!value.is_object()) {
    std::string name = path.empty() ? "the file" : path.substr(0, path.size() - 1);
    return absl::InvalidArgumentError(absl::StrCat(name, " is ", ShowJson(value), ", must be an object"));
  }
  return JsonFields(value, std::move(path));
}

const json* JsonFields::Find(std::string_view name) const {
  auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

bool JsonFields::Contains(std::string_view name) const { return object_->find(name) != object_->end(); }

absl::Status JsonFields::CheckOnly(absl::Span<const std::string_view> known, std::string_view rule) const {
  for (const auto& [name, value] : object_->items()) {
    if (value.is_null() || std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Unsupported(name, rule);
  }
  return absl::OkStatus();
}

std::string JsonFields::Describe(std::string_view name, std::string_view rule) const {
  const json* value = Find(name);
  return absl::StrCat(Path(name), " is ", value ? ShowJson(*value) : "missing", ", must be ", ToAbsl(rule));
}

absl::Status JsonFields::Wrong(std::string_view name, std::string_view rule) const {
  return absl::InvalidArgumentError(Describe(name, rule));
}

absl::Status JsonFields::Unsupported(std::string_view name, std::string_view rule) const {
  return absl::UnimplementedError(Describe(name, rule));
}

absl::StatusOr<std::optional<int64_t>> JsonFields::OptionalInt(std::string_view name, int64_t min,
                                                               int64_t max) const {
  const json* value = Find(name);
  if (value == nullptr) return std::nullopt;
  // Unsigned values above int64's range would come out negative: they are above `max` too.
  bool fits = value->is_number_integer() &&
              (!value->is_number_unsigned() || value->get<uint64_t>() <= uint64_t{INT64_MAX});
  if (!fits || value->get<int64_t>() < min || value->get<int64_t>() > max) {
    return Wrong(name, absl::StrCat("an integer from ", min, " to ", max));
  }
  return value->get<int64_t>();
}

absl::StatusOr<int64_t> JsonFields::Int(std::string_view name, int64_t min, int64_t max) const {
  ASSIGN_OR_RETURN(std::optional<int64_t> value, OptionalInt(name, min, max));
  if (!value) return Wrong(name, absl::StrCat("an integer from ", min, " to ", max));
  return *value;
}

absl::StatusOr<int64_t> JsonFields::Int(std::string_view name, int64_t min, int64_t max,
                                        int64_t absent) const {
  ASSIGN_OR_RETURN(std::optional<int64_t> value, OptionalInt(name, min, max));
  return value.value_or(absent);
}

absl::StatusOr<double> JsonFields::Positive(std::string_view name, double max) const {
  const json* value = Find(name);
  double number = value && value->is_number() ? value->get<double>() : 0.0;
  if (!std::isfinite(number) || number <= 0.0 || number > max) {
    return Wrong(name, absl::StrCat("a number above 0, at most ", max));
  }
  return number;
}

absl::StatusOr<double> JsonFields::Positive(std::string_view name, double max, double absent) const {
  return Find(name) ? Positive(name, max) : absent;
}

absl::StatusOr<bool> JsonFields::Bool(std::string_view name, bool absent) const {
  const json* value = Find(name);
  if (value == nullptr) return absent;
  if (!value->is_boolean()) return Wrong(name, "true or false");
  return value->get<bool>();
}

absl::StatusOr<std::string> JsonFields::String(std::string_view name) const {
  const json* value = Find(name);
  if (value == nullptr || !value->is_string()) return Wrong(name, "a string");
  return value->get<std::string>();
}

absl::StatusOr<std::string> JsonFields::String(std::string_view name, std::string_view absent) const {
  if (Find(name) == nullptr) return std::string(absent);
  return String(name);
}

absl::StatusOr<JsonFields> JsonFields::Object(std::string_view name) const {
  const json* value = Find(name);
  if (value == nullptr || !value->is_object()) return Wrong(name, "an object");
  return JsonFields(*value, Path(name) + ".");
}

}  // namespace drover::model
