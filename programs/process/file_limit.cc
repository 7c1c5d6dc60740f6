#include "programs/process/file_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

#include "base/log.h"

namespace drover::process {
namespace {

// Enough for thousands of peers; an unlimited hard limit would make some libraries close every descriptor there could be.
constexpr rlim_t kEnough = 65536;

}  // namespace

void RaiseFileLimit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t before = limit.rlim_cur;
  const rlim_t wanted = limit.rlim_max == RLIM_INFINITY ? kEnough : std::min(limit.rlim_max, kEnough);
  if (before != RLIM_INFINITY && before < wanted) {
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
    log::Warning("the limit of open files stays", {{"files", static_cast<uint64_t>(before)}});
  }
}

}  // namespace drover::process
