#include "recipe/value_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "recipe/nearest.h"

namespace drover::recipe {
namespace {

constexpr size_t kLongestExcerpt = 60;

// What follows the number that `got` begins with: "s" of "10s", "x" of "1e-6x"; empty if it begins with none.
std::string_view AfterNumber(std::string_view got) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < got.size() && (absl::ascii_isdigit(static_cast<unsigned char>(got[at])) || got[at] == '.'))
      ++at;
    return at > begin;
  };
  if (!got.empty() && (got[0] == '-' || got[0] == '+')) ++at;
  if (!digits()) return "";
  const size_t mantissa = at;
  if (at < got.size() && absl::ascii_tolower(got[at]) == 'e') {
    ++at;
    if (at < got.size() && (got[at] == '-' || got[at] == '+')) ++at;
    if (!digits()) at = mantissa;
  }
  return got.substr(at);
}

std::string NumberHint(std::string_view got) {
  if (!got.empty() && (got[0] == '"' || got[0] == '\'')) return "; write it without quotes";
  const std::string_view rest = AfterNumber(got);
  if (!rest.empty()) {
    return absl::StrCat("; write the number alone, without `", ToAbsl(rest.substr(0, kLongestExcerpt)), "`");
  }
  const bool fraction = got.find_first_of(".eE") != std::string_view::npos;
  return fraction ? "; write it without a point or an exponent" : "";
}

std::string Hint(const FieldDescriptor& field, std::string_view got) {
  if (IsNumber(field)) return NumberHint(got);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const std::string near = Nearest(got, EnumNames(field));
    return near.empty() ? "" : absl::StrCat("; did you mean ", near, "?");
  }
  return "";
}

}  // namespace

std::string BadValueText(const FieldDescriptor& field, std::string_view got) {
  const std::string excerpt = got.size() <= kLongestExcerpt
                                  ? std::string(got)
                                  : absl::StrCat(ToAbsl(got.substr(0, kLongestExcerpt)), "...");
  return absl::StrCat(got.empty() ? "got nothing" : absl::StrCat("got `", excerpt, "`"), ", may be ",
                      AllowedText(field), Hint(field, got));
}

}  // namespace drover::recipe
