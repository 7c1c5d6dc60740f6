#include "model/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/utf8.h"

namespace drover::model::jinja {
namespace {

// What str.isspace() is true of.
bool IsPythonSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

absl::Status CannotDo(std::string_view op, const Json& a, const Json& b) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot do ", ToAbsl(TypeName(a)), " ", ToAbsl(op), " ", ToAbsl(TypeName(b))));
}

absl::StatusOr<Json> Add(const Json& a, const Json& b) {
  if (a.is_string() && b.is_string()) {
    const auto &left = a.get_ref<const std::string&>(), &right = b.get_ref<const std::string&>();
    RETURN_IF_ERROR(CheckSize(left.size() + right.size()));
    return Json(left + right);
  }
  if (a.is_array() && b.is_array()) {
    RETURN_IF_ERROR(CheckSize(a.size() + b.size()));
    Json sum = a;
    for (const Json& entry : b) sum.push_back(entry);
    return sum;
  }
  return CannotDo("+", a, b);
}

absl::StatusOr<Json> Repeat(const std::string& text, int64_t times) {
  if (times <= 0) return Json("");
  if (static_cast<uint64_t>(times) > kMaxSize) return CheckSize(kMaxSize + 1);
  RETURN_IF_ERROR(CheckSize(text.size() * static_cast<size_t>(times)));
  std::string repeated;
  for (int64_t i = 0; i < times; ++i) repeated += text;
  return Json(repeated);
}

// Of whole numbers below 2^31 in size nothing here overflows; larger ones no template has.
absl::StatusOr<Json> Whole(std::string_view op, int64_t a, int64_t b) {
  constexpr int64_t kMost = int64_t{1} << 31;
  if (std::max(std::abs(a), std::abs(b)) >= kMost || a == INT64_MIN || b == INT64_MIN) {
    return absl::InvalidArgumentError("a number is too large");
  }
  if (op == "+") return Json(a + b);
  if (op == "-") return Json(a - b);
  if (op == "*") return Json(a * b);
  if (b == 0) return absl::InvalidArgumentError("division by zero");
  const int64_t quotient = a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
  return op == "//" ? Json(quotient) : Json(a - quotient * b);
}

absl::StatusOr<Json> Arithmetic(std::string_view op, const Json& a, const Json& b) {
  if (a.is_string() && b.is_number_integer() && op == "*") {
    return Repeat(a.get_ref<const std::string&>(), b.get<int64_t>());
  }
  if (!a.is_number() || !b.is_number()) return op == "+" ? Add(a, b) : CannotDo(op, a, b);
  if (a.is_number_integer() && b.is_number_integer() && op != "/") {
    return Whole(op, a.get<int64_t>(), b.get<int64_t>());
  }
  const double x = a.get<double>(), y = b.get<double>();
  if (op == "+") return Json(x + y);
  if (op == "-") return Json(x - y);
  if (op == "*") return Json(x * y);
  if (y == 0) return absl::InvalidArgumentError("division by zero");
  if (op == "/") return Json(x / y);
  const double quotient = std::floor(x / y);
  return op == "//" ? Json(quotient) : Json(x - quotient * y);
}

absl::StatusOr<Json> Compare(std::string_view op, const Json& a, const Json& b) {
  const bool numbers = a.is_number() && b.is_number(), texts = a.is_string() && b.is_string();
  if (!numbers && !texts) return CannotDo(op, a, b);
  if (op == "<") return Json(a < b);
  if (op == "<=") return Json(a <= b);
  if (op == ">") return Json(a > b);
  return Json(a >= b);
}

absl::StatusOr<Json> Contains(const Json& a, const Json& b) {
  if (b.is_string() && a.is_string()) {
    return Json(b.get_ref<const std::string&>().find(a.get_ref<const std::string&>()) != std::string::npos);
  }
  if (b.is_object()) return Json(a.is_string() && b.contains(a.get_ref<const std::string&>()));
  if (b.is_array()) return Json(std::find(b.begin(), b.end(), a) != b.end());
  return CannotDo("in", a, b);
}

void AppendJson(const Json& value, const JsonStyle& style, int depth, std::string& out) {
  const auto dump = [&style](const Json& simple) {
    return simple.dump(-1, ' ', style.ensure_ascii, Json::error_handler_t::replace);
  };
  if (!value.is_structured()) {
    out += dump(value);
    return;
  }
  std::vector<std::pair<std::string, const Json*>> entries;
  for (const auto& [key, entry] : value.items()) entries.emplace_back(key, &entry);
  // Code points and bytes of UTF-8 have one order.
  if (style.sort_keys && value.is_object()) std::sort(entries.begin(), entries.end());
  out += value.is_object() ? '{' : '[';
  const auto line = [&](int level) {
    if (style.indent) out += "\n" + std::string(static_cast<size_t>(*style.indent * level), ' ');
  };
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += style.between;
    line(depth + 1);
    if (value.is_object()) out += dump(Json(entries[i].first)) + style.behind_key;
    AppendJson(*entries[i].second, style, depth + 1, out);
  }
  if (!entries.empty()) line(depth);
  out += value.is_object() ? '}' : ']';
}

}  // namespace

