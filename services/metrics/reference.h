// docs/reference/metrics.md, made from what the processes declare.
#pragma once

#include <string>

namespace drover::metrics {

// The whole page. A test compares it with the file; DROVER_UPDATE=1 in the test's environment rewrites the file.
std::string MetricsReference();

}  // namespace drover::metrics
