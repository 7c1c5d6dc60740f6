#include "recipe/resume.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/text_format.h"
#include "recipe/field_rules.h"
#include "recipe/problems.h"
#include "recipe/value_head.h"

namespace drover::recipe {
namespace {

std::string ValueText(const Message& message, const FieldDescriptor& field) {
  using google::protobuf::TextFormat;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::string text;
  if (!field.is_repeated()) {
    if (field.has_presence() && !reflection.HasField(message, &field)) return "unset";
    TextFormat::PrintFieldValueToString(message, &field, -1, &text);
    return text;
  }
  std::vector<std::string> entries;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    TextFormat::PrintFieldValueToString(message, &field, i, &text);
    entries.push_back(text);
  }
  return absl::StrCat("[", absl::StrJoin(entries, ", "), "]");
}

// Adds what differs in the fixed fields of `a` and `b`; in all of them where `fixed` says that the message is.
void Compare(const Message& a, const Message& b, const std::string& path, bool fixed, Problems& problems) {
  const Descriptor& type = *a.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string name = JoinPath(path, field.name());
    const bool stays = fixed || RuleOf(field).fixed();
    if (IsMessage(field)) {
      Compare(a.GetReflection()->GetMessage(a, &field), b.GetReflection()->GetMessage(b, &field), name, stays,
              problems);
      continue;
    }
    if (!stays) continue;
    const std::string was = ValueText(a, field), is = ValueText(b, field);
    if (was != is) problems.Add(name, absl::StrCat("the run has ", was, ", got ", is));
  }
}

bool HasFixed(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (RuleOf(field).fixed() || (IsMessage(field) && HasFixed(*field.message_type()))) return true;
  }
  return false;
}

// "run.steps, loss.*, ...": a message of which nothing is fixed by its name alone.
void ListChangeable(const Descriptor& type, const std::string& path, std::vector<std::string>& names) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string name = JoinPath(path, field.name());
    if (RuleOf(field).fixed()) continue;
    if (!IsMessage(field)) {
      names.push_back(name);
    } else if (!HasFixed(*field.message_type())) {
      names.push_back(name + ".*");
    } else {
      ListChangeable(*field.message_type(), name, names);
    }
  }
}

bool HasReference(const v1::Recipe& recipe) {
  return recipe.loss().kl_coefficient() > 0 || recipe.reward().kl_coefficient() > 0;
}

}  // namespace

absl::Status CheckResume(const v1::Recipe& recorded, const v1::Recipe& wanted, bool has_checkpoint) {
  v1::Recipe was = recorded;
  if (!has_checkpoint) *was.mutable_pretrain() = wanted.pretrain();
  Problems problems;
  Compare(was, wanted, "", /*fixed=*/false, problems);
  if (!HasReference(recorded) && HasReference(wanted) && has_checkpoint) {
    problems.Add(wanted.loss().kl_coefficient() > 0 ? "loss.kl_coefficient" : "reward.kl_coefficient",
                 "the run has 0 and kept no reference policy, so it stays 0");
  }
  if (!HasValueHead(recorded) && HasValueHead(wanted) && has_checkpoint) {
    problems.Add("advantage.baseline",
                 absl::StrCat("the run has ", v1::AdvantageBaseline_Name(recorded.advantage().baseline()),
                              " and trained no value head, so it does not become VALUE"));
  }
  if (problems.empty()) return absl::OkStatus();
  std::vector<std::string> changeable;
  ListChangeable(*v1::Recipe::descriptor(), "", changeable);
  return absl::InvalidArgumentError(
      absl::StrCat("these fields cannot change when a run is resumed:\n  ",
                   absl::StrJoin(problems.texts(), "\n  "), "\nThese may: ", absl::StrJoin(changeable, ", "),
                   ". With others begin a new run, from one of its checkpoints by model.path if you like"));
}

}  // namespace drover::recipe
