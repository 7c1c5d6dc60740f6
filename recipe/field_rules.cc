#include "recipe/field_rules.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "recipe/nearest.h"

namespace drover::recipe {
namespace {

bool IsWhole(const FieldDescriptor& field) {
  return IsNumber(field) && field.cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE &&
         field.cpp_type() != FieldDescriptor::CPPTYPE_FLOAT;
}

bool IsUnsigned(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
}

// " from 2 to 4096", " above 0 and at most 1", "".
std::string RangeText(const FieldDescriptor& field) {
  v1::FieldRule rule = RuleOf(field);
  if (!rule.has_min() && IsUnsigned(field)) rule.set_min(0);
  const std::string max = rule.has_max() ? NumberText(rule.max()) : "";
  if (rule.has_min() && rule.above_min()) {
    return absl::StrCat(" above ", NumberText(rule.min()), max.empty() ? "" : " and at most ", max);
  }
  if (rule.has_min() && rule.has_max()) return absl::StrCat(" from ", NumberText(rule.min()), " to ", max);
  if (rule.has_min()) return absl::StrCat(" from ", NumberText(rule.min()), " up");
  return max.empty() ? "" : absl::StrCat(" up to ", max);
}

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

// What was meant by a path of which `known` is the part that exists, in `type`: the nearest name there, or a field
// of the same name elsewhere (`group_size` for `rollout.group_size`).
std::string Suggestion(const Descriptor& root, const Descriptor& type, const std::string& known,
                       const std::string& unknown, const std::string& rest) {
  const std::string near = Nearest(unknown, FieldNames(type));
  if (!near.empty()) {
    const std::string path = JoinPath(known, near);
    const std::string whole = rest.empty() ? path : JoinPath(path, rest);
    return FindField(root, whole) != nullptr ? whole : path;
  }
  const std::string leaf = rest.empty() ? unknown : rest.substr(rest.rfind('.') + 1);
  std::string elsewhere;
  ForEachField(root, [&](const std::string& path, const FieldDescriptor& field) {
    if (elsewhere.empty() && field.name() == leaf) elsewhere = path;
  });
  return elsewhere;
}

}  // namespace

const v1::FieldRule& RuleOf(const FieldDescriptor& field) { return field.options().GetExtension(v1::rule); }

bool IsNumber(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return true;
    default:
      return false;
  }
}

std::string NumberText(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return absl::StrCat(static_cast<int64_t>(value));
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return std::string(buffer, end);
}

double NumberValue(const Message& message, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<double>(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.GetFloat(message, &field);
    default:
      return reflection.GetDouble(message, &field);
  }
}

std::vector<std::string> EnumNames(const FieldDescriptor& field) {
  std::vector<std::string> names;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    if (field.enum_type()->value(i)->number() != 0) names.push_back(field.enum_type()->value(i)->name());
  }
  return names;
}

std::string TypeText(const FieldDescriptor& field) {
  if (IsMessage(field)) return "message";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return absl::StrJoin(EnumNames(field), " or ");
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return "true or false";
  if (IsNumber(field)) return IsWhole(field) ? "whole number" : "number";
  return field.is_repeated() ? "texts" : "text";
}

std::string AllowedText(const FieldDescriptor& field) {
  const v1::FieldRule& rule = RuleOf(field);
  if (IsMessage(field)) {
    return absl::StrCat("a message in braces with ", absl::StrJoin(FieldNames(*field.message_type()), ", "));
  }
  const std::string type = TypeText(field);
  if (IsNumber(field)) {
    return absl::StrCat("a ", type, RangeText(field),
                        rule.unit().empty() ? "" : absl::StrCat(" (", rule.unit(), ")"));
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    if (field.is_repeated()) return "a list of texts in quotes, like [\"a\", \"b\"]";
    return rule.required() ? "a text that is not empty, in quotes" : "a text in quotes";
  }
  return type;
}

std::string JoinPath(std::string_view prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : absl::StrCat(ToAbsl(prefix), ".", ToAbsl(name));
}

const FieldDescriptor* FindField(const Descriptor& root, std::string_view path) {
  const Descriptor* type = &root;
  const FieldDescriptor* field = nullptr;
  for (const auto part : absl::StrSplit(ToAbsl(path), '.')) {
    if (type == nullptr) return nullptr;
    field = type->FindFieldByName(std::string(part));
    if (field == nullptr) return nullptr;
    type = field->message_type();
  }
  return field;
}

void ForEachField(const Descriptor& root,
                  const std::function<void(const std::string& path, const FieldDescriptor&)>& visit) {
  for (int i = 0; i < root.field_count(); ++i) {
    const FieldDescriptor& field = *root.field(i);
    if (!IsMessage(field)) {
      visit(field.name(), field);
      continue;
    }
    ForEachField(*field.message_type(), [&](const std::string& path, const FieldDescriptor& inner) {
      visit(JoinPath(field.name(), path), inner);
    });
  }
}

std::string UnknownFieldText(const Descriptor& root, std::string_view path) {
  const Descriptor* type = &root;
  std::string known;
  std::vector<std::string> parts = absl::StrSplit(ToAbsl(path), '.');
  size_t i = 0;
  for (; i + 1 < parts.size(); ++i) {
    const FieldDescriptor* field = type->FindFieldByName(parts[i]);
    if (field == nullptr) break;
    known = JoinPath(known, parts[i]);
    if (!IsMessage(*field)) {
      return absl::StrCat("unknown field `", ToAbsl(path), "`: `", known, "` has no fields, it is ",
                          AllowedText(*field));
    }
    type = field->message_type();
  }
  const std::string rest = absl::StrJoin(parts.begin() + static_cast<ptrdiff_t>(i) + 1, parts.end(), ".");
  const std::string suggestion = Suggestion(root, *type, known, parts[i], rest);
  return absl::StrCat("unknown field `", ToAbsl(path), "`",
                      suggestion.empty() ? "" : absl::StrCat("; did you mean `", suggestion, "`?"),
                      suggestion.empty() ? "; fields of " : " Fields of ", known.empty() ? "a recipe" : known,
                      ": ", absl::StrJoin(FieldNames(*type), ", "));
}

}  // namespace drover::recipe
