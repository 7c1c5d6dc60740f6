#include "services/page/recipe_fields.h"

#include <google/protobuf/text_format.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace drover::page {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string ValueText(const Message& message, const FieldDescriptor* field, int index) {
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, field, index, &text);
  return text;
}

void AddFields(const Message& message, const std::string& prefix, nlohmann::ordered_json* fields) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const std::string path = absl::StrCat(prefix, field->name());
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string name = field->is_repeated() ? absl::StrCat(path, "[", i, "]") : path;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        const Message& inner = field->is_repeated()
                                   ? message.GetReflection()->GetRepeatedMessage(message, field, i)
                                   : message.GetReflection()->GetMessage(message, field);
        AddFields(inner, name + ".", fields);
      } else {
        (*fields)[name] = ValueText(message, field, field->is_repeated() ? i : -1);
      }
    }
  }
}

}  // namespace

nlohmann::ordered_json RecipeFields(const v1::Recipe& recipe) {
  nlohmann::ordered_json fields = nlohmann::ordered_json::object();
  AddFields(recipe, "", &fields);
  return fields;
}

}  // namespace drover::page
