// The engine on a GPU gives what it gives on the CPU; skipped, with the reason, where there is none
// (model/testing/device.h). Random numbers are the same, so that tokens are, too, but for ties to rounding.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>

#include "actor/actor_ranks.h"
#include "actor/engine.h"
#include "actor/pass_follower.h"
#include "actor/testing/groups.h"
#include "model/testing/device.h"
#include "model/testing/tiny_models.h"
#include "ranks/testing/run_ranks.h"

namespace drover::actor {
namespace {

using model::testing::TinyConfig;
using model::testing::TinyModel;

class CudaEngine : public model::testing::DeviceTest {
 protected:
  static std::unique_ptr<Engine> EngineOn(torch::Device device, const std::string& family,
                                          const EngineOptions& options = {},
                                          torch::ScalarType dtype = torch::kFloat32) {
    auto model = TinyModel(TinyConfig(family), {.device = device, .dtype = dtype});
    return Engine::Create(options, std::move(model), /*tokenizer=*/nullptr, /*version=*/7).value();
  }

  // Groups of many lengths: more responses than rows, so that rows end, move and are filled again.
  static void AddRequests(Engine& engine) {
    for (uint32_t id = 1; id <= 12; ++id) {
      std::vector<uint32_t> prompt;
      for (uint32_t t = 0; t < 1 + id % 5; ++t) prompt.push_back(2 + (id * 7 + t * 3) % 30);
      GroupRequest request =
          Request(id, prompt, /*size=*/1 + id % 4, /*max_tokens=*/4 + id * 5, id % 3 == 0 ? 0.0 : 1.0);
      request.sampling.set_top_p(id % 3 == 1 ? 0.9 : 1.0);
      ASSERT_TRUE(engine.Add(std::move(request)).ok());
    }
  }
};

void ExpectSame(const std::map<uint64_t, FinishedGroup>& wanted, const std::map<uint64_t, FinishedGroup>& got,
                double tolerance) {
  ASSERT_EQ(wanted.size(), got.size());
  double gap = 0.0;
  for (const auto& [id, group] : wanted) {
    ASSERT_TRUE(got.at(id).status.ok()) << got.at(id).status;
    ASSERT_EQ(group.responses.size(), got.at(id).responses.size());
    for (size_t r = 0; r < group.responses.size(); ++r) {
      const v1::Response &a = group.responses[r], &b = got.at(id).responses[r];
      ASSERT_EQ(a.token_ids_size(), b.token_ids_size()) << "group " << id << ", response " << r;
      for (int t = 0; t < a.token_ids_size(); ++t) {
        ASSERT_EQ(a.token_ids(t), b.token_ids(t)) << "group " << id << ", response " << r << ", token " << t;
        gap = std::max(gap, std::abs(static_cast<double>(a.logprobs(t)) - b.logprobs(t)));
      }
    }
  }
  EXPECT_LT(gap, tolerance);
  model::testing::RecordFigure("logprob_gap_max", gap);
}

TEST_F(CudaEngine, TokensAndLogprobsAreTheCpus) {
  EngineOptions few_rows;
  few_rows.max_batch = 6;
  for (const char* family : {"llama", "llama3", "qwen2", "qwen3"}) {
    const auto cpu = EngineOn(torch::kCPU, family, few_rows), gpu = EngineOn(device(), family, few_rows);
    AddRequests(*cpu);
    AddRequests(*gpu);
    ExpectSame(RunAll(*cpu), RunAll(*gpu), 1e-4);
  }
}

TEST_F(CudaEngine, CompanyChangesNothingBeyondRounding) {
  EngineOptions narrow;
  narrow.max_batch = 4;
  narrow.prefill_tokens = 1;
  const auto wide = EngineOn(device(), "qwen2"), parts = EngineOn(device(), "qwen2", narrow);
  AddRequests(*wide);
  AddRequests(*parts);
  ExpectSame(RunAll(*wide), RunAll(*parts), 1e-4);
}

// LibTorch's numbers for a token change with what else is in the pass: a guess verified by them could change a token.
TEST_F(CudaEngine, NothingIsGuessed) {
  const auto engine = EngineOn(device(), "llama", {.speculation = true, .draft_margin = 0.0});
  const bool rehearsed = device().is_cpu();  // there tokens stand alone, and may be guessed
  EXPECT_EQ(engine->model().TokensStandAlone(), rehearsed);
  AddRequests(*engine);
  RunAll(*engine);
  EXPECT_EQ(engine->counts().drafted_tokens > 0, rehearsed);
}

TEST_F(CudaEngine, Bfloat16GenerationEnds) {
  const auto engine = EngineOn(device(), "qwen2", {}, torch::kBFloat16);
  AddRequests(*engine);
  const auto groups = RunAll(*engine);
  EXPECT_EQ(groups.size(), 12u);
  for (const auto& [id, group] : groups) EXPECT_TRUE(group.status.ok()) << group.status;
}

// They gather through the host's memory: NCCL takes no two ranks on one GPU.
TEST_F(CudaEngine, TwoRanksThatShareTheGpuGiveTheTokensOfOne) {
  const auto alone = EngineOn(device(), "qwen3");
  AddRequests(*alone);
  const auto wanted = RunAll(*alone);
  const auto weights = TinyModel(TinyConfig("qwen3"))->Export().value();
  const auto life = [&](Collectives& collectives) {
    ActorRanks ranks(&collectives);
    auto model =
        model::Transformer::CreateEmpty(TinyConfig("qwen3"), {.device = device(), .group = &ranks}).value();
    if (collectives.rank() > 0) {
      EXPECT_TRUE(FollowPasses(ranks, std::move(model), {}).ok());
      return;
    }
    const auto engine = Engine::Create({.ranks = &ranks}, std::move(model), nullptr, 7).value();
    ASSERT_TRUE(engine->SwapWeights(7, weights).ok());
    AddRequests(*engine);
    ExpectSame(wanted, RunAll(*engine), 1e-4);
  };
  ranks_testing::RunRanks(2, absl::Seconds(60), life, device());
}

TEST_F(CudaEngine, SwappedWeightsAreTheOnesThatSample) {
  const auto gpu = EngineOn(device(), "llama"), cpu = EngineOn(torch::kCPU, "llama");
  const auto weights = TinyModel(TinyConfig("llama"), {}, /*seed=*/5)->Export().value();
  ASSERT_TRUE(gpu->SwapWeights(8, weights).ok());
  ASSERT_TRUE(cpu->SwapWeights(8, weights).ok());
  AddRequests(*cpu);
  AddRequests(*gpu);
  const auto groups = RunAll(*gpu);
  ExpectSame(RunAll(*cpu), groups, 1e-4);
  EXPECT_EQ(groups.at(1).responses[0].versions(0).version(), 8u);
}

TEST_F(CudaEngine, LogitsThatAreNotFiniteFailTheGroup) {
  const auto model = TinyModel(TinyConfig("llama"));
  {
    at::NoGradGuard no_grad;
    model->weights().at("model.norm.weight")[0].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  const auto engine = EngineOn(device(), "llama");
  ASSERT_TRUE(engine->SwapWeights(9, model->Export().value()).ok());
  AddRequests(*engine);
  for (const auto& [id, group] : RunAll(*engine)) {
    EXPECT_THAT(std::string(group.status.message()), ::testing::HasSubstr("weight version 9"));
  }
}

}  // namespace
}  // namespace drover::actor
