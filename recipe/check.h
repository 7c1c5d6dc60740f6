// A rule over several fields of a recipe, or over one whose rule is more than a range, as tables of them have it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

struct Check {
  std::vector<const char*> reads;              // fields
  void (*find)(const v1::Recipe&, Problems&);  // adds what is wrong
};

// Each of them, unless a field that it reads has a problem already.
void RunChecks(const std::vector<Check>& checks, const v1::Recipe& recipe, Problems& problems);

// `field`, which is `low`, may be at most `other`, which is `high`.
void AtMost(const char* field, uint64_t low, const char* other, uint64_t high, Problems& problems);

// `field`, which is `divisor`, divides `of`, which is `what`.
void Divides(const char* field, uint64_t divisor, uint64_t of, const std::string& what, Problems& problems);

}  // namespace drover::recipe
