#include "programs/actor/admission.h"

namespace drover::actor_process {

Admission Admit(const v1::Lease& lease, const std::optional<model::WeightVersion>& current) {
  const model::WeightVersion oldest{lease.incarnation(), lease.min_version()};
  if (current < oldest) return Admission::kWait;
  if (current->incarnation > oldest.incarnation) return Admission::kDrop;
  if (lease.kind() == v1::LEASE_KIND_EVALUATION && current > oldest) return Admission::kGiveBack;
  return Admission::kStart;
}

}  // namespace drover::actor_process
