#include "recipe/defaults.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "google/protobuf/text_format.h"
#include "recipe/field_rules.h"
#include "recipe/loss_presets.h"

namespace drover::recipe {
namespace {

void Fill(Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const Descriptor& type = *message.GetDescriptor();
  // Only the unset fields, so that merging below overwrites nothing.
  std::string defaults;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsMessage(field)) {
      Fill(*reflection.MutableMessage(&message, &field));
    } else if (field.has_presence() && !reflection.HasField(message, &field) &&
               !RuleOf(field).default_value().empty()) {
      absl::StrAppend(&defaults, field.name(), ": ", RuleOf(field).default_value(), "\n");
    }
  }
  // A rule whose default cannot be read is a mistake in the proto; defaults_test.cc looks at every one.
  DROVER_CHECK(google::protobuf::TextFormat::MergeFromString(defaults, &message));
}

}  // namespace

void FillDefaults(v1::Recipe& recipe) {
  FillPreset(recipe);
  Fill(recipe);
}

v1::Recipe DefaultRecipe() {
  v1::Recipe recipe;
  FillDefaults(recipe);
  return recipe;
}

}  // namespace drover::recipe
