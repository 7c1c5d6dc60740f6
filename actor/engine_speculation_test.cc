// Speculation changes nothing: with guesses and without, responses are equal to the last bit of their log-probabilities.
// Most of these engines work on every guess there is (draft_margin 0), right or wrong.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <tuple>

#include "actor/engine.h"
#include "actor/testing/groups.h"
#include "base/random.h"
#include "model/pages.h"
#include "model/testing/tiny_models.h"

namespace drover::actor {
namespace {

using model::testing::TinyConfig;
using model::testing::TinyModel;

constexpr char kLetters[] =
    "abcdefghijklmnopqrstuvwxyz012345678";  // and <pad>, <eos>: TinyConfig's vocabulary

EngineOptions Eager(EngineOptions options = {}) {
  options.speculation = true;
  options.draft_margin = 0.0;
  return options;
}

EngineOptions Plain(EngineOptions options = {}) {
  options.speculation = false;
  return options;
}

struct Model {
  std::string family = "llama";
  torch::ScalarType dtype = torch::kFloat32;
  bool with_eos = false;
};

std::unique_ptr<Engine> EngineOf(const Model& which, const EngineOptions& options,
                                 const model::Tokenizer* tokenizer = nullptr) {
  model::ModelConfig config = TinyConfig(which.family);
  if (!which.with_eos) config.eos_token_ids.clear();
  return Engine::Create(options, TinyModel(config, {.dtype = which.dtype}), tokenizer, /*version=*/7).value();
}

// Greedy ones, which soon repeat themselves, ones that never do, and ones with each of the filters.
std::vector<GroupRequest> Requests() {
  std::vector<GroupRequest> requests = {
      Request(1, {3, 4, 5}, 1, 80, 0.0),    Request(2, {9, 8, 7, 6, 9, 8, 7}, 3, 60, 0.5),
      Request(3, {30}, 2, 5, 3.0),          Request(4, {11, 12, 11, 12, 11}, 4, 40, 1.0),
      Request(5, {7, 7, 7, 7}, 1, 1, 0.0),  Request(6, {20, 21, 22, 20, 21}, 2, 50, 0.8),
      Request(7, {13, 14, 15}, 3, 70, 0.01)};
  requests[3].sampling.set_top_k(3);
  requests[5].sampling.set_top_p(0.7);
  requests[1].sampling.set_min_p(0.2);
  return requests;
}

std::map<uint64_t, FinishedGroup> RunAll(Engine& engine, const std::vector<GroupRequest>& requests) {
  for (const GroupRequest& request : requests) EXPECT_TRUE(engine.Add(request).ok());
  return RunAll(engine);
}

// Tokens, log-probabilities, versions, texts and reasons, by their bytes.
void ExpectSame(const std::map<uint64_t, FinishedGroup>& wanted,
                const std::map<uint64_t, FinishedGroup>& got) {
  ASSERT_EQ(wanted.size(), got.size());
  for (const auto& [id, group] : wanted) {
    ASSERT_EQ(group.responses.size(), got.at(id).responses.size());
    for (size_t r = 0; r < group.responses.size(); ++r) {
      const v1::Response &a = group.responses[r], &b = got.at(id).responses[r];
      ASSERT_THAT(b.token_ids(), ::testing::ElementsAreArray(a.token_ids())) << "group " << id << ", " << r;
      EXPECT_EQ(a.SerializeAsString(), b.SerializeAsString()) << "group " << id << ", response " << r;
    }
  }
}

class SpeculationOf : public ::testing::TestWithParam<std::tuple<const char*, torch::ScalarType>> {};

TEST_P(SpeculationOf, ChangesNoBit) {
  const Model model = {std::get<0>(GetParam()), std::get<1>(GetParam()), /*with_eos=*/true};
  const auto plain = EngineOf(model, Plain());
  const auto wanted = RunAll(*plain, Requests());
  EXPECT_EQ(plain->counts().drafted_tokens, 0u);
  for (const int64_t batch : {1, 3, 64}) {
    for (const int64_t prefill : {1, 4096}) {
      for (const bool eager : {false, true}) {
        EngineOptions options = {.max_batch = batch, .prefill_tokens = prefill, .speculation = true};
        if (eager) options = Eager(options);
        const auto engine = EngineOf(model, options);
        ExpectSame(wanted, RunAll(*engine, Requests()));
        EXPECT_EQ(engine->tokens_sampled(), plain->tokens_sampled());
        EXPECT_EQ(engine->counts().used_pages, 0);
        if (!eager) continue;
        EXPECT_GT(engine->counts().accepted_tokens, 50u);
        EXPECT_GT(engine->counts().drafted_tokens, engine->counts().accepted_tokens + 50);
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, SpeculationOf,
                         ::testing::Combine(::testing::Values("llama", "llama3", "qwen2", "qwen3"),
                                            ::testing::Values(torch::kFloat32, torch::kBFloat16)));

TEST(Speculation, TakesFewerPassesForATextThatRepeats) {
  const auto steps = [](const EngineOptions& options) {
    const auto engine = EngineOf({}, options);
    EXPECT_TRUE(engine->Add(Request(1, {3, 4, 5}, 1, 90, 0.0)).ok());
    int steps = 0;
    for (; engine->groups() > 0; ++steps) engine->Step();
    return steps;
  };
  EXPECT_EQ(steps(Plain()), 90);
  EXPECT_LT(steps(Eager()), 60);
}

// The second response is guessed from the first, which is done: greedy ones are equal.
TEST(Speculation, GuessesFromSiblings) {
  const auto engine = EngineOf({}, Eager({.max_batch = 1}));
  ASSERT_TRUE(engine->Add(Request(1, {3, 4, 5}, 2, 90, 0.0)).ok());
  int first = 0;
  for (; engine->queued() > 0; ++first) engine->Step();
  int second = 0;
  for (; engine->groups() > 0; ++second) engine->Step();
  EXPECT_LT(second, 12) << "16 guesses a pass, after " << first << " of the first response";
}

TEST(Speculation, ObeysASmallBudgetAndChangesNothingUnderPreemption) {
  const std::vector<GroupRequest> requests = Requests();
  const auto wanted = RunAll(*EngineOf({}, Plain()), requests);
  const int64_t page = model::PageBytes(TinyConfig(), torch::kFloat32);
  for (const int64_t pages : {6, 9, 14}) {
    const auto engine =
        EngineOf({}, Eager({.max_batch = 16, .prefill_tokens = 24, .cache_bytes = pages * page}));
    ExpectSame(wanted, RunAll(*engine, requests));
    EXPECT_GT(engine->counts().preemptions, 0u) << pages;
    EXPECT_GT(engine->counts().accepted_tokens, 0u);
    EXPECT_EQ(engine->counts().used_pages, 0);
  }
}

TEST(Speculation, StopTextsEndInTheMiddleOfGuesses) {
  const auto tokenizer = model::Tokenizer::Parse(model::CharacterTokenizerJson(kLetters)).value();
  const GroupRequest free_request = Request(1, {3, 4, 5}, 3, 60, 0.3);
  const auto free_run = RunAll(*EngineOf({}, Plain(), tokenizer.get()), {free_request});
  for (const v1::Response& response : free_run.at(1).responses) ASSERT_GT(response.text().size(), 38u);
  for (const size_t length : {1, 2, 5}) {
    for (const size_t begin : {0, 7, 20, 33}) {
      GroupRequest request = free_request;
      request.sampling.add_stop(free_run.at(1).responses[begin % 3].text().substr(begin, length));
      request.sampling.add_stop("<pad>");
      request.sampling.set_keep_stop(begin % 2 == 0);
      const auto wanted = RunAll(*EngineOf({}, Plain(), tokenizer.get()), {request});
      const auto engine = EngineOf({}, Eager(), tokenizer.get());
      ExpectSame(wanted, RunAll(*engine, {request}));
    }
  }
}

// Groups are cancelled while others go on, at random moments; those that are left are what they are.
TEST(Speculation, CancelsLeaveTheOthersAlone) {
  const auto wanted = RunAll(*EngineOf({}, Plain()), Requests());
  RandomStream random(1, RandomPurpose::kQuestions, 0);
  for (int trial = 0; trial < 20; ++trial) {
    const auto engine = EngineOf({}, Eager({.max_batch = 6}));
    for (const GroupRequest& request : Requests()) ASSERT_TRUE(engine->Add(request).ok());
    std::map<uint64_t, FinishedGroup> got;
    while (engine->groups() > 0) {
      for (FinishedGroup& group : engine->Step()) got[group.id] = std::move(group);
      if (random.Below(8) == 0) engine->Cancel(1 + random.Below(7));
    }
    std::map<uint64_t, FinishedGroup> wanted_of_those;
    for (const auto& [id, group] : got) wanted_of_those[id] = wanted.at(id);
    ExpectSame(wanted_of_those, got);
    EXPECT_EQ(engine->counts().used_pages, 0);
  }
}

// A response that was at token t when the weights changed is the one whose weights change there without guesses.
TEST(Speculation, WeightsChangeBetweenThePassesAsWithout) {
  const model::WeightSet weights = [] {
    model::ModelConfig config = TinyConfig();
    config.eos_token_ids.clear();
    return TinyModel(config, {}, /*seed=*/2)->Export().value();
  }();
  const GroupRequest request = Request(1, {3, 4, 5, 3, 4}, 4, 90, 0.2);
  for (const int steps : {1, 3, 5}) {  // of at most 17 tokens
    const auto engine = EngineOf({}, Eager());
    ASSERT_TRUE(engine->Add(request).ok());
    for (int i = 0; i < steps; ++i) engine->Step();
    ASSERT_TRUE(engine->SwapWeights(8, weights).ok());
    const auto got = RunAll(*engine);
    for (uint32_t r = 0; r < 4; ++r) {
      const v1::Response& response = got.at(1).responses[r];
      ASSERT_EQ(response.versions_size(), 2);
      const auto plain = EngineOf({}, Plain());  // a token a step
      ASSERT_TRUE(plain->Add(request).ok());
      for (uint32_t i = 0; i < response.versions(0).count(); ++i) plain->Step();
      ASSERT_TRUE(plain->SwapWeights(8, weights).ok());
      EXPECT_EQ(RunAll(*plain).at(1).responses[r].SerializeAsString(), response.SerializeAsString())
          << steps << " steps, response " << r;
    }
  }
}

TEST(Speculation, LogitsThatAreNotFiniteFailTheGroupAtItsToken) {
  const auto broken = TinyModel(TinyConfig());
  {
    at::NoGradGuard no_grad;
    broken->weights().at("model.norm.weight")[0].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  const auto engine = EngineOf({}, Eager());
  ASSERT_TRUE(engine->Add(Request(1, {3, 4, 5}, 1, 80, 0.0)).ok());
  for (int i = 0; i < 3; ++i) engine->Step();
  const uint64_t before = engine->tokens_sampled();
  ASSERT_TRUE(engine->SwapWeights(8, broken->Export().value()).ok());
  const auto groups = RunAll(*engine);
  EXPECT_EQ(groups.at(1).status.message(), "group 101, response 0, token " + std::to_string(before) +
                                               ": the logits of weight version 8 are not all finite");
  EXPECT_EQ(engine->counts().used_pages, 0);
}

TEST(Speculation, AMarginBelowZeroIsRefused) {
  EXPECT_EQ(Engine::Create({.draft_margin = -1.0}, TinyModel(TinyConfig()), nullptr, 0).status().message(),
            "engine option draft_margin is -1, must be at least 0");
}

}  // namespace
}  // namespace drover::actor
