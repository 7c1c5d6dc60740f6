// What proto/drover/v1/options.proto says about each field of the recipe, read by reflection.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "drover/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace drover::recipe {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const v1::FieldRule& RuleOf(const FieldDescriptor& field);

// What the field may be, for people: "a whole number from 2 to 4096 (responses)", "CONSTANT or
// RESPONSE_LENGTH", "true or false", "a text".
std::string AllowedText(const FieldDescriptor& field);

// The values of an enum that a recipe may name (without its _UNSPECIFIED zero).
std::vector<std::string> EnumNames(const FieldDescriptor& field);

// "a number", "a whole number", "text", ... : the field's type alone, for tables.
std::string TypeText(const FieldDescriptor& field);

// The shortest decimal form that reads back as the same double: 1e-06, 0.2, 4096.
std::string NumberText(double value);

// A number field's value as a double. Integers of a recipe stay below 2^53, except seeds, which have no bounds.
double NumberValue(const Message& message, const FieldDescriptor& field);

bool IsNumber(const FieldDescriptor& field);
inline bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// "a", or "prefix.a".
std::string JoinPath(std::string_view prefix, std::string_view name);

// The field of message type `root` at `path` (`rollout.group_size`); nullptr when there is none.
const FieldDescriptor* FindField(const Descriptor& root, std::string_view path);

// Every field below message type `root` that is not a message, with its path, in order of declaration.
void ForEachField(const Descriptor& root,
                  const std::function<void(const std::string& path, const FieldDescriptor&)>& visit);

// "unknown field `rollout.group_sizee`; did you mean `rollout.group_size`? fields of rollout: ...". `path` names
// no field of `root`.
std::string UnknownFieldText(const Descriptor& root, std::string_view path);

}  // namespace drover::recipe
