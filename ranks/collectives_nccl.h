// NCCL's part of the collectives, in builds with DROVER_CUDA alone.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "ranks/collectives.h"

namespace drover {

// Whether two of the ranks that `store` joins have one GPU between them, which NCCL refuses. Every rank calls it, waits
// for the others and gets the same answer. Throws what the store throws.
bool RanksShareAGpu(c10d::Store& store, const C10dOptions& options);

// Throws what ProcessGroupNCCL throws.
c10::intrusive_ptr<c10d::Backend> MakeNcclBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                  const C10dOptions& options);

}  // namespace drover
