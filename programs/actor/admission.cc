#include "programs/actor/admission.h"

namespace drover::actor_process {

Admission Admit(const v1::Lease& lease, const std::optional<model::WeightVersion>& newest) {
  const model::WeightVersion oldest{lease.incarnation(), lease.min_version()};
  if (newest < oldest) return Admission::kWait;
  if (newest->incarnation > oldest.incarnation) return Admission::kDrop;
  if (lease.kind() == v1::LEASE_KIND_EVALUATION && newest > oldest) return Admission::kGiveBack;
  return Admission::kStart;
}

}  // namespace drover::actor_process
