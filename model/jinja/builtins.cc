#include "model/jinja/builtins.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace drover::model::jinja {
namespace {

absl::Status Unknown(std::string_view kind, std::string_view name, const Json& value) {
  return absl::UnimplementedError(absl::StrCat("the ", ToAbsl(kind), " ", ToAbsl(name), " of a ",
                                               ToAbsl(TypeName(value)), " is not known here"));
}

absl::StatusOr<std::string> TextOf(const Json& value, std::string_view what) {
  if (value.is_string()) return value.get<std::string>();
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(what), " is a ", ToAbsl(TypeName(value)), ", must be a text"));
}

std::string ChangeCase(const std::string& text, bool upper) {
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8(text);
  std::string changed;
  (upper ? wide.toUpper(icu::Locale::getRoot()) : wide.toLower(icu::Locale::getRoot())).toUTF8String(changed);
  return changed;
}

std::string Capitalize(const std::string& text) {
  const std::vector<std::string> characters = Characters(text);
  if (characters.empty()) return text;
  return ChangeCase(characters[0], /*upper=*/true) + ChangeCase(text.substr(characters[0].size()), false);
}

absl::StatusOr<Json> Replace(const std::string& text, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string old, TextOf(arguments.Get(0, "old", nullptr), "what is replaced"));
  ASSIGN_OR_RETURN(const std::string with, TextOf(arguments.Get(1, "new", nullptr), "the replacement"));
  if (old.empty()) return absl::UnimplementedError("replacing an empty text is not known here");
  RETURN_IF_ERROR(CheckSize(text.size() + text.size() / old.size() * with.size()));
  return Json(absl::StrReplaceAll(text, {{old, with}}));
}

