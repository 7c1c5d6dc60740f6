#include "actor/scheduler/cache_plan.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "model/pages.h"

namespace drover::actor {

int64_t DefaultCacheBytes(int64_t free, bool gpu, int ranks) {
  return free / ((gpu ? 2 : 4) * int64_t{ranks});
}

absl::StatusOr<CachePlan> PlanCache(const CacheWishes& wishes) {
  const int64_t wished =
      wishes.max_context == 0 ? wishes.max_positions : std::min(wishes.max_context, wishes.max_positions);
  const int64_t needed = wishes.max_context == 0 ? 1 : model::PagesFor(wished);
  const int64_t budget = wishes.cache_bytes > 0 ? wishes.cache_bytes : wishes.default_bytes;
  const int64_t affordable =
      std::min<int64_t>(budget / wishes.page_bytes, std::numeric_limits<int32_t>::max());
  if (affordable < needed) {
    return absl::InvalidArgumentError(absl::StrCat(
        wishes.cache_bytes > 0 ? "cache_bytes is " : "the memory for keys and values (cache_bytes is 0) is ",
        budget, ", must be at least ", needed * wishes.page_bytes, ": one response of ",
        wishes.max_context == 0 ? model::kPageTokens : wished, " tokens"));
  }
  const int64_t pages = std::min(affordable, wishes.max_batch * model::PagesFor(wished));
  return CachePlan{static_cast<int32_t>(pages), std::min(wished, pages * model::kPageTokens)};
}

}  // namespace drover::actor
