#include "model/families/family.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"

namespace drover::model {
namespace {

constexpr const Family* kFamilies[] = {&kLlama,  &kMistral,    &kQwen2, &kQwen3, &kSmolLm3,
                                       &kGemma2, &kGemma3Text, &kPhi3,  &kOlmo2};

}  // namespace

const Family* FindFamily(std::string_view model_type) {
  for (const Family* family : kFamilies) {
    if (family->model_type == model_type) return family;
  }
  return nullptr;
}

const Family* FindComposite(std::string_view model_type) {
  for (const Family* family : kFamilies) {
    if (!family->composite.empty() && family->composite == model_type) return family;
  }
  return nullptr;
}

std::string FamilyNames() {
  std::vector<absl::string_view> names;
  for (const Family* family : kFamilies) {
    if (!family->composite.empty()) names.push_back(ToAbsl(family->composite));
    names.push_back(ToAbsl(family->model_type));
  }
  const absl::string_view last = names.back();
  names.pop_back();
  return absl::StrCat(absl::StrJoin(names, ", "), " or ", last);
}

}  // namespace drover::model