absl::StatusOr<Json> Split(const std::string& text, const Arguments& arguments) {
  const Json by = arguments.Get(0, "sep", nullptr);
  Json parts = Json::array();
  if (by.is_null()) {
    for (const auto part : absl::StrSplit(text, absl::ByAnyChar(" \t\n\r\f\v"), absl::SkipEmpty())) {
      parts.push_back(std::string(part));
    }
    return parts;
  }
  ASSIGN_OR_RETURN(const std::string separator, TextOf(by, "the separator"));
  if (separator.empty()) return absl::InvalidArgumentError("an empty separator");
  const Json most = arguments.Get(1, "maxsplit", -1);
  int64_t left = most.is_number_integer() ? most.get<int64_t>() : -1;
  size_t begin = 0;
  for (size_t at = 0; left != 0 && (at = text.find(separator, begin)) != std::string::npos; --left) {
    parts.push_back(text.substr(begin, at - begin));
    begin = at + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

absl::StatusOr<Json> Join(const Json& value, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string between, TextOf(arguments.Get(0, "d", ""), "the separator"));
  const Json attribute = arguments.Get(1, "attribute", nullptr);
  ASSIGN_OR_RETURN(const std::vector<Json> elements, Elements(value));
  std::string text;
  for (size_t i = 0; i < elements.size(); ++i) {
    const Json& element = elements[i];
    const bool inner = attribute.is_string() && element.is_object() &&
                       element.contains(attribute.get_ref<const std::string&>());
    ASSIGN_OR_RETURN(const std::string part, ToText(inner ? element[attribute.get<std::string>()] : element));
    absl::StrAppend(&text, i > 0 ? between : "", part);
    RETURN_IF_ERROR(CheckSize(text.size()));
  }
  return Json(text);
}

Json Items(const Json& value) {
  Json items = Json::array();
  for (const auto& [key, entry] : value.items()) items.push_back(Json::array({key, entry}));
  return items;
}

// map(attribute=NAME), the one form that is known.
absl::StatusOr<Json> MapAttribute(const Json& value, const Arguments& arguments) {
  const auto name = arguments.named.find("attribute");
  if (name == arguments.named.end() || !name->second.is_string()) return Unknown("filter", "map", value);
  ASSIGN_OR_RETURN(const std::vector<Json> elements, Elements(value));
  Json mapped = Json::array();
  for (const Json& element : elements) {
    mapped.push_back(element.is_object() ? element.value(name->second.get<std::string>(), Json()) : Json());
  }
  return mapped;
}

// selectattr(NAME) and selectattr(NAME, TEST, ...), or the others.
absl::StatusOr<Json> SelectAttribute(const Json& value, const Arguments& arguments, bool wanted) {
  ASSIGN_OR_RETURN(const std::string name, TextOf(arguments.Get(0, "", nullptr), "the attribute"));
  ASSIGN_OR_RETURN(const std::vector<Json> elements, Elements(value));
  Json selected = Json::array();
  for (const Json& element : elements) {
    const bool there = element.is_object() && element.contains(name);
    const Json inner = there ? element.at(name) : Json();
    bool holds = IsTrue(inner);
    if (arguments.values.size() > 1) {
      ASSIGN_OR_RETURN(const std::string test, TextOf(arguments.values[1], "the test"));
      Arguments rest{.values = {arguments.values.begin() + 2, arguments.values.end()}, .named = {}};
      if (test == "defined" || test == "undefined") {
        holds = there == (test == "defined");
      } else {
        ASSIGN_OR_RETURN(holds, ApplyTest(test, inner, rest));
      }
    }
    if (holds == wanted) selected.push_back(element);
  }
  return selected;
}

absl::StatusOr<Json> ToInteger(const Json& value) {
  int64_t whole = 0;
  if (value.is_string())
    return absl::SimpleAtoi(Strip(value.get<std::string>(), Side::kBoth), &whole) ? whole : 0;
  if (value.is_number())
    return static_cast<int64_t>(std::clamp(std::trunc(value.get<double>()), -1e15, 1e15));
  return value.is_boolean() ? Json(static_cast<int64_t>(value.get<bool>())) : Json(0);
}

// The arguments of transformers' tojson, in its order.
absl::StatusOr<JsonStyle> StyleOf(const Arguments& arguments) {
  JsonStyle style;
  style.ensure_ascii = IsTrue(arguments.Get(0, "ensure_ascii", false));
  const Json indent = arguments.Get(1, "indent", nullptr);
  if (indent.is_number_integer()) {
    style.indent = static_cast<int>(std::clamp<int64_t>(indent.get<int64_t>(), 0, 16));
    style.between = ",";
  }
  const Json separators = arguments.Get(2, "separators", nullptr);
  if (!separators.is_null()) {
    if (!separators.is_array() || separators.size() != 2) {
      return absl::InvalidArgumentError("the separators of tojson are no two texts");
    }
    ASSIGN_OR_RETURN(style.between, TextOf(separators[0], "a separator"));
    ASSIGN_OR_RETURN(style.behind_key, TextOf(separators[1], "a separator"));
  }
  style.sort_keys = IsTrue(arguments.Get(3, "sort_keys", false));
  return style;
}

// [key, entry] by key, without regard to capitals.
Json SortedItems(const Json& value) {
  std::vector<std::pair<std::string, Json>> entries;
  for (const auto& [key, entry] : value.items()) {
    entries.emplace_back(ChangeCase(key, /*upper=*/false), Json::array({key, entry}));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Json items = Json::array();
  for (auto& [key, item] : entries) items.push_back(std::move(item));
  return items;
}

// The smallest entry, or the largest; of several the first.
absl::StatusOr<Json> Extreme(const Json& value, bool smallest) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, Elements(value));
  if (elements.empty())
    return absl::InvalidArgumentError("an empty list has no smallest and no largest entry");
  Json found = elements[0];
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(const Json better, Operate(smallest ? "<" : ">", element, found));
    if (better.get<bool>()) found = element;
  }
  return found;
}

absl::StatusOr<Json> TextFilter(std::string_view name, const std::string& text, const Arguments& arguments) {
  if (name == "trim") return Json(Strip(text, Side::kBoth));
  if (name == "upper" || name == "lower") return Json(ChangeCase(text, name == "upper"));
  if (name == "capitalize") return Json(Capitalize(text));
  if (name == "replace") return Replace(text, arguments);
  return Unknown("filter", name, Json(text));
}

}  // namespace

std::optional<Json> UndefinedAs(std::string_view name) {
  for (const char* filter : {"trim", "upper", "lower", "capitalize", "replace", "string"}) {
    if (name == filter) return Json("");
  }
  for (const char* filter : {"list", "length", "count", "join", "items", "map", "selectattr", "rejectattr"}) {
    if (name == filter) return Json(name == std::string_view("items") ? Json::object() : Json::array());
  }
  return std::nullopt;
}

Json Arguments::Get(size_t index, const std::string& name, Json absent) const {
  if (index < values.size()) return values[index];
  const auto found = named.find(name);
  return found == named.end() ? std::move(absent) : found->second;
}

