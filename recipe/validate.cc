#include "recipe/validate.h"

#include "absl/strings/str_cat.h"
#include "model/utf8.h"
#include "recipe/cross_checks.h"
#include "recipe/field_rules.h"
#include "recipe/file_checks.h"
#include "recipe/value_text.h"

namespace drover::recipe {
namespace {

// Texts go to prompts, logs and the wire; no recipe needs longer ones.
constexpr size_t kMaxTextBytes = 256 << 10;

bool InRange(double value, const v1::FieldRule& rule) {
  // Written so that a NaN is in no range.
  if (rule.has_min() && !(rule.above_min() ? value > rule.min() : value >= rule.min())) return false;
  return !rule.has_max() || value <= rule.max();
}

std::string TextProblem(const std::string& text, const FieldDescriptor& field) {
  if (text.size() > kMaxTextBytes) {
    return absl::StrCat("got a text of ", text.size(), " bytes, may have at most ", kMaxTextBytes);
  }
  if (const auto byte = model::FirstInvalidUtf8(text)) {
    return absl::StrCat("got a text that is not UTF-8 at byte ", *byte);
  }
  const bool empty_allowed = !RuleOf(field).required() && !field.is_repeated();
  return text.empty() && !empty_allowed ? "got an empty text, may be a text that is not empty" : "";
}

// What is wrong with the field's value alone; empty when nothing is.
std::string ValueProblem(const Message& message, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      std::string problem = TextProblem(reflection.GetRepeatedString(message, &field, i), field);
      if (!problem.empty()) return problem;
    }
    return "";
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return TextProblem(reflection.GetString(message, &field), field);
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const int number = reflection.GetEnumValue(message, &field);
    const auto* value = field.enum_type()->FindValueByNumber(number);
    if (value != nullptr && number != 0) return "";
    return BadValueText(field, value == nullptr ? std::to_string(number) : value->name());
  }
  if (!IsNumber(field)) return "";
  const double value = NumberValue(message, field);
  if (InRange(value, RuleOf(field))) return "";
  return absl::StrCat("got ", NumberText(value), ", may be ", AllowedText(field));
}

void CheckRules(const Message& message, const std::string& prefix, Problems& problems) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string path = JoinPath(prefix, field.name());
    if (IsMessage(field)) {
      CheckRules(message.GetReflection()->GetMessage(message, &field), path, problems);
      continue;
    }
    if (problems.Has(path)) continue;
    std::string problem = ValueProblem(message, field);
    if (!problem.empty()) problems.Add(path, std::move(problem));
  }
}

}  // namespace

void FindProblems(const v1::Recipe& recipe, const ValidateOptions& options, Problems& problems) {
  CheckRules(recipe, "", problems);
  CheckAcrossFields(recipe, problems);
  if (options.check_files) CheckFiles(recipe, options.read_questions, problems);
}

absl::Status Validate(const v1::Recipe& recipe, const ValidateOptions& options) {
  Problems problems;
  FindProblems(recipe, options, problems);
  return problems.ToStatus("(effective)");
}

}  // namespace drover::recipe
