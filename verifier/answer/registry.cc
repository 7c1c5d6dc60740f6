#include "verifier/answer/registry.h"

#include <utility>

namespace drover::verifier {
namespace {

// Sorted by name. A new grader is one file in graders/ and one line here: static libraries drop self-registering
// objects that nothing refers to.
constexpr std::pair<std::string_view, const Grader& (*)()> kGraders[] = {
    {"choice", &ChoiceGrader},
    {"countdown", &CountdownGrader},
    {"exact", &ExactGrader},
    {"math", &MathGrader},
};

}  // namespace

const Grader* FindGrader(std::string_view name) {
  for (const auto& [known, get] : kGraders) {
    if (known == name) return &get();
  }
  return nullptr;
}

std::vector<std::string> GraderNames() {
  std::vector<std::string> names;
  for (const auto& entry : kGraders) names.emplace_back(entry.first);
  return names;
}

}  // namespace drover::verifier
