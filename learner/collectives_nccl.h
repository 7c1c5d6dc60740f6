// NCCL's part of the collectives, in builds with DROVER_CUDA alone.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "learner/collectives.h"

namespace drover::learner {

// Throws what ProcessGroupNCCL throws.
c10::intrusive_ptr<c10d::Backend> MakeNcclBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                  const C10dOptions& options);

}  // namespace drover::learner
