#include "programs/actor/admission.h"

namespace drover::actor_process {
namespace {

model::WeightVersion Oldest(const v1::Lease& lease) { return {lease.incarnation(), lease.min_version()}; }

bool IsEvaluation(const v1::Lease& lease) { return lease.kind() == v1::LEASE_KIND_EVALUATION; }

}  // namespace

Admission Admit(const v1::Lease& lease, const WeightsHere& here) {
  const model::WeightVersion oldest = Oldest(lease);
  if (here.newest < oldest) return Admission::kWait;
  if (here.newest->incarnation > oldest.incarnation) return Admission::kDrop;
  if (IsEvaluation(lease) && !here.Has(oldest)) return Admission::kFetch;
  return Admission::kStart;
}

model::WeightVersion WeightsFor(const v1::Lease& lease, const WeightsHere& here) {
  return IsEvaluation(lease) ? Oldest(lease) : *here.newest;
}

}  // namespace drover::actor_process
