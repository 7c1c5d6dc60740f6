// Which analysis.
#pragma once

namespace drover::cli::analyze {

enum class Kind { kAnswering, kExploration, kReflection };
const char* KindName(Kind kind);

}  // namespace drover::cli::analyze
