#include "recipe/reference.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "drover/v1/recipe.pb.h"
#include "recipe/field_rules.h"

namespace drover::recipe {
namespace {

constexpr char kIntroduction[] = R"(# Recipe fields

Made from the rules in `proto/drover/v1/recipe.proto` by `build/bin/drover-recipe-reference`; do not edit by hand.

A recipe is one `drover.v1.Recipe` in protobuf's text format ([how to write one](../guides/recipes.md)). Every field has
a default; a field without one in the table stays unset, which means what its description says. Fields are written as
paths here, as `--set` takes them: `rollout.group_size` is `rollout { group_size: 8 }` in a file. **Fixed** fields are what a
run is made of: a resume with another value is refused.
)";

// Inside a table's cell.
std::string Cell(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

std::string RangeCell(const FieldDescriptor& field) {
  const v1::FieldRule& rule = RuleOf(field);
  std::string range = TypeText(field);
  if (rule.has_min()) absl::StrAppend(&range, rule.above_min() ? " > " : " ≥ ", NumberText(rule.min()));
  if (rule.has_max()) absl::StrAppend(&range, rule.has_min() ? ", ≤ " : " ≤ ", NumberText(rule.max()));
  if (rule.required()) range += ", not empty";
  return range;
}

void AppendRow(const std::string& path, const FieldDescriptor& field, bool fixed, std::string& page) {
  const v1::FieldRule& rule = RuleOf(field);
  const std::string value = rule.default_value().empty() ? "" : absl::StrCat("`", rule.default_value(), "`");
  absl::StrAppend(&page, "| `", path, "` | ", Cell(RangeCell(field)), " | ", Cell(value), " | ", rule.unit(),
                  " | ", fixed ? "**Fixed.** " : "", Cell(rule.help()), " |\n");
}

constexpr char kTableHead[] =
    "| field | may be | default | unit | what it is |\n| --- | --- | --- | --- | --- |\n";

// The fields of one message, then a section for each message in it.
void AppendSection(const Descriptor& type, const std::string& path, bool fixed, std::string& page) {
  absl::StrAppend(&page, "\n## ", path.empty() ? "The recipe itself" : path, "\n", kTableHead);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsMessage(field)) continue;
    AppendRow(JoinPath(path, field.name()), field, fixed || RuleOf(field).fixed(), page);
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!IsMessage(field)) continue;
    AppendSection(*field.message_type(), JoinPath(path, field.name()), fixed || RuleOf(field).fixed(), page);
  }
}

}  // namespace

std::string ReferenceMarkdown() {
  std::string page = kIntroduction;
  AppendSection(*v1::Recipe::descriptor(), "", /*fixed=*/false, page);
  return page;
}

}  // namespace drover::recipe
