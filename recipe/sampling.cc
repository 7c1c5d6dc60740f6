#include "recipe/sampling.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/digest.h"
#include "recipe/field_rules.h"
#include "recipe/text.h"

namespace drover::recipe {

namespace {

// What stands for a text of which only matters that it is not empty; model.path is the one.
constexpr char kGiven[] = "a Hugging Face directory";

v1::SamplingRole RoleOf(const FieldDescriptor& field, v1::SamplingRole inherited) {
  const v1::SamplingRole own = RuleOf(field).sampling();
  return own == v1::SAMPLING_ROLE_UNSPECIFIED ? inherited : own;
}

bool IsDefault(const Message& message, const FieldDescriptor& field) {
  std::string value;
  google::protobuf::TextFormat::PrintFieldValueToString(message, &field, /*index=*/-1, &value);
  return value == RuleOf(field).default_value();
}

// Takes out of `message` what does not decide.
void KeepDeciding(v1::SamplingRole inherited, Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const v1::SamplingRole role = RoleOf(*field, inherited);
    if (IsMessage(*field)) {
      Message& inside = *reflection.MutableMessage(&message, field);
      KeepDeciding(role, inside);
      if (inside.ByteSizeLong() == 0) reflection.ClearField(&message, field);
    } else if (role == v1::APART || (role == v1::DECIDES_UNLESS_DEFAULT && IsDefault(message, *field))) {
      reflection.ClearField(&message, field);
    } else if (role == v1::DECIDES_BY_BEING_SET && !reflection.GetString(message, field).empty()) {
      reflection.SetString(&message, field, kGiven);
    }
  }
}

void ListWithoutRole(const Descriptor& type, const std::string& path, v1::SamplingRole inherited,
                     std::vector<std::string>& names) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string name = JoinPath(path, field.name());
    const v1::SamplingRole role = RoleOf(field, inherited);
    if (IsMessage(field)) {
      ListWithoutRole(*field.message_type(), name, role, names);
    } else if (role == v1::SAMPLING_ROLE_UNSPECIFIED) {
      names.push_back(name);
    }
  }
}

}  // namespace

v1::Recipe SamplingPart(const v1::Recipe& recipe) {
  v1::Recipe part = recipe;
  if (!part.model().path().empty()) part.mutable_model()->clear_embedded();
  KeepDeciding(v1::SAMPLING_ROLE_UNSPECIFIED, part);
  return part;
}

std::vector<std::string> FieldsWithoutSamplingRole() {
  std::vector<std::string> names;
  ListWithoutRole(*v1::Recipe::descriptor(), "", v1::SAMPLING_ROLE_UNSPECIFIED, names);
  return names;
}

std::string SamplingDigest(const v1::Recipe& recipe) { return HexDigest(ToText(SamplingPart(recipe))); }

std::string SamplingDifferences(const v1::Recipe& ours, const v1::Recipe& theirs) {
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  differencer.Compare(SamplingPart(ours), SamplingPart(theirs));
  // Lines are "modified: PATH: A -> B", "added: PATH: B", "deleted: PATH: A".
  std::vector<std::string> lines = absl::StrSplit(report, '\n', absl::SkipEmpty());
  for (std::string& line : lines) line = std::string(absl::StripPrefix(line, "modified: "));
  return absl::StrJoin(lines, "; ");
}

}  // namespace drover::recipe
