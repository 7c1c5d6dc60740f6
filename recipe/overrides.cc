#include "recipe/overrides.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "recipe/field_rules.h"
#include "recipe/text.h"
#include "recipe/text_scan.h"
#include "recipe/value_text.h"

namespace drover::recipe {
namespace {

// Our own errors say more than the parser's.
class Silent : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

bool StartsWith(std::string_view text, std::string_view any_of) {
  return !text.empty() && any_of.find(text[0]) != std::string_view::npos;
}

// The message of `root` that holds the field at `path`.
Message& Holder(Message& root, std::string_view path) {
  Message* message = &root;
  std::vector<std::string> parts = absl::StrSplit(ToAbsl(path), '.');
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(parts[i]);
    message = message->GetReflection()->MutableMessage(message, field);
  }
  return *message;
}

// A text taken as it stands, where that is what the value is.
bool IsLiteral(const FieldDescriptor& field, std::string_view value) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING || StartsWith(value, "\"'")) return false;
  return !(field.is_repeated() && StartsWith(value, "["));
}

// `value`, read as text format, as the only field of a new message of the type that holds it; nullptr if it cannot be.
std::unique_ptr<Message> ReadValue(const Message& holder, const FieldDescriptor& field,
                                   std::string_view value) {
  std::unique_ptr<Message> read(holder.New());
  google::protobuf::TextFormat::Parser parser;
  Silent silent;
  parser.RecordErrorsTo(&silent);
  parser.SetRecursionLimit(4);
  if (!parser.ParseFromString(absl::StrCat(field.name(), ": ", ToAbsl(value)), read.get())) return nullptr;
  // `1 prompts: 2` would set two fields.
  std::vector<const FieldDescriptor*> set;
  read->GetReflection()->ListFields(*read, &set);
  for (const FieldDescriptor* other : set) {
    if (other != &field) return nullptr;
  }
  return read;
}

void SetLiteral(Message& holder, const FieldDescriptor& field, std::string_view value) {
  const google::protobuf::Reflection& reflection = *holder.GetReflection();
  if (field.is_repeated()) {
    reflection.ClearField(&holder, &field);
    reflection.AddString(&holder, &field, std::string(value));
  } else {
    reflection.SetString(&holder, &field, std::string(value));
  }
}

// MergeFrom adds to lists; an override replaces those that it gives.
void ClearGivenLists(const Message& given, Message& message) {
  std::vector<const FieldDescriptor*> set;
  given.GetReflection()->ListFields(given, &set);
  for (const FieldDescriptor* field : set) {
    if (field->is_repeated()) {
      message.GetReflection()->ClearField(&message, field);
    } else if (IsMessage(*field)) {
      ClearGivenLists(given.GetReflection()->GetMessage(given, field),
                      *message.GetReflection()->MutableMessage(&message, field));
    }
  }
}

// `data.arithmetic={operations: "-"}` is read like a recipe that says `data { arithmetic {operations: "-"} }`.
void MergeMessage(const std::string& path, std::string_view value, const std::string& place,
                  v1::Recipe& recipe, Problems& problems) {
  const FieldDescriptor& field = *FindField(*v1::Recipe::descriptor(), path);
  if (!StartsWith(value, "{<") || ValueEnd(value, 0) != value.size()) {
    problems.AddAt(place, path, absl::StrCat(path, ": ", BadValueText(field, value)));
    return;
  }
  std::string text(value);
  std::vector<std::string> parts = absl::StrSplit(path, '.');
  for (size_t i = parts.size(); i-- > 0;) {
    text =
        i + 1 == parts.size() ? absl::StrCat(parts[i], " ", text) : absl::StrCat(parts[i], " {", text, "}");
  }
  v1::Recipe read;
  Problems inner;
  ParseText(text, read, inner);
  for (const std::string& error : inner.texts()) problems.AddAt(place, path, error);
  if (!inner.empty()) return;
  ClearGivenLists(read, recipe);
  recipe.MergeFrom(read);
}

}  // namespace

void ApplyOverride(std::string_view assignment, v1::Recipe& recipe, Problems& problems) {
  const std::string place = absl::StrCat("--set ", ToAbsl(assignment.substr(0, 200)));
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    problems.AddAt(place, "", "must be path=value, like rollout.group_size=8");
    return;
  }
  const std::string path(assignment.substr(0, equals));
  const std::string_view value = assignment.substr(equals + 1);
  const FieldDescriptor* field = FindField(*v1::Recipe::descriptor(), path);
  if (field == nullptr) {
    problems.AddAt(place, path, UnknownFieldText(*v1::Recipe::descriptor(), path));
    return;
  }
  if (IsMessage(*field)) return MergeMessage(path, value, place, recipe, problems);
  Message& holder = Holder(recipe, path);
  if (IsLiteral(*field, value)) return SetLiteral(holder, *field, value);
  const std::unique_ptr<Message> read = ReadValue(holder, *field, value);
  if (read == nullptr) {
    problems.AddAt(place, path, absl::StrCat(path, ": ", BadValueText(*field, value)));
    return;
  }
  holder.GetReflection()->ClearField(&holder, field);
  holder.MergeFrom(*read);
}

void ApplyOverrides(const std::vector<std::string>& assignments, v1::Recipe& recipe, Problems& problems) {
  for (const std::string& assignment : assignments) ApplyOverride(assignment, recipe, problems);
}

}  // namespace drover::recipe
