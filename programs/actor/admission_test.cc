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
  EXPECT_EQ(Admit(lease, {}), Admission::kWait);
  EXPECT_EQ(Admit(lease, {.newest = model::WeightVersion{2, 4}}), Admission::kWait);
  EXPECT_EQ(Admit(lease, {.newest = model::WeightVersion{2, 5}}), Admission::kStart);
  const WeightsHere newer = {.newest = model::WeightVersion{2, 9}, .engine = model::WeightVersion{2, 8}};
  EXPECT_EQ(Admit(lease, newer), Admission::kStart);
  EXPECT_EQ(WeightsFor(lease, newer), (model::WeightVersion{2, 9}));
}

TEST(AdmissionTest, EvaluationTakesExactlyItsVersion) {
  const v1::Lease lease = MakeLease(v1::LEASE_KIND_EVALUATION, 2, 5);
  const model::WeightVersion mine{2, 5}, newer{2, 6};
  EXPECT_EQ(Admit(lease, {.newest = model::WeightVersion{2, 4}}), Admission::kWait);
  EXPECT_EQ(Admit(lease, {.newest = mine}), Admission::kStart);
  EXPECT_EQ(Admit(lease, {.newest = newer}), Admission::kFetch);
  EXPECT_EQ(Admit(lease, {.newest = newer, .kept = model::WeightVersion{2, 4}}), Admission::kFetch);
  EXPECT_EQ(Admit(lease, {.newest = newer, .kept = mine}), Admission::kStart);
  EXPECT_EQ(Admit(lease, {.newest = newer, .engine = mine}), Admission::kStart);
  EXPECT_EQ(WeightsFor(lease, {.newest = newer, .kept = mine}), mine);
}

TEST(AdmissionTest, IncarnationsAreNotMixed) {
  const v1::Lease lease = MakeLease(v1::LEASE_KIND_TRAIN, 2, 0);
  EXPECT_EQ(Admit(lease, {.newest = model::WeightVersion{1, 7}}), Admission::kWait);
  EXPECT_EQ(Admit(lease, {.newest = model::WeightVersion{3, 7}}), Admission::kDrop);
}

}  // namespace
}  // namespace drover::actor_process
