#include "recipe/problems.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::recipe {

void Problems::Add(std::string_view field, std::string text) {
  if (!field.empty()) fields_.emplace(field);
  texts_.push_back(field.empty() ? std::move(text) : absl::StrCat(ToAbsl(field), ": ", text));
}

void Problems::AddAt(std::string_view place, std::string_view field, std::string text) {
  if (!field.empty()) fields_.emplace(field);
  texts_.push_back(absl::StrCat(ToAbsl(place), ": ", text));
}

bool Problems::Has(std::string_view field) const {
  for (std::string_view part = field;;) {
    if (fields_.count(part) > 0) return true;
    const size_t dot = part.rfind('.');
    if (dot == std::string_view::npos) return false;
    part = part.substr(0, dot);
  }
}

bool Problems::HasAny(const std::vector<const char*>& fields) const {
  return std::any_of(fields.begin(), fields.end(), [&](const char* field) { return Has(field); });
}

absl::Status Problems::ToStatus(std::string_view source) const {
  if (texts_.empty()) return absl::OkStatus();
  if (texts_.size() == 1) {
    return absl::InvalidArgumentError(absl::StrCat("recipe ", ToAbsl(source), ": ", texts_[0]));
  }
  std::string text = absl::StrCat("recipe ", ToAbsl(source), " has ", texts_.size(), " errors:");
  for (const std::string& problem : texts_) absl::StrAppend(&text, "\n  ", problem);
  return absl::InvalidArgumentError(text);
}

}  // namespace drover::recipe
