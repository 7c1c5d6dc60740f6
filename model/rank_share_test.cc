#include "model/rank_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/shapes.h"
#include "model/weight_shapes.h"

namespace drover::model {
namespace {

using ::testing::HasSubstr;

TEST(RankShareTest, RunsFollowEachOtherAndAreEven) {
  EXPECT_EQ(RunOf(12, {1, 3}), (RowRun{4, 4}));
  EXPECT_EQ(RunOf(14, {0, 4}), (RowRun{0, 4}));
  EXPECT_EQ(RunOf(14, {1, 4}), (RowRun{4, 4}));
  EXPECT_EQ(RunOf(14, {2, 4}), (RowRun{8, 3}));
  EXPECT_EQ(RunOf(14, {3, 4}), (RowRun{11, 3}));
}

TEST(RankShareTest, ARanksRowsAreThoseOfItsHeadsAndRuns) {
  const ModelConfig config =
      testing::TinyConfig();  // 4 heads and 2 key heads of 6, width 24, inner 40, 37 tokens
  const Architecture part = ShareOf(DescribeArchitecture(config), {1, 2});
  EXPECT_EQ(part.embedding.shape, (std::vector<int64_t>{18, 24}));
  EXPECT_EQ(part.embedding.whole_rows, 37);
  const AttentionDescription& attention = part.layers[1].attention;
  EXPECT_EQ(attention.heads, 2);
  EXPECT_EQ(attention.kv_heads, 1);
  EXPECT_EQ(attention.projections[0].weight.runs, (std::vector<RowRun>{{12, 12}}));
  EXPECT_EQ(attention.projections[2].weight.runs, (std::vector<RowRun>{{6, 6}}));
  EXPECT_EQ(attention.output.weight.shape, (std::vector<int64_t>{12, 24}));
  EXPECT_EQ(part.layers[0].feed_forward.gate_up[1].weight.runs, (std::vector<RowRun>{{20, 20}}));
  EXPECT_EQ(part.layers[0].feed_forward.down.weight.shape, (std::vector<int64_t>{12, 40}));
  EXPECT_EQ(part.layers[0].attention_norm, DescribeArchitecture(config).layers[0].attention_norm);
  EXPECT_EQ(WithOwnHeads(config, {1, 2}).num_kv_heads, 1);
}

TEST(RankShareTest, JoinedMapsGiveARunOfEachOfTheirParts) {
  const Architecture part = ShareOf(DescribeArchitecture(testing::TinyConfig("phi3")), {1, 2});
  const LayerDescription& layer = part.layers[0];
  // 24 rows of query, 12 of key, 12 of value; 40 of gate, 40 of up.
  EXPECT_EQ(layer.attention.projections[0].weight.runs, (std::vector<RowRun>{{12, 12}, {30, 6}, {42, 6}}));
  EXPECT_EQ(layer.attention.projections[0].weight.shape, (std::vector<int64_t>{24, 24}));
  EXPECT_EQ(layer.feed_forward.gate_up[0].weight.runs, (std::vector<RowRun>{{20, 20}, {60, 20}}));
}

TEST(RankShareTest, MoreRanksThanKeyHeadsShareThem) {
  const ModelConfig config = testing::TinyConfig();
  for (const auto& [rank, head] : {std::pair{0, 0}, {1, 0}, {2, 1}, {3, 1}}) {
    const Architecture part = ShareOf(DescribeArchitecture(config), {rank, 4});
    EXPECT_EQ(part.layers[0].attention.kv_heads, 1);
    EXPECT_EQ(part.layers[0].attention.projections[1].weight.runs, (std::vector<RowRun>{{6 * head, 6}}));
  }
}

TEST(RankShareTest, NumbersThatCannotBeSharedOutAreNamed) {
  ModelConfig config = testing::TinyConfig();
  EXPECT_TRUE(CheckShares(config, 1).ok());
  EXPECT_TRUE(CheckShares(config, 4).ok());
  const absl::Status heads = CheckShares(config, 3);
  EXPECT_EQ(heads.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(heads.message()), HasSubstr("4 query heads (num_attention_heads)"));
  EXPECT_THAT(std::string(heads.message()), HasSubstr("among 3 ranks"));
  EXPECT_THAT(std::string(heads.message()), HasSubstr("it may be 1, 2, 4"));
  config.num_heads = 12;
  config.num_kv_heads = 6;
  const absl::Status keys = CheckShares(config, 4);
  EXPECT_THAT(std::string(keys.message()), HasSubstr("6 key heads (num_key_value_heads)"));
  EXPECT_THAT(std::string(keys.message()), HasSubstr("it may be 1, 2, 3, 6, 12"));
  EXPECT_THAT(std::string(CheckShares(config, 0).message()), HasSubstr("must be at least 1"));
}

TEST(RankShareTest, ARankHoldsItsPartOfTheNumbers) {
  ModelConfig config = testing::TinyConfig();
  config.hidden_size = 240;
  config.intermediate_size = 480;
  config.vocab_size = 4000;
  const double whole = static_cast<double>(CountWeights(config).all);
  for (const int ranks : {2, 4}) {
    for (int rank = 0; rank < ranks; ++rank) {
      EXPECT_NEAR(static_cast<double>(CountSharedWeights(config, {rank, ranks}).all), whole / ranks,
                  0.01 * whole);
    }
  }
  EXPECT_EQ(CountSharedWeights(config, {}).all, CountWeights(config).all);
}

}  // namespace
}  // namespace drover::model
