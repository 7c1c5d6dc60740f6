#include "ranks/shared_gpus.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover {

std::string GpuWord(int rank) { return absl::StrCat("drover/gpu/", rank); }

absl::StatusOr<int> MostRanksOnOneGpu(Collectives& collectives) {
  std::map<std::string, int> ranks_on;
  int most = 1;
  for (int rank = 0; rank < collectives.size(); ++rank) {
    ASSIGN_OR_RETURN(const std::optional<std::string> gpu, collectives.Told(GpuWord(rank)));
    if (gpu.has_value()) most = std::max(most, ++ranks_on[*gpu]);
  }
  return most;
}

}  // namespace drover
