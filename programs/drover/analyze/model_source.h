// The models of an analysis: the one that is looked at, and the one that judges.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "evaluation/responder.h"
#include "programs/drover/analyze/analyze_options.h"

namespace drover::cli::analyze {

// INVALID_ARGUMENT or NOT_FOUND naming the flag: neither or both of a folder and an endpoint, a folder without a model, an address that is
// none, a key that is not there. Nothing is started, and no server asked.
absl::StatusOr<std::unique_ptr<evaluation::Responder>> MakeModel(const ModelOptions& options);

// Null without a judge.
absl::StatusOr<std::unique_ptr<evaluation::Responder>> MakeJudge(const JudgeOptions& options);

// ModelDigest of the folder, so that an analysis is not gone on with by another model; empty for a model that is served elsewhere.
// INVALID_ARGUMENT or NOT_FOUND for a folder that cannot be used.
absl::StatusOr<std::string> WeightsDigest(const ModelOptions& options);

}  // namespace drover::cli::analyze
