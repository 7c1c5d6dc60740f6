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

TEST(PackWeights, SortsAndDigests) {
  const WeightSet weights = Packed();
  ASSERT_EQ(weights.tensors.size(), 2u);
  EXPECT_EQ(*weights.tensors[0].data, "uvwxyz");
  EXPECT_EQ(weights.tensors[0].digest, HexDigest("uvwxyz"));
  EXPECT_EQ(weights.tensors[1].meta.name, "b");
  EXPECT_EQ(weights.tensors[1].meta.bytes, 4u);
  EXPECT_EQ(*weights.tensors[1].data, "1234");
  EXPECT_EQ(weights.bytes, 10u);
  // XXH3-128 of those ten bytes by Python's xxhash.
  EXPECT_EQ(weights.digest, "bf88611ad5462d6d5575135d4875daaf");
  const std::vector<TensorView> views = WeightViews(weights);
  EXPECT_EQ(views[0].bytes, "uvwxyz");
  EXPECT_THAT(views[0].shape, ElementsAre(1, 3));
  EXPECT_EQ(PackWeights(views).value().digest, weights.digest);
}

TEST(PackWeights, RefusesBadTensors) {
  EXPECT_FALSE(PackWeights({{"a", Dtype::kU8, {2}, "x"}}).ok());
  EXPECT_FALSE(PackWeights({{"a", Dtype::kU8, {1}, "x"}, {"a", Dtype::kU8, {1}, "y"}}).ok());
  EXPECT_FALSE(PackWeights({{"a", Dtype::kU8, {-1}, "x"}}).ok());
  EXPECT_TRUE(PackWeights({}).ok());
}

TEST(LayOutWeights, RefusesWhatOverflows) {
  EXPECT_FALSE(LayOutWeights({{.name = "a", .dtype = Dtype::kF64, .shape = {INT64_MAX}}}).ok());
  EXPECT_FALSE(LayOutWeights({{.name = "a", .dtype = Dtype::kU8, .shape = {INT64_MAX}},
                              {.name = "b", .dtype = Dtype::kU8, .shape = {1}}})
                   .ok());
  const auto good = LayOutWeights(
      {{.name = "b", .dtype = Dtype::kU8, .shape = {3}}, {.name = "a", .dtype = Dtype::kF32, .shape = {}}});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ((*good)[0].name, "a");
  EXPECT_EQ(TotalBytes(*good), 7u);
}

// Longer than what is digested at a time.
TEST(WeightSetBuilder, DigestsAreThoseOfTheBytes) {
  const std::string a(300'000, 'a');
  const std::string b(500'001, 'b');
  WeightSetBuilder builder;
  ASSERT_TRUE(builder.Add({.name = "a", .dtype = Dtype::kU8, .shape = {300'000}}, a).ok());
  ASSERT_TRUE(builder.Add({.name = "b", .dtype = Dtype::kU8, .shape = {500'001}}, b).ok());
  const WeightSet weights = std::move(builder).Finish();
  EXPECT_EQ(weights.tensors[0].digest, HexDigest(a));
  EXPECT_EQ(weights.tensors[1].digest, HexDigest(b));
  EXPECT_EQ(weights.digest, HexDigest(a + b));
}

TEST(WeightSetBuilder, TensorsComeInOrder) {
  WeightSetBuilder builder;
  ASSERT_TRUE(builder.Add({.name = "b", .dtype = Dtype::kU8, .shape = {1}}, "x").ok());
  EXPECT_THAT(std::string(builder.Add({.name = "a", .dtype = Dtype::kU8, .shape = {1}}, "x").message()),
              HasSubstr("tensor a comes after b"));
}

TEST(WeightSetBuilder, SharesWhatIsTheSameInTheBase) {
  const auto base = std::make_shared<const WeightSet>(Packed());
  const auto built = [&](Dtype a_dtype, std::vector<int64_t> a_shape, const std::string& b) {
    WeightSetBuilder builder(base);
    EXPECT_TRUE(builder.Add({.name = "a", .dtype = a_dtype, .shape = std::move(a_shape)}, "uvwxyz").ok());
    EXPECT_TRUE(builder.Add({.name = "b", .dtype = Dtype::kF32, .shape = {1}}, b).ok());
    EXPECT_TRUE(builder.Add({.name = "c", .dtype = Dtype::kF32, .shape = {1}}, "1234").ok());
    return std::move(builder).Finish();
  };
  const WeightSet changed = built(Dtype::kBF16, {1, 3}, "1235");
  EXPECT_EQ(changed.tensors[0].data, base->tensors[0].data);
  EXPECT_NE(changed.tensors[1].data, base->tensors[1].data);
  EXPECT_EQ(*changed.tensors[1].data, "1235");
  EXPECT_NE(changed.tensors[2].data, base->tensors[1].data) << "the same bytes under another name";
  EXPECT_EQ(changed.digest, HexDigest("uvwxyz12351234"));
  const WeightSet reshaped = built(Dtype::kBF16, {3}, "1234");
  EXPECT_NE(reshaped.tensors[0].data, base->tensors[0].data);
  EXPECT_EQ(reshaped.tensors[1].data, base->tensors[1].data);
  EXPECT_NE(built(Dtype::kU8, {6}, "1234").tensors[0].data, base->tensors[0].data);
}

}  // namespace
}  // namespace drover::model