absl::Status CheckSize(size_t size) {
  if (size <= kMaxSize) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("a value of more than ", kMaxSize, " bytes or entries"));
}

bool IsTrue(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();  // null is empty
}

absl::StatusOr<std::string> ToText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return std::string("None");
  if (value.is_boolean()) return std::string(value.get<bool>() ? "True" : "False");
  if (value.is_number()) return value.dump();
  return absl::UnimplementedError(
      absl::StrCat("printing a ", ToAbsl(TypeName(value)), " without tojson is not known here"));
}

std::string ToJsonText(const Json& value, const JsonStyle& style) {
  std::string text;
  AppendJson(value, style, 0, text);
  return text;
}

std::string_view TypeName(const Json& value) {
  if (value.is_object()) return "dict";
  if (value.is_array()) return "list";
  if (value.is_string()) return "text";
  if (value.is_boolean()) return "bool";
  return value.is_null() ? "none" : "number";
}

absl::StatusOr<Json> Operate(std::string_view op, const Json& a, const Json& b) {
  if (op == "==") return Json(a == b);
  if (op == "!=") return Json(a != b);
  if (op == "in") return Contains(a, b);
  if (op == "~") {
    ASSIGN_OR_RETURN(std::string left, ToText(a));
    ASSIGN_OR_RETURN(const std::string right, ToText(b));
    RETURN_IF_ERROR(CheckSize(left.size() + right.size()));
    return Json(left + right);
  }
  if (op[0] == '<' || op[0] == '>') return Compare(op, a, b);
  return Arithmetic(op, a, b);
}

std::vector<std::string> Characters(std::string_view text) {
  std::vector<std::string> characters;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    NextCodePoint(text, at);
    characters.emplace_back(text.substr(begin, at - begin));
  }
  return characters;
}

absl::StatusOr<std::vector<Json>> Elements(const Json& value) {
  std::vector<Json> elements;
  if (value.is_array()) {
    elements.assign(value.begin(), value.end());
  } else if (value.is_object()) {
    for (const auto& [key, entry] : value.items()) elements.emplace_back(key);
  } else if (value.is_string()) {
    for (std::string& c : Characters(value.get_ref<const std::string&>()))
      elements.emplace_back(std::move(c));
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("a ", ToAbsl(TypeName(value)), " cannot be iterated over"));
  }
  return elements;
}

absl::StatusOr<int64_t> Length(const Json& value) {
  if (value.is_structured()) return static_cast<int64_t>(value.size());
  if (!value.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("a ", ToAbsl(TypeName(value)), " has no length"));
  }
  const auto& text = value.get_ref<const std::string&>();
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; });
}

absl::StatusOr<Json> Slice(const Json& value, std::optional<int64_t> begin, std::optional<int64_t> end,
                           std::optional<int64_t> step) {
  if (!value.is_array() && !value.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("a ", ToAbsl(TypeName(value)), " cannot be sliced"));
  }
  ASSIGN_OR_RETURN(const std::vector<Json> elements, Elements(value));
  const int64_t size = static_cast<int64_t>(elements.size());
  const int64_t by = std::clamp<int64_t>(step.value_or(1), -size - 1, size + 1);
  if (by == 0) return absl::InvalidArgumentError("a slice by steps of zero");
  const auto place = [&](std::optional<int64_t> index, int64_t absent) {
    if (!index) return absent;
    const int64_t from_front = *index < 0 ? std::max(*index, -size - 1) + size : *index;
    return by > 0 ? std::clamp<int64_t>(from_front, 0, size) : std::clamp<int64_t>(from_front, -1, size - 1);
  };
  const int64_t first = place(begin, by > 0 ? 0 : size - 1), last = place(end, by > 0 ? size : -1);
  Json list = Json::array();
  std::string text;
  for (int64_t i = first; by > 0 ? i < last : i > last; i += by) {
    if (value.is_string()) {
      text += elements[static_cast<size_t>(i)].get_ref<const std::string&>();
    } else {
      list.push_back(elements[static_cast<size_t>(i)]);
    }
  }
  return value.is_string() ? Json(text) : list;
}

std::string Strip(std::string_view text, Side side, std::optional<std::string_view> characters) {
  std::vector<std::string> dropped;
  if (characters) dropped = Characters(*characters);
  const auto drops = [&](std::string_view c) {
    size_t at = 0;
    if (!characters) return IsPythonSpace(NextCodePoint(c, at));
    return std::find(dropped.begin(), dropped.end(), c) != dropped.end();
  };
  while (side != Side::kRight && !text.empty()) {
    size_t next = 0;
    NextCodePoint(text, next);
    if (!drops(text.substr(0, next))) break;
    text.remove_prefix(next);
  }
  while (side != Side::kLeft && !text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (static_cast<uint8_t>(text[last]) & 0xC0) == 0x80) --last;
    if (!drops(text.substr(last))) break;
    text.remove_suffix(text.size() - last);
  }
  return std::string(text);
}

}  // namespace drover::model::jinja
