// The engine and its memory for keys and values: what it computes once, and what it does where there is little.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "actor/engine.h"
#include "actor/testing/groups.h"
#include "model/pages.h"
#include "model/testing/tiny_models.h"

namespace drover::actor {
namespace {

using model::testing::TinyConfig;
using model::testing::TinyModel;
using ::testing::HasSubstr;

model::ModelConfig EndlessConfig() {
  model::ModelConfig config = TinyConfig();  // 96 positions
  config.eos_token_ids.clear();
  return config;
}

std::unique_ptr<Engine> EngineWith(const EngineOptions& options) {
  return Engine::Create(options, TinyModel(EndlessConfig()), /*tokenizer=*/nullptr, /*version=*/7).value();
}

int64_t BytesOfPages(int64_t pages) { return pages * model::PageBytes(EndlessConfig(), torch::kFloat32); }

std::vector<uint32_t> PromptOf(uint32_t length, uint32_t first) {
  std::vector<uint32_t> prompt;
  for (uint32_t i = 0; i < length; ++i) prompt.push_back((first + 5 * i) % 37);
  return prompt;
}

TEST(EngineMemory, AGroupsPromptIsPrefilledOnce) {
  const auto engine = EngineWith({});
  uint64_t prompts = 0;
  for (uint32_t id = 1; id <= 5; ++id) {
    ASSERT_TRUE(engine->Add(Request(id, PromptOf(11 * id, id), /*size=*/8, /*max_tokens=*/6)).ok());
    prompts += 11 * id;
  }
  EXPECT_EQ(RunAll(*engine).size(), 5u);
  EXPECT_EQ(engine->counts().prefilled_tokens, prompts);
  EXPECT_EQ(engine->counts().shared_tokens, 0u);
  EXPECT_EQ(engine->counts().recomputed_tokens, 0u);
  EXPECT_EQ(engine->counts().used_pages, 0);
}

TEST(EngineMemory, PromptsThatBeginAlikeShareTheirPages) {
  const auto engine = EngineWith({});
  std::vector<uint32_t> first = PromptOf(40, 3), second = first;
  second.back() = 1;
  ASSERT_TRUE(engine->Add(Request(1, first)).ok());
  ASSERT_TRUE(engine->Add(Request(2, second)).ok());
  const auto together = RunAll(*engine);
  ASSERT_TRUE(engine->Add(Request(3, second)).ok());
  RunAll(*engine);
  EXPECT_EQ(engine->counts().prefilled_tokens, 40u + 8u + 8u);
  EXPECT_EQ(engine->counts().shared_tokens, 32u + 32u);
  const auto fresh = EngineWith({});
  ASSERT_TRUE(fresh->Add(Request(2, second)).ok());
  const auto alone = RunAll(*fresh);
  for (size_t r = 0; r < 4; ++r) {
    EXPECT_THAT(together.at(2).responses[r].token_ids(),
                ::testing::ElementsAreArray(alone.at(2).responses[r].token_ids()));
  }
}

// Responses of 1 to 70 tokens, 16 at a time, of which a few fit.
std::map<uint64_t, FinishedGroup> RunCrowd(Engine& engine) {
  for (uint32_t id = 1; id <= 8; ++id) {
    const uint32_t max_tokens = id % 3 == 0 ? 70 : 4 * id;
    EXPECT_TRUE(engine.Add(Request(id, PromptOf(3 * id, id), /*size=*/1 + id % 4, max_tokens)).ok());
  }
  return RunAll(engine);
}

TEST(EngineMemory, PreemptionChangesNoResponse) {
  const auto ample = EngineWith({.max_batch = 16});
  const auto wanted = RunCrowd(*ample);
  EXPECT_EQ(ample->counts().preemptions, 0u);
  for (const int64_t prefill : {3, 4096}) {
    const auto tight =
        EngineWith({.max_batch = 16, .prefill_tokens = prefill, .cache_bytes = BytesOfPages(10)});
    EXPECT_EQ(tight->counts().pages, 10);
    EXPECT_EQ(tight->cache_bytes(), BytesOfPages(10));
    const auto got = RunCrowd(*tight);
    EXPECT_GT(tight->counts().preemptions, 0u);
    EXPECT_EQ(tight->counts().used_pages, 0);
    ASSERT_EQ(got.size(), wanted.size());
    for (const auto& [id, group] : wanted) {
      for (size_t r = 0; r < group.responses.size(); ++r) {
        const v1::Response &a = group.responses[r], &b = got.at(id).responses[r];
        ASSERT_THAT(b.token_ids(), ::testing::ElementsAreArray(a.token_ids())) << "group " << id;
        EXPECT_THAT(b.logprobs(), ::testing::ElementsAreArray(a.logprobs())) << "group " << id;
      }
    }
  }
}

TEST(EngineMemory, NewWeightsShareNothingWithOldOnes) {
  const auto engine = EngineWith({});
  ASSERT_TRUE(engine->Add(Request(1, PromptOf(40, 3))).ok());
  RunAll(*engine);
  const auto other = TinyModel(EndlessConfig(), {}, /*seed=*/2);
  ASSERT_TRUE(engine->SwapWeights(8, other->Export().value()).ok());
  ASSERT_TRUE(engine->Add(Request(2, PromptOf(40, 3))).ok());
  RunAll(*engine);
  EXPECT_EQ(engine->counts().prefilled_tokens, 80u);
}

TEST(EngineMemory, TheContextIsWhatTheBudgetHolds) {
  const auto engine = EngineWith({.cache_bytes = BytesOfPages(3) - 1});
  EXPECT_EQ(engine->context(), 32);
  const absl::Status refused = engine->Add(Request(1, PromptOf(20, 1), 1, 13));
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("over the context of 32 tokens"));
  ASSERT_TRUE(engine->Add(Request(1, PromptOf(20, 1), 4, 12)).ok());
  EXPECT_EQ(RunAll(*engine).at(1).responses[3].token_ids_size(), 12);

  const auto create = [](const EngineOptions& options) {
    return Engine::Create(options, TinyModel(EndlessConfig()), nullptr, 0).status();
  };
  EXPECT_THAT(std::string(create({.max_context = 33, .cache_bytes = BytesOfPages(2)}).message()),
              HasSubstr("one response of 33 tokens"));
  EXPECT_THAT(std::string(create({.cache_bytes = -1}).message()),
              HasSubstr("engine option cache_bytes is -1"));
}

}  // namespace
}  // namespace drover::actor
