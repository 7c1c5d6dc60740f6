#include "programs/actor/admission.h"

#include <gtest/gtest.h>

namespace drover::actor_process {
namespace {

v1::Lease MakeLease(v1::LeaseKind kind, uint32_t incarnation, uint64_t min_version) {
  v1::Lease lease;
  lease.set_kind(kind);
  lease.set_incarnation(incarnation);
  lease.set_min_version(min_version);
  return lease;
}

TEST(AdmissionTest, TrainingTakesItsMinimumOrNewer) {
  const v1::Lease lease = MakeLease(v1::LEASE_KIND_TRAIN, 2, 5);
  EXPECT_EQ(Admit(lease, std::nullopt), Admission::kWait);
  EXPECT_EQ(Admit(lease, model::WeightVersion{2, 4}), Admission::kWait);
  EXPECT_EQ(Admit(lease, model::WeightVersion{2, 5}), Admission::kStart);
  EXPECT_EQ(Admit(lease, model::WeightVersion{2, 9}), Admission::kStart);
}

TEST(AdmissionTest, EvaluationTakesExactlyItsVersion) {
  const v1::Lease lease = MakeLease(v1::LEASE_KIND_EVALUATION, 2, 5);
  EXPECT_EQ(Admit(lease, model::WeightVersion{2, 4}), Admission::kWait);
  EXPECT_EQ(Admit(lease, model::WeightVersion{2, 5}), Admission::kStart);
  EXPECT_EQ(Admit(lease, model::WeightVersion{2, 6}), Admission::kGiveBack);
}

TEST(AdmissionTest, IncarnationsAreNotMixed) {
  const v1::Lease lease = MakeLease(v1::LEASE_KIND_TRAIN, 2, 0);
  EXPECT_EQ(Admit(lease, model::WeightVersion{1, 7}), Admission::kWait);
  EXPECT_EQ(Admit(lease, model::WeightVersion{3, 7}), Admission::kDrop);
}

}  // namespace
}  // namespace drover::actor_process
