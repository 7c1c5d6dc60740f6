// The errors of a recipe, collected so that all are reported at once.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace drover::recipe {

class Problems {
 public:
  // `field` is a full path (`rollout.group_size`) or empty for what belongs to none; `text` says what was got
  // and what is allowed.
  void Add(std::string_view field, std::string text);

  // The same, shown as of `place` ("FILE:LINE:COLUMN", "--set ..."); `text` names the field if there is one.
  void AddAt(std::string_view place, std::string_view field, std::string text);

  // What keeps no recipe from running, but whoever runs it should hear of.
  void Warn(std::string text) { warnings_.push_back(std::move(text)); }

  bool empty() const { return texts_.empty(); }
  // Whether `field`, or a message that holds it, has an error: checks that read it would only mislead.
  bool Has(std::string_view field) const;
  bool HasAny(const std::vector<const char*>& fields) const;
  const std::vector<std::string>& texts() const { return texts_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  // OK without problems, else INVALID_ARGUMENT: "recipe SOURCE: <problem>", or with several
  // "recipe SOURCE has N errors:" and one indented line for each.
  absl::Status ToStatus(std::string_view source) const;

 private:
  std::vector<std::string> texts_;
  std::vector<std::string> warnings_;
  std::set<std::string, std::less<>> fields_;
};

}  // namespace drover::recipe
