#include "model/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/model_directory.h"
#include "model/weight_shapes.h"

namespace drover::model {
namespace {

using ::testing::ElementsAre;

TEST(Architecture, BlocksHaveNamesAndShapes) {
  ModelConfig config = testing::SmallConfig();
  config.num_kv_heads = 1;
  config.num_layers = 2;
  const Architecture architecture = DescribeArchitecture(config);
  ASSERT_EQ(architecture.layers.size(), 2u);
  const LayerDescription& layer = architecture.layers[1];
  EXPECT_EQ(layer.attention.key.weight.name, "model.layers.1.self_attn.k_proj.weight");
  EXPECT_THAT(layer.attention.key.weight.shape, ElementsAre(4, 8));
  EXPECT_THAT(layer.feed_forward.down.weight.shape, ElementsAre(8, 16));
  EXPECT_FALSE(layer.attention.key.bias.present());
  EXPECT_FALSE(layer.attention.query_norm.present());
  EXPECT_FALSE(architecture.head.present());
}

TEST(Architecture, FamiliesDifferInBiasesNormsAndTheHead) {
  ModelConfig config = testing::SmallConfig();
  config.attention_bias = true;
  config.qk_norm = true;
  config.tie_word_embeddings = false;
  const Architecture architecture = DescribeArchitecture(config);
  const AttentionDescription& attention = architecture.layers[0].attention;
  EXPECT_THAT(attention.query.bias.shape, ElementsAre(8));
  EXPECT_FALSE(attention.output.bias.present());
  EXPECT_THAT(attention.key_norm.shape, ElementsAre(4));
  EXPECT_EQ(architecture.head.name, "lm_head.weight");
}

// A layer has 9 weights, and up to 6 biases and norms of q and k; 2 or 3 are outside of layers.
TEST(Architecture, EveryWeightIsListedOnce) {
  ModelConfig config = testing::SmallConfig();
  EXPECT_EQ(WeightShapes(config).size(), 9u + 2u);
  config.attention_bias = true;
  config.attention_output_bias = true;
  config.qk_norm = true;
  config.tie_word_embeddings = false;
  EXPECT_EQ(WeightShapes(config).size(), 9u + 6u + 3u);
}

}  // namespace
}  // namespace drover::model
