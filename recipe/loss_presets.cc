#include "recipe/loss_presets.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "recipe/field_rules.h"
#include "recipe/nearest.h"

namespace drover::recipe {
namespace {

struct Preset {
  const char* name;
  const char* text;
};

// Numbers are those of the publication where it has some. Fields that a publication leaves to the run (a KL's weight, how many
// tokens are overlong) are left to the recipe.
constexpr Preset kPresets[] = {
    {"dr_grpo",
     "advantage { baseline: GROUP_MEAN normalize_std: false whiten: false }"
     "loss { surrogate: CLIPPED ratio: PER_TOKEN aggregation: CONSTANT clip_low: 0.2 clip_high: 0.2 }"},
    {"grpo",
     "advantage { baseline: GROUP_MEAN normalize_std: true whiten: false }"
     "loss { surrogate: CLIPPED ratio: PER_TOKEN aggregation: RESPONSE_LENGTH clip_low: 0.2 clip_high: 0.2 "
     "}"},
    {"dapo",
     "advantage { baseline: GROUP_MEAN normalize_std: true whiten: false } rollout { drop_equal_groups: true "
     "}"
     "loss { surrogate: CLIPPED ratio: PER_TOKEN aggregation: TOKENS clip_low: 0.2 clip_high: 0.28 }"},
    {"gspo",
     "advantage { baseline: GROUP_MEAN normalize_std: true whiten: false }"
     "loss { surrogate: CLIPPED ratio: PER_RESPONSE aggregation: RESPONSE_LENGTH clip_low: 3e-4 clip_high: "
     "4e-4 }"},
    {"cispo",
     "advantage { baseline: GROUP_MEAN normalize_std: true whiten: false }"
     "loss { surrogate: CISPO ratio: PER_TOKEN aggregation: TOKENS clip_low: 1 clip_high: 4 }"},
    {"rloo",
     "advantage { baseline: LEAVE_ONE_OUT normalize_std: false whiten: false }"
     "loss { surrogate: REINFORCE aggregation: CONSTANT }"},
    {"reinforce",
     "advantage { baseline: BATCH_MEAN normalize_std: false whiten: false }"
     "loss { surrogate: REINFORCE aggregation: CONSTANT }"},
    {"reinforce_pp",
     "advantage { baseline: NO_BASELINE normalize_std: false whiten: true }"
     "reward { kl_coefficient: 0.01 kl_estimator: K1 kl_to_go: true }"
     "loss { surrogate: CLIPPED ratio: PER_TOKEN aggregation: TOKENS clip_low: 0.2 clip_high: 0.2 }"},
    {"reinforce_pp_baseline",
     "advantage { baseline: GROUP_MEAN normalize_std: false whiten: true }"
     "loss { surrogate: CLIPPED ratio: PER_TOKEN aggregation: TOKENS clip_low: 0.2 clip_high: 0.2 }"},
    {"vl_norm",
     "advantage { baseline: GROUP_MEAN normalize_std: false whiten: false }"
     "loss { surrogate: CLIPPED ratio: PER_TOKEN aggregation: VL_NORM length_exponent: 1 clip_low: 0.2 "
     "clip_high: 0.2 }"},
    {"ppo",
     "advantage { baseline: VALUE normalize_std: false whiten: true gamma: 1 gae_lambda: 0.95 }"
     "loss { surrogate: CLIPPED ratio: PER_TOKEN aggregation: TOKENS clip_low: 0.2 clip_high: 0.2 "
     "value_coefficient: 0.1 value_clip: 0.2 }"},
    {"truncated_is", "loss { old_logprobs: LEARNER correction { kind: TRUNCATED level: TOKEN high: 2 } }"},
    {"icepop", "loss { old_logprobs: LEARNER correction { kind: MASKED level: TOKEN low: 0.5 high: 5 } }"},
    {"decoupled_ppo", "loss { old_logprobs: LEARNER correction { kind: UNTRUNCATED level: TOKEN } }"},
};

std::string PresetValue(const Message& message, const FieldDescriptor& field) {
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, &field, /*index=*/-1, &text);
  return text;
}

// Warns of what `recipe` has otherwise than `preset`.
void WarnOfDifferences(const Message& preset, const Message& recipe, const std::string& name,
                       const std::string& path, Problems& problems) {
  std::vector<const FieldDescriptor*> set;
  preset.GetReflection()->ListFields(preset, &set);
  for (const FieldDescriptor* field : set) {
    const std::string inside = JoinPath(path, field->name());
    if (IsMessage(*field)) {
      WarnOfDifferences(preset.GetReflection()->GetMessage(preset, field),
                        recipe.GetReflection()->GetMessage(recipe, field), name, inside, problems);
      continue;
    }
    const std::string has = PresetValue(preset, *field), is = PresetValue(recipe, *field);
    if (has == is) continue;
    problems.Warn(absl::StrCat(inside, ": ", is, ", where loss.preset ", name, " has ", has));
  }
}

}  // namespace

std::vector<std::string> LossPresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.push_back(preset.name);
  return names;
}

v1::Recipe LossPreset(const std::string& name) {
  v1::Recipe recipe;
  for (const Preset& preset : kPresets) {
    // loss_presets_test.cc reads every one.
    if (name == preset.name)
      DROVER_CHECK(google::protobuf::TextFormat::ParseFromString(preset.text, &recipe));
  }
  return recipe;
}

void FillPreset(v1::Recipe& recipe) {
  v1::Recipe filled = LossPreset(recipe.loss().preset());
  filled.MergeFrom(recipe);
  recipe = std::move(filled);
}

void CheckPreset(const v1::Recipe& recipe, Problems& problems) {
  const std::string& name = recipe.loss().preset();
  if (name.empty()) return;
  const v1::Recipe preset = LossPreset(name);
  if (preset.ByteSizeLong() > 0) return WarnOfDifferences(preset, recipe, name, "", problems);
  const std::string near = Nearest(name, LossPresetNames());
  problems.Add("loss.preset",
               absl::StrCat("got `", name, "`, may be ", absl::StrJoin(LossPresetNames(), ", "), " or empty",
                            near.empty() ? "" : absl::StrCat("; did you mean ", near, "?")));
}

}  // namespace drover::recipe
