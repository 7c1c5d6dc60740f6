#include "actor/actor_ranks.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <stdexcept>
#include <string>

namespace drover::actor {

// As bytes, which every backend has; and not as a tensor of inference mode, which may be written to in this thread alone.
void ActorRanks::Gather(const torch::Tensor& runs) {
  c10::InferenceMode plain_tensor(false);
  const torch::Tensor bytes = at::from_blob(runs.data_ptr(), {static_cast<int64_t>(runs.nbytes())},
                                            at::TensorOptions(at::kByte).device(runs.device()));
  const absl::Status gathered = collectives_.AllGather(bytes);
  if (!gathered.ok()) throw std::runtime_error(std::string(gathered.message()));
}

}  // namespace drover::actor
