#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/shapes.h"
#include "model/weight_shapes.h"
#include "programs/model/bench/generate.h"
#include "programs/model/bench/shapes.h"
#include "programs/model/bench/train.h"

namespace drover::model_tool {
namespace {

using ::testing::HasSubstr;

TEST(BenchShapes, HaveThePublishedNumbersOfParameters) {
  const std::vector<std::pair<const char*, int64_t>> published = {
      {"smollm2-135m", 134515008}, {"qwen2.5-1.5b", 1543714304}, {"qwen2.5-7b", 7615616512}};
  for (const auto& [name, parameters] : published) {
    int64_t elements = 0;
    for (const auto& [tensor, shape] : model::WeightShapes(BenchShape(name).value())) {
      int64_t of_tensor = 1;
      for (const int64_t size : shape) of_tensor *= size;
      elements += of_tensor;
    }
    EXPECT_EQ(elements, parameters) << name;
    EXPECT_TRUE(model::ValidateModelConfig(BenchShape(name).value()).ok());
  }
  EXPECT_THAT(std::string(BenchShape("gpt-5").status().message()), HasSubstr("qwen2.5-1.5b"));
}

// 2 layers of width 8, 2 heads and 1 key head of 4, a feed-forward of 16, 10 tokens: by hand.
TEST(BenchShapes, CountWhatATokenCosts) {
  model::ModelConfig config = model::testing::SmallConfig();
  config.vocab_size = 10;
  config.num_layers = 2;
  config.num_kv_heads = 1;
  const int64_t layers = 2 * (8 * 8 + 2 * 4 * 8 + 8 * 8 + 3 * 16 * 8);
  config.tie_word_embeddings = true;
  EXPECT_EQ(MatrixElements(config), layers + 80) << "the embedding is the head";
  config.tie_word_embeddings = false;
  EXPECT_EQ(MatrixElements(config), layers + 80) << "the head, and not the embedding";
  EXPECT_EQ(ForwardFlops(config, 5.0), 2.0 * (layers + 80) + 4.0 * 2 * 8 * 5);
  EXPECT_EQ(CacheBytesPerToken(config, 2), 2 * 2 * 4 * 2);
}

TEST(BenchGenerate, CountsEveryToken) {
  BenchGenerateOptions options;
  options.rows = {12, 8};
  options.tokens = 5;
  options.repeats = 1;
  options.limits = true;
  std::vector<nlohmann::ordered_json> results;
  ASSERT_TRUE(BenchGenerate(options, [&](const auto& result) { results.push_back(result); }).ok());
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]["tokens"], 60);
  EXPECT_EQ(results[1]["tokens"], 40);
  for (const auto& result : results) {
    EXPECT_GT(result["tokens_per_second"].get<double>(), 0.0);
    EXPECT_GT(result["decode_tokens_per_second"].get<double>(), 0.0);
    EXPECT_GT(result["share_of_copy_bandwidth"].get<double>(), 0.0);
    EXPECT_LT(result["share_of_matrix_rate"].get<double>(), 1.5);
    EXPECT_GT(result["peak_memory_bytes"].get<int64_t>(), 1 << 20);
    EXPECT_EQ(result["device"], "cpu");
    EXPECT_TRUE(result["launches_per_step"].is_null()) << "a CPU launches no kernels";
  }
}

TEST(BenchTrain, TakesTheStepsThatItWasAskedFor) {
  BenchTrainOptions options;
  options.steps = 3;
  options.responses = 16;
  options.prompt_tokens = 4;
  options.tokens = 6;
  options.limits = true;
  const auto result = BenchTrain(options).value();
  EXPECT_EQ(result["steps"], 3);
  EXPECT_NEAR(result["tokens_per_second"].get<double>() * result["seconds_per_step"].get<double>(), 96.0,
              1e-6);
  EXPECT_GT(result["share_of_matrix_rate"].get<double>(), 0.0);
  options.responses = 12;
  EXPECT_THAT(std::string(BenchTrain(options).status().message()), HasSubstr("multiple of 8"));
}

}  // namespace
}  // namespace drover::model_tool
