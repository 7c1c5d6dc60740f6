// The models that an analysis looks at, told apart.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "programs/drover/analyze/analyze_options.h"

namespace drover::cli::analyze {

// As many as a plot tells apart.
inline constexpr size_t kMostModels = 8;

struct NamedModel {
  // The last part of its path, or of its server's host and its name there; as many parts before it as tell it from the others:
  // "smollm2"; "a/checkpoints/step-000010" beside "b/checkpoints/step-000010".
  std::string name;
  std::string
      folder;  // where its analysis is kept below --out, when there are several: "models/a__checkpoints__step-000010"
  ModelOptions model;
};

// Each of `options.folders`, then the one that is served elsewhere. INVALID_ARGUMENT for none, more than kMostModels, or one that is
// given twice. Reads nothing but links.
absl::StatusOr<std::vector<NamedModel>> ModelsOf(const AnalyzeOptions& options);

}  // namespace drover::cli::analyze
