#include "model/weight_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

WeightSet Packed() {
  return PackWeights({{"b", Dtype::kF32, {1}, "1234"}, {"a", Dtype::kBF16, {1, 3}, "uvwxyz"}}).value();
}

TEST(PackWeights, SortsAndJoins) {
  WeightSet weights = Packed();
  ASSERT_EQ(weights.tensors.size(), 2u);
  EXPECT_EQ(*weights.data, "uvwxyz1234");
  EXPECT_EQ(weights.tensors[1].name, "b");
  EXPECT_EQ(weights.tensors[1].offset, 6u);
  EXPECT_EQ(weights.tensors[1].bytes, 4u);
  // XXH3-128 of those ten bytes by Python's xxhash.
  EXPECT_EQ(weights.digest, "bf88611ad5462d6d5575135d4875daaf");
  EXPECT_TRUE(VerifyWeights(weights).ok());
  std::vector<TensorView> views = WeightViews(weights);
  EXPECT_EQ(views[0].bytes, "uvwxyz");
  EXPECT_THAT(views[0].shape, ElementsAre(1, 3));
  EXPECT_EQ(PackWeights(views).value().digest, weights.digest);
}

TEST(PackWeights, RefusesBadTensors) {
  EXPECT_FALSE(PackWeights({{"a", Dtype::kU8, {2}, "x"}}).ok());
  EXPECT_FALSE(PackWeights({{"a", Dtype::kU8, {1}, "x"}, {"a", Dtype::kU8, {1}, "y"}}).ok());
  EXPECT_FALSE(LayOutWeights({{.name = "a", .dtype = Dtype::kF64, .shape = {INT64_MAX}}}).ok());
  EXPECT_FALSE(LayOutWeights({{.name = "a", .dtype = Dtype::kU8, .shape = {INT64_MAX}},
                              {.name = "b", .dtype = Dtype::kU8, .shape = {1}}})
                   .ok());
  EXPECT_TRUE(PackWeights({}).ok());
}

TEST(VerifyWeights, FindsEachLie) {
  auto error = [](auto change) {
    WeightSet weights = Packed();
    change(weights);
    return std::string(VerifyWeights(weights).message());
  };
  EXPECT_THAT(error([](WeightSet& w) { w.data = nullptr; }), HasSubstr("no data"));
  EXPECT_THAT(error([](WeightSet& w) { std::swap(w.tensors[0], w.tensors[1]); }), HasSubstr("order"));
  EXPECT_THAT(error([](WeightSet& w) { w.tensors[1].offset = 5; }), HasSubstr("tensor b"));
  EXPECT_THAT(error([](WeightSet& w) { w.tensors[1].bytes = 3; }), HasSubstr("tensor b"));
  EXPECT_THAT(error([](WeightSet& w) { w.tensors[0].shape = {4}; }), HasSubstr("tensor a"));
  EXPECT_THAT(error([](WeightSet& w) { w.data = std::make_shared<std::string>("uvwxyz123"); }),
              HasSubstr("9"));
  EXPECT_THAT(error([](WeightSet& w) { w.data = std::make_shared<std::string>("uvwxyz1235"); }),
              HasSubstr("announced"));
}

}  // namespace
}  // namespace drover::model
