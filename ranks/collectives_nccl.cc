#include "ranks/collectives_nccl.h"

#include <ATen/cuda/CUDAContext.h>

#include <cstdlib>
#include <set>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "ranks/shared_gpus.h"

namespace drover {

bool RanksShareAGpu(c10d::Store& store, const C10dOptions& options) {
  // The same on every machine that sees this GPU, by whatever number.
  const char* const uuid = at::cuda::getDeviceProperties(options.device.index())->uuid.bytes;
  store.set(GpuWord(options.rank), std::vector<uint8_t>(uuid, uuid + sizeof(cudaUUID_t)));
  std::set<std::vector<uint8_t>> gpus;
  for (int rank = 0; rank < options.size; ++rank) gpus.insert(store.get(GpuWord(rank)));
  return static_cast<int>(gpus.size()) < options.size;
}

c10::intrusive_ptr<c10d::Backend> MakeNcclBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                  const C10dOptions& options) {
  // wait() then blocks until the collective is done or its deadline passed, as Gloo's does; otherwise a watchdog
  // would end the process.
  setenv("TORCH_NCCL_BLOCKING_WAIT", "1", /*overwrite=*/0);
  auto nccl = c10d::ProcessGroupNCCL::Options::create();
  nccl->timeout = absl::ToChronoMilliseconds(options.timeout);
  auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, options.rank, options.size, nccl);
  backend->setBoundDeviceId(options.device);
  return backend;
}

}  // namespace drover
