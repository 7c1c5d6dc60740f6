// A model that several ranks hold together computes the bits of one that is whole.
#include "model/rank_gather.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "model/kv_cache.h"
#include "model/testing/model_directory.h"
#include "model/testing/thread_ranks.h"
#include "model/testing/tiny_models.h"
#include "model/transformer.h"

namespace drover::model {
namespace {

using testing::RunThreadRanks;
using testing::TinyConfig;
using testing::TinyModel;

TEST(RankGather, ColumnsOfUnequalWidthComeInOrder) {
  RunThreadRanks(3, [](RankGroup& group) {
    const torch::Tensor all = at::arange(2 * 5 * 7, at::kFloat).view({2, 5, 7});
    const RowRun run = RunOf(7, group.share());
    EXPECT_TRUE(at::equal(GatherColumns(all.narrow(-1, run.begin, run.size), 7, &group), all));
  });
  const torch::Tensor alone = at::ones({2, 3});
  EXPECT_TRUE(GatherColumns(alone, 3, nullptr).is_same(alone));
}

TEST(RankGather, RowsComeFromTheRankThatHasThem) {
  RunThreadRanks(3, [](RankGroup& group) {
    const torch::Tensor table = at::arange(10 * 4, at::kFloat).view({10, 4}).neg();
    const RowRun run = RunOf(10, group.share());
    const torch::Tensor ids = at::tensor(std::vector<int64_t>{9, 0, 4, 3, 6, 7, 0});
    const torch::Tensor rows = GatherRows(ids, 10, &group, [&](const torch::Tensor& own) {
      return table.narrow(0, run.begin, run.size).index_select(0, own);
    });
    EXPECT_TRUE(at::equal(rows, table.index_select(0, ids)));
    EXPECT_TRUE(at::signbit(rows[1][0]).item<bool>()) << "-0 stays -0";
  });
}

// Prompts and single tokens in passes over a cache, three sequences beside each other: the logits of all passes.
std::vector<torch::Tensor> LogitsOfPasses(Transformer& model) {
  KvCache cache(WithOwnHeads(model.config(), model.share()), {.pages = 8, .dtype = model.options().dtype});
  const std::vector<std::vector<int32_t>> tables = {{3, 0}, {5, 1}, {2, 7}};
  std::vector<int64_t> positions = {0, 0, 0};
  std::vector<torch::Tensor> logits;
  for (const std::vector<int64_t>& tokens :
       std::vector<std::vector<int64_t>>{{11, 0, 5}, {1, 1, 0}, {7, 18, 1}, {1, 1, 1}, {0, 1, 1}}) {
    std::vector<int64_t> ids;
    std::vector<Part> parts;
    for (size_t s = 0; s < tables.size(); ++s) {
      if (tokens[s] == 0) continue;
      parts.push_back({positions[s], tokens[s], tables[s]});
      for (int64_t i = 0; i < tokens[s]; ++i, ++positions[s]) {
        ids.push_back((7 * positions[s] + 11 * static_cast<int64_t>(s) + 3) % model.config().vocab_size);
      }
    }
    logits.push_back(model.Logits(model.Extend(ids, parts, &cache)));
  }
  return logits;
}

int64_t Bytes(const std::map<std::string, torch::Tensor>& tensors) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

using Case = std::tuple<std::string, int, torch::ScalarType>;
class SharedFamilies : public ::testing::TestWithParam<Case> {};

TEST_P(SharedFamilies, HaveTheBitsOfTheWholeModel) {
  const auto& [family, ranks, dtype] = GetParam();
  TransformerOptions options;
  options.dtype = dtype;
  const auto whole = TinyModel(TinyConfig(family), options);
  const WeightSet weights = whole->Export().value();
  const std::vector<torch::Tensor> wanted = LogitsOfPasses(*whole);
  RunThreadRanks(ranks, [&, dtype = dtype](RankGroup& group) {
    TransformerOptions shared;
    shared.dtype = dtype;
    shared.group = &group;
    const auto part = Transformer::CreateEmpty(whole->config(), shared).value();
    const absl::Status taken = part->Import(weights);
    EXPECT_TRUE(taken.ok()) << taken.ToString();
    // Norms and their like alone are held by all.
    int64_t vectors = 0;
    for (const auto& [name, tensor] : whole->weights()) {
      if (tensor.dim() == 1) vectors += static_cast<int64_t>(tensor.nbytes());
    }
    const int64_t own = Bytes(part->weights()), all = Bytes(whole->weights());
    EXPECT_EQ(own, static_cast<int64_t>(c10::elementSize(dtype)) *
                       CountSharedWeights(whole->config(), group.share()).all);
    EXPECT_LT(own, all / group.share().ranks + vectors + all / 6);
    const std::vector<torch::Tensor> got = LogitsOfPasses(*part);
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(at::equal(got[i], wanted[i])) << "pass " << i << " of rank " << group.share().rank;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, SharedFamilies,
                         ::testing::Combine(::testing::Values("llama", "llama3", "mistral", "qwen2", "qwen3",
                                                              "smollm3", "gemma2", "gemma3_text", "phi3",
                                                              "olmo2"),
                                            ::testing::Values(2, 4),
                                            ::testing::Values(torch::kFloat32, torch::kBFloat16)));

TEST(SharedModel, AdaptersAreSharedOutWithTheirWeights) {
  for (const char* family : {"llama", "phi3"}) {
    TransformerOptions options;
    options.dtype = torch::kBFloat16;
    options.lora = LoraConfig{.rank = 3, .alpha = 6};
    const auto whole = Transformer::Create(TinyConfig(family), options, 1, /*init_std=*/0.25).value();
    for (const auto& [name, tensor] : whole->versioned()) tensor.fill_(0.125);
    const WeightSet base = whole->ExportBase().value(), adapters = whole->Export().value();
    const std::vector<torch::Tensor> wanted = LogitsOfPasses(*whole);
    RunThreadRanks(2, [&](RankGroup& group) {
      TransformerOptions shared = options;
      shared.group = &group;
      const auto part = Transformer::CreateEmpty(whole->config(), shared).value();
      EXPECT_TRUE(part->ImportBase(base).ok());
      EXPECT_TRUE(part->Import(adapters).ok());
      const std::vector<torch::Tensor> got = LogitsOfPasses(*part);
      for (size_t i = 0; i < wanted.size(); ++i) EXPECT_TRUE(at::equal(got[i], wanted[i])) << family;
    });
  }
}

TEST(SharedModel, IsLoadedFromFilesRowByRow) {
  const ModelConfig config = TinyConfig("qwen2");
  const std::string dir = ::testing::TempDir() + "/shared_model";
  testing::WriteModelDirectory(dir, config, testing::FilledWeights(config));
  const auto whole = Transformer::Load(dir, {}).value();
  RunThreadRanks(2, [&](RankGroup& group) {
    const auto part = Transformer::Load(dir, {.group = &group}).value();
    for (const auto& [name, tensor] : part->weights()) {
      const torch::Tensor& all = whole->weights().at(name);
      if (tensor.sizes() == all.sizes()) {
        EXPECT_TRUE(at::equal(tensor, all)) << name;
        continue;
      }
      const RowRun run = RunOf(all.size(0), group.share());
      EXPECT_TRUE(at::equal(tensor, all.narrow(0, run.begin, run.size))) << name;
    }
  });
}

TEST(SharedModel, WhatDoesNotFitIsRefused) {
  RunThreadRanks(3, [](RankGroup& group) {
    const absl::Status heads = Transformer::CreateEmpty(TinyConfig(), {.group = &group}).status();
    EXPECT_THAT(std::string(heads.message()), ::testing::HasSubstr("4 query heads"));
    const absl::Status trained =
        Transformer::CreateEmpty(TinyConfig(), {.trainable = true, .group = &group}).status();
    EXPECT_THAT(std::string(trained.message()), ::testing::HasSubstr("trained"));
  });
  RunThreadRanks(2, [](RankGroup& group) {
    const auto part = Transformer::CreateEmpty(TinyConfig(), {.group = &group}).value();
    ModelConfig other = TinyConfig();
    other.vocab_size = 36;
    const absl::Status refused = part->Import(TinyModel(other)->Export().value());
    EXPECT_THAT(std::string(refused.message()),
                ::testing::HasSubstr("[36, 24], the configuration makes it [37, 24]"));
  });
}

}  // namespace
}  // namespace drover::model
