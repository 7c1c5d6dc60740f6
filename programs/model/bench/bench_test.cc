#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "model/ops.h"
#include "model/testing/shapes.h"
#include "model/weight_shapes.h"
#include "programs/model/bench/generate.h"
#include "programs/model/bench/lengths.h"
#include "programs/model/bench/linear_meter.h"
#include "programs/model/bench/meter.h"
#include "programs/model/bench/prompts.h"
#include "programs/model/bench/shapes.h"
#include "programs/model/bench/train.h"
#include "programs/model/bench/unlike_lengths.h"

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
  EXPECT_EQ(model::CountWeights(config).matrices, layers + 80) << "the embedding is the head";
  config.tie_word_embeddings = false;
  EXPECT_EQ(model::CountWeights(config).matrices, layers + 80) << "the head, and not the embedding";
  EXPECT_EQ(ForwardFlops(config, 5.0), 2.0 * (layers + 80) + 4.0 * 2 * 8 * 5);
  EXPECT_EQ(CacheBytesPerToken(config, 2), 2 * 2 * 4 * 2);
}

TEST(BenchGenerate, CountsEveryToken) {
  BenchGenerateOptions options;
  options.rows = {12, 8};
  options.tokens = {5, 5};
  options.repeats = 1;
  std::vector<nlohmann::ordered_json> results;
  ASSERT_TRUE(BenchGenerate(options, [&](const auto& result) { results.push_back(result); }).ok());
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]["tokens"], 60);
  EXPECT_EQ(results[1]["tokens"], 40);
  for (const auto& result : results) {
    EXPECT_GT(result["tokens_per_second"].get<double>(), 0.0);
    EXPECT_GT(result["decode_tokens_per_second"].get<double>(), 0.0);
    EXPECT_GT(result["prefill_tokens_per_second"].get<double>(), 0.0);
    EXPECT_GT(result["first_token_seconds"].get<double>(), 0.0);
    EXPECT_GT(result["share_of_copy_bandwidth"].get<double>(), 0.0);
    EXPECT_GT(result["share_of_gemm_rate"].get<double>(), 0.0);
    EXPECT_GT(result["linear_seconds_share"].get<double>(), 0.0);
    EXPECT_LT(result["linear_seconds_share"].get<double>(), 1.0);
    EXPECT_GT(result["linear_share_of_gemm_rate"].get<double>(), 0.0);
    EXPECT_FALSE(result.contains("limits")) << "nobody asked";
    EXPECT_GT(result["peak_memory_bytes"].get<int64_t>(), 1 << 20);
    EXPECT_EQ(result["device"], "cpu");
    EXPECT_TRUE(result["launches_per_step"].is_null()) << "a CPU launches no kernels";
  }
}

TEST(BenchGenerate, SaysTheLimitsThatItsSharesAreOf) {
  BenchGenerateOptions options;
  options.rows = {8};
  options.tokens = {3, 3};
  options.repeats = 1;
  options.limits = true;
  nlohmann::ordered_json result;
  ASSERT_TRUE(BenchGenerate(options, [&](const auto& one) { result = one; }).ok());
  EXPECT_GT(result["limits"]["copy_bytes_per_second"].get<double>(), 0.0);
  EXPECT_GT(result["limits"]["matrix_flops_per_second"].get<double>(), 0.0);
}

TEST(LinearMeter, CountsTheProductsOfLinearLayersAlone) {
  at::NoGradGuard no_grad;
  const torch::Tensor x = at::ones({3, 16});
  const model::ops::LinearWeights weights = {.weight = at::ones({5, 16}), .bias = at::ones({5})};
  torch::Tensor sum = at::zeros({3, 5});
  {
    const LinearMeter meter;
    model::ops::Norm(x, at::ones({16}), {}, at::kFloat, at::kFloat);
    at::mm(x, x.t());
    EXPECT_EQ(meter.flops(), 0.0);
    EXPECT_EQ(meter.seconds(), 0.0);
    model::ops::Linear(x, weights, at::kFloat);
    EXPECT_EQ(meter.flops(), 2.0 * 3 * 5 * 16);
    EXPECT_GT(meter.seconds(), 0.0);
    model::ops::AddLinear(sum, x, weights);
    EXPECT_EQ(meter.flops(), 2 * 2.0 * 3 * 5 * 16);
  }
  model::ops::Linear(x, weights, at::kFloat);
  const LinearMeter later;
  EXPECT_EQ(later.flops(), 0.0) << "nobody counted what came between";
  model::ops::Linear(x, weights, at::kFloat);
  EXPECT_EQ(later.flops(), 2.0 * 3 * 5 * 16);
}

