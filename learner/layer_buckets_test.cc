#include "learner/layer_buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::learner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LayerBucketsTest, ALayersParametersStandTogetherAndTheLastLayerIsDoneFirst) {
  const LayerBuckets buckets =
      BucketsByLayer({"lm_head.weight", "model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight",
                      "model.layers.0.self_attn.q_proj.weight", "model.layers.1.mlp.up_proj.weight",
                      "model.layers.10.mlp.up_proj.weight", "model.layers.2.input_layernorm.weight",
                      "model.layers.2.mlp.up_proj.weight", "model.norm.weight"});
  EXPECT_THAT(buckets.parameters, ElementsAre(1, 1, 2, 1, 1, 2, 1));
  EXPECT_THAT(buckets.layers, ElementsAre(-1, -1, 0, 1, 10, 2, -1));
  EXPECT_THAT(buckets.order, ElementsAre(0, 4, 5, 3, 2, 1, 6));
}

TEST(LayerBucketsTest, WhatIsOfNoLayerStandsAlone) {
  const LayerBuckets buckets = BucketsByLayer(
      {"model.layers.x.weight", "my_layers.3.weight", "norm.weight", "value.layers.-1.weight"});
  EXPECT_THAT(buckets.parameters, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(buckets.layers, ElementsAre(-1, -1, -1, -1));
  EXPECT_THAT(BucketsByLayer({}).order, IsEmpty());
}

}  // namespace
}  // namespace drover::learner
