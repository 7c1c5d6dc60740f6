#include "model/weight_version.h"

#include <gtest/gtest.h>

namespace drover::model {
namespace {

TEST(WeightVersion, ANewerIncarnationReplacesAnyVersion) {
  EXPECT_LT((WeightVersion{1, 17}), (WeightVersion{2, 12}));
  EXPECT_LT((WeightVersion{2, 12}), (WeightVersion{2, 13}));
  EXPECT_EQ((WeightVersion{2, 12}), (WeightVersion{2, 12}));
}

}  // namespace
}  // namespace drover::model
