#include "recipe/check.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace drover::recipe {

void RunChecks(const std::vector<Check>& checks, const v1::Recipe& recipe, Problems& problems) {
  for (const Check& check : checks) {
    if (!problems.HasAny(check.reads)) check.find(recipe, problems);
  }
}

void AtMost(const char* field, uint64_t low, const char* other, uint64_t high, Problems& problems) {
  if (low <= high) return;
  problems.Add(field, absl::StrCat("got ", low, ", may be at most ", other, " = ", high));
}

void Divides(const char* field, uint64_t divisor, uint64_t of, const std::string& what, Problems& problems) {
  if (divisor == 0 || of % divisor == 0) return;
  problems.Add(field, absl::StrCat("got ", divisor, ", may be a divisor of ", what, " = ", of));
}

}  // namespace drover::recipe