TEST(PeakMemory, IsOfWhatCameSinceItWasReset) {
  constexpr int64_t kBytes = int64_t{128} << 20;
  if (!ResetPeakMemory(at::kCPU)) GTEST_SKIP() << "skipped: /proc/self/clear_refs cannot be written";
  const int64_t before = PeakMemory(at::kCPU);
  at::ones({kBytes}, at::kByte);
  EXPECT_GT(PeakMemory(at::kCPU), before + kBytes / 2) << "it is gone again, and counts";
  ASSERT_TRUE(ResetPeakMemory(at::kCPU));
  EXPECT_LT(PeakMemory(at::kCPU), before + kBytes / 2);
}

TEST(BenchGenerate, SpeculationSamplesTheSameNumberOfTokens) {
  BenchGenerateOptions options;
  options.rows = {1};
  options.tokens = {30, 30};
  options.repeats = 1;
  options.temperature = 0.0;
  options.speculation = true;
  nlohmann::ordered_json result;
  ASSERT_TRUE(BenchGenerate(options, [&](const auto& one) { result = one; }).ok());
  EXPECT_EQ(result["tokens"], 30);
  EXPECT_EQ(result["speculation"], true);
  EXPECT_LE(result["accepted_tokens"].get<int64_t>(), result["drafted_tokens"].get<int64_t>());
}

TEST(BenchPrompts, AreThoseOfTheFile) {
  const std::string dir = ::testing::TempDir() + "/bench_prompts";
  std::filesystem::create_directories(dir);
  std::ofstream(dir + "/tokenizer.json") << model::CharacterTokenizerJson("abc");
  const std::string file = dir + "/prompts.jsonl";
  std::ofstream(file) << "{\"id\":0,\"prompt\":\"cab\"}\n{\"id\":1,\"prompt_token_ids\":[2,0]}\n";
  const auto tokenizer = model::Tokenizer::Load(dir).value();
  const auto prompts = BenchPrompts(dir, file, "none").value();
  ASSERT_EQ(prompts.size(), 2u);
  EXPECT_EQ(prompts[0], tokenizer->Encode("cab").value());
  EXPECT_THAT(prompts[1], ::testing::ElementsAre(2, 0));
  EXPECT_TRUE(BenchPrompts(dir, "", "none").value().empty());
  EXPECT_THAT(std::string(BenchPrompts("", file, "none").status().message()), HasSubstr("needs a --model"));
  std::ofstream(file) << "";
  EXPECT_THAT(std::string(BenchPrompts(dir, file, "none").status().message()), HasSubstr("has no prompts"));
  std::ofstream(file) << "{\"id\":0,\"prompt\":\"cab\"}\n{\"id\":1}\n";
  EXPECT_THAT(std::string(BenchPrompts(dir, file, "none").status().message()),
              HasSubstr("prompts.jsonl:2: "));
}

TEST(BenchTrain, TakesTheStepsThatItWasAskedFor) {
  BenchTrainOptions options;
  options.steps = 3;
  options.sequences = 16;
  options.prompt_tokens = 4;
  options.response_tokens = {3, 9};
  for (const bool again : {false, true}) {
    options.activation_checkpointing = again;
    const auto result = BenchTrain(options).value();
    const double seconds = result["seconds_per_step"];
    EXPECT_EQ(result["steps"], 3);
    EXPECT_NEAR(result["response_tokens_per_second"].get<double>() * seconds, 96.0, 1e-6);
    EXPECT_NEAR(result["tokens_per_second"].get<double>() * seconds, 96.0 + 64.0, 1e-6);
    EXPECT_GT(result["share_of_gemm_rate"].get<double>(), 0.0);
    double phases = 0.0;
    for (const auto& [name, of_phase] : result["seconds"].items()) phases += of_phase.get<double>();
    EXPECT_GT(phases, 0.0);
    EXPECT_EQ(result["seconds"]["scoring"], 0.0)
        << "strictly on-policy: the step's own pass gives the old policy's";
  }
  options.sequences = 12;
  EXPECT_THAT(std::string(BenchTrain(options).status().message()), HasSubstr("multiple of 8"));
}