absl::StatusOr<Json> ApplyFilter(std::string_view name, const Json& value, const Arguments& arguments) {
  if (name == "length" || name == "count") {
    ASSIGN_OR_RETURN(const int64_t length, Length(value));
    return Json(length);
  }
  if (name == "tojson") {
    ASSIGN_OR_RETURN(const JsonStyle style, StyleOf(arguments));
    return Json(ToJsonText(value, style));
  }
  if (name == "string") {
    ASSIGN_OR_RETURN(std::string text, ToText(value));
    return Json(std::move(text));
  }
  if (name == "int") return ToInteger(value);
  if (name == "safe") return value;
  if (name == "join") return Join(value, arguments);
  if (name == "map") return MapAttribute(value, arguments);
  if (name == "selectattr" || name == "rejectattr") {
    return SelectAttribute(value, arguments, name == "selectattr");
  }
  if (name == "items" && value.is_object()) return Items(value);
  if (name == "dictsort" && value.is_object() && arguments.values.empty() && arguments.named.empty()) {
    return SortedItems(value);
  }
  if (name == "min" || name == "max") return Extreme(value, name == "min");
  if (name == "list" || name == "first" || name == "last" || name == "reverse") {
    ASSIGN_OR_RETURN(std::vector<Json> elements, Elements(value));
    if (name == "list") return Json(std::move(elements));
    if (name == "reverse" && value.is_string()) return Slice(value, std::nullopt, std::nullopt, -1);
    std::reverse(elements.begin(), elements.end());
    if (name == "reverse") return Json(std::move(elements));
    if (elements.empty()) return absl::InvalidArgumentError("an empty list has no first and no last entry");
    return name == "first" ? elements.back() : elements.front();
  }
  if (value.is_string()) return TextFilter(name, value.get_ref<const std::string&>(), arguments);
  if (name == "trim") {
    ASSIGN_OR_RETURN(const std::string text, ToText(value));
    return Json(Strip(text, Side::kBoth));
  }
  return Unknown("filter", name, value);
}

absl::StatusOr<bool> ApplyTest(std::string_view name, const Json& value, const Arguments& arguments) {
  if (name == "none") return value.is_null();
  if (name == "string") return value.is_string();
  if (name == "number") return value.is_number() || value.is_boolean();
  if (name == "integer") return value.is_number_integer();
  if (name == "float") return value.is_number_float();
  if (name == "boolean") return value.is_boolean();
  if (name == "true" || name == "false") return value.is_boolean() && value.get<bool>() == (name == "true");
  if (name == "mapping") return value.is_object();
  if (name == "iterable" || name == "sequence") return value.is_structured() || value.is_string();
  if (name == "equalto" || name == "eq" || name == "in") {
    if (arguments.values.empty()) return absl::InvalidArgumentError("a test without its argument");
    ASSIGN_OR_RETURN(const Json same, Operate(name == "in" ? "in" : "==", value, arguments.values[0]));
    return same.get<bool>();
  }
  if ((name == "odd" || name == "even") && value.is_number_integer()) {
    return (value.get<int64_t>() % 2 != 0) == (name == "odd");
  }
  return Unknown("test", name, value);
}

absl::StatusOr<Json> CallMethod(std::string_view name, const Json& value, const Arguments& arguments) {
  if (value.is_object()) {
    if (name == "items") return Items(value);
    if (name == "keys" || name == "values") {
      Json list = Json::array();
      for (const auto& [key, entry] : value.items()) list.push_back(name == "keys" ? Json(key) : entry);
      return list;
    }
    if (name == "get") {
      ASSIGN_OR_RETURN(const std::string key, TextOf(arguments.Get(0, "key", nullptr), "the key"));
      return value.contains(key) ? value.at(key) : arguments.Get(1, "default", nullptr);
    }
  }
  if (!value.is_string()) return Unknown("method", name, value);
  const std::string& text = value.get_ref<const std::string&>();
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    const Side side = name == "strip" ? Side::kBoth : name == "lstrip" ? Side::kLeft : Side::kRight;
    const Json characters = arguments.Get(0, "chars", nullptr);
    if (characters.is_null()) return Json(Strip(text, side));
    ASSIGN_OR_RETURN(const std::string dropped, TextOf(characters, "what is stripped"));
    return Json(Strip(text, side, dropped));
  }
  if (name == "startswith" || name == "endswith") {
    ASSIGN_OR_RETURN(const std::string part, TextOf(arguments.Get(0, "prefix", nullptr), "the part"));
    return Json(name == "startswith" ? absl::StartsWith(text, part) : absl::EndsWith(text, part));
  }
  if (name == "split") return Split(text, arguments);
  for (const char* shared : {"upper", "lower", "capitalize", "replace"}) {
    if (name == shared) return TextFilter(name, text, arguments);
  }
  return Unknown("method", name, value);
}

}  // namespace drover::model::jinja
