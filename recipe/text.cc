#include "recipe/text.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "recipe/field_rules.h"
#include "recipe/text_scan.h"
#include "recipe/value_text.h"

namespace drover::recipe {
namespace {

// The parser stops at its first error. To find the others, what it stumbled over is blanked out and the text parsed
// again, at most so often.
constexpr int kMaxErrors = 50;
// The recipe is three messages deep; the rest is for unknown fields, which are skipped.
constexpr int kMaxDepth = 16;

struct Remark {
  int line;
  int column;
  std::string text;
};

class Collector : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& text) override {
    errors.push_back({line, column, text});
  }
  // With AllowUnknownField, unknown fields are warnings and are skipped.
  void AddWarning(int line, int column, const std::string& text) override {
    unknown.push_back({line, column, text});
  }
  std::vector<Remark> errors;
  std::vector<Remark> unknown;
};

struct Found {
  size_t offset;
  std::string field;
  std::string text;
};

Found UnknownField(std::string_view text, const Remark& remark) {
  const Place place = PlaceAt(text, OffsetAt(text, remark.line, remark.column));
  if (place.path.empty()) return {OffsetAt(text, remark.line, remark.column), "", remark.text};
  return {place.field_begin, place.path, UnknownFieldText(*v1::Recipe::descriptor(), place.path)};
}

bool IsUnclosedString(std::string_view value) {
  return !value.empty() && (value[0] == '"' || value[0] == '\'') &&
         (value.size() == 1 || value.back() != value[0]);
}

// Whether `value` is a name that `field` has no value for.
bool IsUnknownName(const FieldDescriptor& field, const std::string& value) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return value != "true" && value != "false";
  return field.enum_type() != nullptr && field.enum_type()->FindValueByName(value) == nullptr;
}

// Whether an error at `offset` is about the value at `place`. The parser has read past a name when it finds that there
// is no such value, and past a string when it finds that it is not closed.
bool IsAboutValue(std::string_view text, const Place& place, size_t offset) {
  if (offset < place.value_begin) return false;
  const std::string value(text.substr(place.value_begin, place.value_end - place.value_begin));
  if (offset < place.value_end || value.empty() || IsUnclosedString(value)) return offset <= place.value_end;
  const FieldDescriptor* field = FindField(*v1::Recipe::descriptor(), place.path);
  return field != nullptr && offset <= NextToken(text, place.value_end) && IsUnknownName(*field, value);
}

// What an error is about, in our words where it is clear, else in protobuf's.
Found Explain(std::string_view text, const Remark& remark) {
  const size_t offset = OffsetAt(text, remark.line, remark.column);
  const Place place = PlaceAt(text, offset);
  const FieldDescriptor* field = FindField(*v1::Recipe::descriptor(), place.path);
  // Said at the colon, or at the brace of a message, which needs no colon.
  const bool named_only = offset < place.value_begin || (offset == place.value_begin && !place.colon);
  if (field != nullptr && named_only && place.repeated && !field->is_repeated()) {
    return {place.field_begin, place.path, absl::StrCat(place.path, ": is given twice")};
  }
  if (field != nullptr && IsAboutValue(text, place, offset)) {
    const std::string_view got = text.substr(place.value_begin, place.value_end - place.value_begin);
    const bool colon_missing = !place.colon && !IsMessage(*field);
    return {place.value_begin, place.path,
            absl::StrCat(place.path, ": ", BadValueText(*field, got),
                         colon_missing ? absl::StrCat(", after a colon: `", field->name(), ": ...`") : "")};
  }
  if (field != nullptr && offset <= place.value_begin && !place.colon && !IsMessage(*field)) {
    return {place.field_begin, place.path,
            absl::StrCat(place.path, ": a colon must stand before its value: `", field->name(), ": ...`")};
  }
  if (NextToken(text, offset) >= text.size()) return {offset, "", "the text ends where a `}` is missing"};
  return {offset, place.path, remark.text};
}

// Replaces the field at the error by blanks, so that the rest keeps its lines and columns. False when there was
// nothing to blank out.
bool BlankOut(std::string& text, const Remark& remark) {
  const size_t offset = OffsetAt(text, remark.line, remark.column);
  const Place place = PlaceAt(text, offset);
  const bool before_value = offset >= place.field_begin && offset <= place.value_begin;
  if (place.path.empty() || !(before_value || IsAboutValue(text, place, offset))) return false;
  bool changed = false;
  for (size_t i = place.field_begin; i < place.value_end; ++i) {
    if (text[i] == '\n' || text[i] == '\t' || text[i] == ' ') continue;
    text[i] = ' ';
    changed = true;
  }
  return changed;
}

// "line 12, column 17", both from 1, columns in bytes.
std::string Where(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return absl::StrCat("line ", line, ", column ", offset - line_begin + 1);
}

bool ParseOnce(const std::string& text, v1::Recipe& recipe, Collector& collector) {
  google::protobuf::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMaxDepth);
  parser.RecordErrorsTo(&collector);
  return parser.ParseFromString(text, &recipe);
}

}  // namespace

bool ParseText(std::string_view text, v1::Recipe& recipe, Problems& problems) {
  if (text.size() > kMaxRecipeBytes) {
    problems.Add("", absl::StrCat("is ", text.size(), " bytes long, may be at most ", kMaxRecipeBytes));
    return false;
  }
  std::string rest(text);
  std::vector<Found> found;
  bool whole = false;
  for (int attempt = 0; attempt < kMaxErrors; ++attempt) {
    Collector collector;
    recipe.Clear();
    whole = ParseOnce(rest, recipe, collector);
    if (!collector.errors.empty()) {
      found.push_back(Explain(rest, collector.errors[0]));
      if (BlankOut(rest, collector.errors[0])) continue;
    }
    for (const Remark& remark : collector.unknown) found.push_back(UnknownField(rest, remark));
    break;
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.offset < b.offset; });
  for (const Found& error : found) problems.AddAt(Where(text, error.offset), error.field, error.text);
  return whole;
}

std::string ToText(const v1::Recipe& recipe) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(recipe, &text);
  return text;
}

}  // namespace drover::recipe
