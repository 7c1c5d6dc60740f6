#include "programs/drover/analyze/kind.h"

namespace drover::cli::analyze {

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kAnswering:
      return "answering";
    case Kind::kExploration:
      return "exploration";
    case Kind::kReflection:
      return "reflection";
  }
  return "";
}

}  // namespace drover::cli::analyze