TEST(BenchLengths, AreSpreadOverTheirRange) {
  const auto lengths = [](const char* text, uint32_t count) {
    return SpreadLengths(ParseTokenRange("--new-tokens", text).value(), count);
  };
  EXPECT_THAT(lengths("7", 3), testing::ElementsAre(7, 7, 7));
  EXPECT_THAT(lengths("64..256", 5), testing::ElementsAre(64, 112, 160, 208, 256));
  EXPECT_THAT(lengths("2..3", 1), testing::ElementsAre(2));
  EXPECT_EQ(ToString({7, 7}), "7");
  EXPECT_EQ(ToString({64, 256}), "64..256");
  for (const char* bad : {"", "0", "8..4", "4..", "..4", "4-8", "x", "1..2..3"}) {
    const absl::Status status = ParseTokenRange("--new-tokens", bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("--new-tokens is")) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("64..256")) << bad;
  }
}

TEST(BenchUnlikeLengths, AreThoseOfTheRangeInAnOrderOfTheirOwnBesideAsManyTokensOfOneLength) {
  const UnlikeWork work = {.tokens = {2, 40}, .rows = 4, .batches = 5};
  std::vector<uint32_t> unlike = UnlikeLengths(work);
  const std::vector<uint32_t> even = EvenLengths(work);
  EXPECT_FALSE(std::is_sorted(unlike.begin(), unlike.end()));
  const auto sum = [](const auto& lengths) { return std::accumulate(lengths.begin(), lengths.end(), 0u); };
  EXPECT_EQ(sum(unlike), sum(even));
  EXPECT_LE(*std::max_element(even.begin(), even.end()), *std::min_element(even.begin(), even.end()) + 1);
  EXPECT_EQ(even.size(), 20u);
  std::sort(unlike.begin(), unlike.end());
  EXPECT_EQ(unlike, SpreadLengths({2, 40}, 20));
}

// Even lengths fill the rows from the first step to the last.
TEST(BenchGenerate, OfUnlikeLengthsSamplesAsManyTokensAsOfOneLength) {
  BenchGenerateOptions options;
  options.tokens = {2, 40};
  options.batches = 10;
  options.repeats = 1;
  for (const uint32_t rows : {8u, 16u}) {
    options.rows = {rows};
    nlohmann::ordered_json result;
    ASSERT_TRUE(BenchGenerate(options, [&](const auto& one) { result = one; }).ok());
    EXPECT_EQ(result["rows"], rows);
    EXPECT_EQ(result["responses"], rows * 10);
    EXPECT_EQ(result["tokens"], rows * 10 * 21);
    EXPECT_EQ(result["new_tokens"], "2..40");
    EXPECT_DOUBLE_EQ(result["even_tokens_per_step"].get<double>(), rows);
    // The last responses run alone; a group's first tokens are drawn together, whoever has a row yet.
    EXPECT_GT(result["tokens_per_step"].get<double>(), 0.8 * rows);
    EXPECT_LT(result["tokens_per_step"].get<double>(), 1.1 * rows);
    EXPECT_DOUBLE_EQ(
        result["tokens_per_second"].get<double>() / result["even_tokens_per_second"].get<double>(),
        result["share_of_even"].get<double>());
  }
  options.rows = {8, 4};
  EXPECT_THAT(std::string(BenchGenerate(options, [](const auto&) {}).message()),
              HasSubstr("--batch: several numbers of rows"));
}

// Seven rows: a group of four and what is left, seven groups of one, one group that is not full.
TEST(BenchGenerate, GroupsFillTheRows) {
  for (const uint32_t group_size : {4u, 1u, 8u}) {
    BenchGenerateOptions options;
    options.rows = {7};
    options.group_size = group_size;
    options.tokens = {3, 3};
    options.repeats = 1;
    nlohmann::ordered_json result;
    ASSERT_TRUE(BenchGenerate(options, [&](const auto& one) { result = one; }).ok());
    EXPECT_EQ(result["tokens"], 21);
    EXPECT_EQ(result["group_size"], group_size);
  }
}

TEST(BenchGenerate, OfSeveralProcessesNeedsADirectory) {
  BenchGenerateOptions options;
  options.tensor_parallel = 2;
  const absl::Status status = BenchGenerate(options, [](const auto&) {});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--tensor-parallel: needs a --model"));
}

}  // namespace
}  // namespace drover::model_tool
