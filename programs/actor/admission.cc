#include "programs/actor/admission.h"

namespace drover::actor_process {

Admission Admit(const v1::Lease& lease, const std::optional<CurrentWeights>& current) {
  if (!current.has_value() || lease.incarnation() > current->incarnation) return Admission::kWait;
  if (lease.incarnation() < current->incarnation) return Admission::kDrop;
  if (current->version < lease.min_version()) return Admission::kWait;
  if (lease.kind() == v1::LEASE_KIND_EVALUATION && current->version > lease.min_version())
    return Admission::kGiveBack;
  return Admission::kStart;
}

}  // namespace drover::actor_process
