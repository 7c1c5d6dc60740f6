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
  const LinearDescription& key = layer.attention.projections[1];
  EXPECT_EQ(key.weight.name, "model.layers.1.self_attn.k_proj.weight");
  EXPECT_THAT(key.weight.shape, ElementsAre(4, 8));
  EXPECT_THAT(layer.feed_forward.down.weight.shape, ElementsAre(8, 16));
  EXPECT_FALSE(key.bias.present());
  EXPECT_FALSE(layer.attention.query_norm.present());
  EXPECT_FALSE(architecture.head.present());
}

TEST(Architecture, FamiliesDifferInBiasesNormsAndTheHead) {
  ModelConfig config = testing::SmallConfig();
  config.attention_bias = true;
  config.qk_norm = QueryKeyNorm::kHead;
  config.tie_word_embeddings = false;
  const Architecture architecture = DescribeArchitecture(config);
  const AttentionDescription& attention = architecture.layers[0].attention;
  EXPECT_THAT(attention.projections[0].bias.shape, ElementsAre(8));
  EXPECT_FALSE(attention.output.bias.present());
  EXPECT_THAT(attention.key_norm.shape, ElementsAre(4));
  EXPECT_EQ(architecture.head.name, "lm_head.weight");
}

TEST(Architecture, NormsStandBeforeAfterOrAroundBlocks) {
  ModelConfig config = testing::SmallConfig();
  const auto names = [&](NormPlacement placement) {
    config.norms = placement;
    const LayerDescription layer = DescribeArchitecture(config).layers[0];
    std::vector<std::string> names;
    for (const auto* norm : {&layer.attention_norm, &layer.attention_output_norm, &layer.feed_forward_norm,
                             &layer.feed_forward_output_norm}) {
      const size_t last = norm->name.rfind('.');
      names.push_back(norm->present() ? norm->name.substr(15, last - 15) : "");
    }
    return names;
  };
  EXPECT_THAT(names(NormPlacement::kBefore),
              ElementsAre("input_layernorm", "", "post_attention_layernorm", ""));
  EXPECT_THAT(names(NormPlacement::kAfter),
              ElementsAre("", "post_attention_layernorm", "", "post_feedforward_layernorm"));
  EXPECT_THAT(names(NormPlacement::kAround),
              ElementsAre("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                          "post_feedforward_layernorm"));
}

TEST(Architecture, LayersDifferInWindowAndRope) {
  ModelConfig config = testing::SmallConfig();
  config.num_layers = 3;
  config.layers = {{.window = true}, {.rope = false}, {}};
  config.sliding_window = 5;
  config.window_rope = RopeConfig{.theta = 100.0};
  config.query_scale = 25.0;
  const Architecture architecture = DescribeArchitecture(config);
  ASSERT_EQ(architecture.ropes.size(), 2u);
  const auto attention = [&](size_t layer) { return architecture.layers[layer].attention; };
  EXPECT_EQ(attention(0).settings, (AttentionSettings{.scale = 0.2, .window = 5}));
  EXPECT_EQ(attention(0).rope, 1u);
  EXPECT_EQ(attention(1).settings, (AttentionSettings{.scale = 0.2}));
  EXPECT_EQ(attention(1).rope, std::nullopt);
  EXPECT_EQ(attention(2).rope, 0u);
}

TEST(Architecture, ProjectionsMayBeJoined) {
  ModelConfig config = testing::SmallConfig();  // 2 heads of 4, width 8, inner 16
  config.num_kv_heads = 1;
  config.joined_projections = true;
  const auto shapes = WeightShapes(config);
  EXPECT_THAT(shapes.at("model.layers.0.self_attn.qkv_proj.weight"), ElementsAre(16, 8));
  EXPECT_THAT(shapes.at("model.layers.0.mlp.gate_up_proj.weight"), ElementsAre(32, 8));
  EXPECT_EQ(shapes.size(), 6u + 2u);
}

// A layer has 9 weights, and up to 6 biases and norms of q and k; 2 or 3 are outside of layers.
TEST(Architecture, EveryWeightIsListedOnce) {
  ModelConfig config = testing::SmallConfig();
  EXPECT_EQ(WeightShapes(config).size(), 9u + 2u);
  config.attention_bias = true;
  config.attention_output_bias = true;
  config.qk_norm = QueryKeyNorm::kHead;
  config.tie_word_embeddings = false;
  EXPECT_EQ(WeightShapes(config).size(), 9u + 6u + 3u);
}

}  // namespace
}  // namespace drover::model
