#include "actor/engine.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "actor/sampler.h"
#include "actor/testing/groups.h"
#include "base/random.h"
#include "model/testing/tiny_models.h"

namespace drover::actor {
namespace {

using model::testing::NaiveLogits;
using model::testing::NaiveLogSoftmax;
using model::testing::TinyConfig;
using model::testing::TinyModel;
using model::testing::ToNaive;
using ::testing::HasSubstr;

constexpr char kAlphabet[] =
    "abcdefghijklmnopqrstuvwxyz012345678";  // 35 and <pad>, <eos>: TinyConfig's vocabulary

std::unique_ptr<Engine> MakeEngine(const EngineOptions& options = {},
                                   const model::Tokenizer* tokenizer = nullptr, bool with_eos = true,
                                   const std::string& family = "llama") {
  model::ModelConfig config = TinyConfig(family);
  if (!with_eos) config.eos_token_ids.clear();
  return Engine::Create(options, TinyModel(config), tokenizer, /*version=*/7).value();
}

std::vector<GroupRequest> MixedRequests() {
  return {Request(1, {3, 4, 5}), Request(2, {9, 8, 7, 6, 5, 4, 3}, 3, 20, 0.7), Request(3, {30}, 2, 5),
          Request(4, {11, 12}, 8, 9, 2.0)};
}

std::vector<uint32_t> Tokens(const v1::Response& response) {
  return {response.token_ids().begin(), response.token_ids().end()};
}

constexpr double kFloat32 =
    5e-5;  // of a log-probability; Gemma's, whose activations are the largest, are off by up to 1.3e-5

class EngineFamilies : public ::testing::TestWithParam<const char*> {};

// The oracle: the whole sequence again for every token in double precision, softmax, cumulative sum, comparison with
// the same random number.
TEST_P(EngineFamilies, TokensAndLogprobsAreThoseOfTheDefinition) {
  const auto engine = MakeEngine({}, nullptr, true, GetParam());
  const auto naive = ToNaive(engine->model());
  for (GroupRequest& request : MixedRequests()) ASSERT_TRUE(engine->Add(std::move(request)).ok());
  const auto groups = RunAll(*engine);
  for (const GroupRequest& request : MixedRequests()) {
    const FinishedGroup& group = groups.at(request.id);
    ASSERT_TRUE(group.status.ok());
    EXPECT_EQ(group.prompt_token_ids, request.prompt_token_ids);
    ASSERT_EQ(group.responses.size(), request.sampling.group_size());
    for (uint32_t r = 0; r < group.responses.size(); ++r) {
      const v1::Response& response = group.responses[r];
      ASSERT_EQ(response.logprobs_size(), response.token_ids_size());
      std::vector<int64_t> ids(request.prompt_token_ids.begin(), request.prompt_token_ids.end());
      for (int t = 0; t < response.token_ids_size(); ++t) {
        const auto logprobs = NaiveLogSoftmax(NaiveLogits(engine->model().config(), naive, ids).back(),
                                              request.sampling.temperature());
        std::vector<double> probabilities;
        for (const double logprob : logprobs) probabilities.push_back(std::exp(logprob));
        const double uniform = SamplingUniform(3, request.group, r, t);
        EXPECT_EQ(response.token_ids(t), PickToken(probabilities, {}, uniform));
        EXPECT_NEAR(response.logprobs(t), logprobs[response.token_ids(t)], kFloat32);
        ids.push_back(response.token_ids(t));
      }
      const bool eos = response.token_ids(response.token_ids_size() - 1) == 1;
      EXPECT_EQ(response.finish_reason(), eos ? v1::FINISH_REASON_STOP : v1::FINISH_REASON_LENGTH);
      const int expected = eos ? response.token_ids_size() : static_cast<int>(request.sampling.max_tokens());
      EXPECT_EQ(response.token_ids_size(), expected);
    }
  }
}

// What is most probable at each position is what the definition says, and a token that was drawn has one log-probability.
TEST_P(EngineFamilies, TopTokensAreThoseOfTheDefinition) {
  const auto engine = MakeEngine({}, nullptr, true, GetParam());
  const auto naive = ToNaive(engine->model());
  for (GroupRequest request : MixedRequests()) {
    request.top_tokens = request.id == 3 ? 0 : 4;
    ASSERT_TRUE(engine->Add(std::move(request)).ok());
  }
  const auto groups = RunAll(*engine);
  EXPECT_TRUE(groups.at(3).top_tokens.empty());
  for (const GroupRequest& request : MixedRequests()) {
    if (request.id == 3) continue;
    const FinishedGroup& group = groups.at(request.id);
    ASSERT_EQ(group.top_tokens.size(), group.responses.size());
    for (size_t r = 0; r < group.responses.size(); ++r) {
      const v1::Response& response = group.responses[r];
      ASSERT_EQ(group.top_tokens[r].size(), static_cast<size_t>(response.token_ids_size()));
      std::vector<int64_t> ids(request.prompt_token_ids.begin(), request.prompt_token_ids.end());
      for (int t = 0; t < response.token_ids_size(); ++t) {
        const auto logprobs = NaiveLogSoftmax(NaiveLogits(engine->model().config(), naive, ids).back(),
                                              request.sampling.temperature());
        std::vector<double> sorted(logprobs.begin(), logprobs.end());
        std::sort(sorted.rbegin(), sorted.rend());
        const std::vector<TokenLogprob>& top = group.top_tokens[r][t];
        ASSERT_EQ(top.size(), 4u);
        for (size_t k = 0; k < top.size(); ++k) {
          EXPECT_NEAR(top[k].logprob, sorted[k], kFloat32);
          EXPECT_NEAR(top[k].logprob, logprobs[top[k].token], kFloat32);
          if (top[k].token == response.token_ids(t)) {
            EXPECT_EQ(top[k].logprob, response.logprobs(t));
          }
        }
        ids.push_back(response.token_ids(t));
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, EngineFamilies, ::testing::ValuesIn(model::testing::kTinyFamilies));

TEST(EngineTest, CompanyChangesNothing) {
  const auto together = MakeEngine();
  for (GroupRequest& request : MixedRequests()) ASSERT_TRUE(together->Add(std::move(request)).ok());
  const auto all = RunAll(*together);
  EngineOptions narrow;
  narrow.max_batch = 3;  // groups in parts, each waiting for rows
  narrow.prefill_tokens = 1;
  const auto parts_engine = MakeEngine(narrow);
  for (GroupRequest& request : MixedRequests()) ASSERT_TRUE(parts_engine->Add(std::move(request)).ok());
  const auto parts = RunAll(*parts_engine);
  for (const GroupRequest& request : MixedRequests()) {
    const auto alone_engine = MakeEngine();
    ASSERT_TRUE(alone_engine->Add(request).ok());
    const auto alone = RunAll(*alone_engine);
    for (const auto* other : {&all, &parts}) {
      const FinishedGroup& a = alone.at(request.id);
      const FinishedGroup& b = other->at(request.id);
      for (size_t r = 0; r < a.responses.size(); ++r) {
        ASSERT_EQ(Tokens(a.responses[r]), Tokens(b.responses[r]));
        for (int t = 0; t < a.responses[r].logprobs_size(); ++t) {
          EXPECT_EQ(a.responses[r].logprobs(t), b.responses[r].logprobs(t));
        }
      }
    }
  }
}

TEST(EngineTest, GreedyResponsesOfAGroupAreEqualAndTheBest) {
  const auto engine = MakeEngine();
  const auto naive = ToNaive(engine->model());
  ASSERT_TRUE(engine->Add(Request(1, {5, 6, 7}, 3, 10, /*temperature=*/0.0)).ok());
  const auto groups = RunAll(*engine);
  const auto& responses = groups.at(1).responses;
  EXPECT_EQ(Tokens(responses[0]), Tokens(responses[1]));
  EXPECT_EQ(Tokens(responses[0]), Tokens(responses[2]));
  std::vector<int64_t> ids = {5, 6, 7};
  for (int t = 0; t < responses[0].token_ids_size(); ++t) {
    const auto logprobs = NaiveLogSoftmax(NaiveLogits(engine->model().config(), naive, ids).back());
    const auto best = std::max_element(logprobs.begin(), logprobs.end());
    EXPECT_EQ(responses[0].token_ids(t), best - logprobs.begin());
    EXPECT_NEAR(responses[0].logprobs(t), *best, 1e-5);
    ids.push_back(responses[0].token_ids(t));
  }
}

// What a group has after each step is a beginning of what it has at its end.
TEST(EngineTest, ProgressShowsEveryTokenAsItComes) {
  const auto tokenizer = model::Tokenizer::Parse(model::CharacterTokenizerJson(kAlphabet)).value();
  const auto engine = MakeEngine({}, tokenizer.get(), /*with_eos=*/false);
  GroupRequest request = Request(1, {3, 4, 5}, 2, 20);
  request.top_tokens = 2;
  ASSERT_TRUE(engine->Add(std::move(request)).ok());
  EXPECT_FALSE(engine->Progress(2).has_value());
  std::vector<std::vector<std::string>> texts(2);
  std::vector<FinishedGroup> ended;
  while (ended.empty()) {
    ended = engine->Step();
    const auto progress = engine->Progress(1);
    ASSERT_EQ(progress.has_value(), ended.empty());
    for (size_t r = 0; progress && r < 2; ++r) {
      const v1::Response& response = progress->responses[r];
      EXPECT_EQ(response.logprobs_size(), response.token_ids_size());
      EXPECT_EQ(progress->top_tokens[r].size(), static_cast<size_t>(response.token_ids_size()));
      texts[r].push_back(response.text());
    }
  }
  for (size_t r = 0; r < 2; ++r) {
    ASSERT_GT(texts[r].size(), 2u);
    texts[r].push_back(ended[0].responses[r].text());
    for (size_t t = 0; t + 1 < texts[r].size(); ++t) {
      EXPECT_THAT(texts[r][t + 1], ::testing::StartsWith(texts[r][t]));
    }
    EXPECT_GT(texts[r].back().size(), texts[r].front().size());
  }
}

TEST(EngineTest, StopTextsEndAndCut) {
  const auto tokenizer = model::Tokenizer::Parse(model::CharacterTokenizerJson(kAlphabet)).value();
  const auto engine = MakeEngine({}, tokenizer.get(), /*with_eos=*/false);
  ASSERT_TRUE(engine->Add(Request(1, {3, 4, 5}, 4, 40)).ok());
  const auto free_run = RunAll(*engine);
  for (const bool keep : {false, true}) {
    for (uint32_t r = 0; r < 4; ++r) {
      const std::string& whole = free_run.at(1).responses[r].text();
      ASSERT_GT(whole.size(), 30u);
      GroupRequest request = Request(1, {3, 4, 5}, 4, 40);
      request.sampling.add_stop(whole.substr(10, 3));  // three tokens long
      request.sampling.add_stop("never there");
      request.sampling.set_keep_stop(keep);
      const auto stopping = MakeEngine({}, tokenizer.get(), /*with_eos=*/false);
      ASSERT_TRUE(stopping->Add(request).ok());
      const v1::Response response = RunAll(*stopping).at(1).responses[r];
      const size_t begin = whole.find(whole.substr(10, 3));
      EXPECT_EQ(response.finish_reason(), v1::FINISH_REASON_STOP);
      EXPECT_EQ(response.text(), whole.substr(0, keep ? begin + 3 : begin));
      // Tokens stay through the one that completed the text: no more of the free run's than spell it.
      const std::vector<uint32_t> all = Tokens(free_run.at(1).responses[r]);
      const std::vector<uint32_t> kept = Tokens(response);
      EXPECT_TRUE(std::equal(kept.begin(), kept.end(), all.begin()));
      model::DecodeOptions plain;
      plain.skip_special_tokens = true;
      EXPECT_EQ(tokenizer->Decode(kept, plain), whole.substr(0, begin + 3));
    }
  }
}

TEST(EngineTest, SpecialTokensEndResponsesAndStayOutOfTheText) {
  const auto tokenizer = model::Tokenizer::Parse(model::CharacterTokenizerJson(kAlphabet)).value();
  for (const bool keep : {false, true}) {
    const auto engine = MakeEngine({}, tokenizer.get());
    GroupRequest request = Request(1, {3, 4, 5}, 64, 60);
    request.sampling.add_stop("<pad>");
    request.sampling.set_keep_stop(keep);
    ASSERT_TRUE(engine->Add(request).ok());
    std::map<uint32_t, int> last_tokens;
    const auto groups = RunAll(*engine);
    for (const v1::Response& response : groups.at(1).responses) {
      const uint32_t last = response.token_ids(response.token_ids_size() - 1);
      ++last_tokens[last];
      if (last > 1) continue;
      EXPECT_EQ(response.finish_reason(), v1::FINISH_REASON_STOP);
      const bool has_pad = response.text().find("<pad>") != std::string::npos;
      EXPECT_EQ(has_pad, keep && last == 0);
      EXPECT_EQ(response.text().find("<eos>"), std::string::npos);
    }
    EXPECT_GT(last_tokens[0], 0);
    EXPECT_GT(last_tokens[1], 0);
  }
}

TEST(EngineTest, GivenLengthsAreKeptAndChangeNoToken) {
  const auto engine = MakeEngine();
  const auto given = MakeEngine();
  for (GroupRequest& request : MixedRequests()) {
    ASSERT_TRUE(engine->Add(request).ok());
    for (uint32_t r = 0; r < request.sampling.group_size(); ++r) {
      request.lengths.push_back(request.sampling.max_tokens() - r % 3);
    }
    ASSERT_TRUE(given->Add(std::move(request)).ok());
  }
  const auto ended = RunAll(*engine);
  const auto whole = RunAll(*given);
  int longer = 0;
  for (const GroupRequest& request : MixedRequests()) {
    for (uint32_t r = 0; r < request.sampling.group_size(); ++r) {
      const v1::Response& response = whole.at(request.id).responses[r];
      std::vector<uint32_t> tokens = Tokens(response);
      EXPECT_EQ(tokens.size(), request.sampling.max_tokens() - r % 3);
      EXPECT_EQ(response.finish_reason(), v1::FINISH_REASON_LENGTH);
      std::vector<uint32_t> by_itself = Tokens(ended.at(request.id).responses[r]);
      longer += tokens.size() > by_itself.size();
      const size_t both = std::min(tokens.size(), by_itself.size());
      tokens.resize(both);
      by_itself.resize(both);
      EXPECT_EQ(tokens, by_itself);
    }
  }
  EXPECT_GT(longer, 0) << "no response ended itself";
}

TEST(EngineTest, WeightsSwappedOnTheWayShowInTheVersions) {
  const auto engine = MakeEngine({}, nullptr, /*with_eos=*/false);
  const auto other = TinyModel(TinyConfig(), {}, /*seed=*/2);
  ASSERT_TRUE(engine->Add(Request(1, {3, 4, 5}, 2, 10)).ok());
  for (int i = 0; i < 4; ++i) engine->Step();
  ASSERT_TRUE(engine->SwapWeights(9, other->Export().value()).ok());
  EXPECT_EQ(engine->version(), 9u);
  const auto groups = RunAll(*engine);
  for (const v1::Response& response : groups.at(1).responses) {
    ASSERT_EQ(response.versions_size(), 2);
    EXPECT_EQ(response.versions(0).version(), 7u);
    EXPECT_EQ(response.versions(0).count(), 4u);
    EXPECT_EQ(response.versions(1).version(), 9u);
    EXPECT_EQ(response.versions(1).count(), 6u);
  }
  // A group that begins afterwards is the new model's alone.
  ASSERT_TRUE(engine->Add(Request(2, {3, 4, 5}, 1, 6, 0.0)).ok());
  const auto after = RunAll(*engine);
  const auto fresh =
      Engine::Create({}, TinyModel(engine->model().config(), {}, /*seed=*/2), nullptr, /*version=*/9).value();
  ASSERT_TRUE(fresh->Add(Request(2, {3, 4, 5}, 1, 6, 0.0)).ok());
  EXPECT_EQ(Tokens(after.at(2).responses[0]), Tokens(RunAll(*fresh).at(2).responses[0]));

  model::WeightSet wrong = other->Export().value();
  wrong.tensors.pop_back();
  EXPECT_FALSE(engine->SwapWeights(10, wrong).ok());
  EXPECT_EQ(engine->version(), 9u);
}

TEST(EngineTest, WeightsThatAreNotFiniteFailTheGroupAndNotTheEngine) {
  model::TransformerOptions options;
  options.trainable = true;
  const auto broken = TinyModel(TinyConfig(), options);
  {
    at::NoGradGuard no_grad;
    broken->weights().at("model.norm.weight").fill_(std::numeric_limits<float>::quiet_NaN());
  }
  const auto engine = MakeEngine({}, nullptr, /*with_eos=*/false);
  const auto good = TinyModel(TinyConfig());
  ASSERT_TRUE(engine->Add(Request(1, {3, 4, 5})).ok());
  ASSERT_TRUE(engine->Add(Request(2, {6})).ok());
  for (int i = 0; i < 2; ++i) engine->Step();
  ASSERT_TRUE(engine->SwapWeights(8, broken->Export().value()).ok());
  const auto groups = RunAll(*engine);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(std::string(groups.at(1).status.message()),
              HasSubstr("group 101, response 0, token 2: the logits of weight version 8 are not all finite"));
  EXPECT_TRUE(groups.at(1).responses.empty());
  EXPECT_EQ(engine->active(), 0u);
  ASSERT_TRUE(engine->SwapWeights(9, good->Export().value()).ok());
  ASSERT_TRUE(engine->Add(Request(3, {6})).ok());
  EXPECT_TRUE(RunAll(*engine).at(3).status.ok());
}

// Their samples stand between each other's: each is handed out once.
TEST(EngineTest, GroupsWhoseResponsesEndInOneStepAreFinishedOnce) {
  for (const uint32_t tokens : {1u, 2u, 3u}) {
    const auto engine = MakeEngine({}, nullptr, /*with_eos=*/false);
    for (uint64_t id = 1; id <= 5; ++id) ASSERT_TRUE(engine->Add(Request(id, {3, 4, 5}, 4, tokens)).ok());
    std::map<uint64_t, int> times;
    for (int step = 0; step < 20; ++step) {
      for (const FinishedGroup& group : engine->Step()) {
        ++times[group.id];
        EXPECT_EQ(group.responses.size(), 4u);
      }
    }
    EXPECT_EQ(times.size(), 5u);
    for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << "group " << id;
    EXPECT_EQ(engine->groups(), 0u);
  }
}

TEST(EngineTest, QueueIsBoundedAndGroupsCanBeCancelled) {
  EngineOptions options;
  options.max_batch = 4;
  options.max_queued = 2;
  const auto engine = MakeEngine(options, nullptr, /*with_eos=*/false);
  ASSERT_TRUE(engine->Add(Request(1, {3}, 4)).ok());
  for (int i = 0; i < 2; ++i) engine->Step();
  ASSERT_TRUE(engine->Add(Request(2, {3}, 4)).ok());
  ASSERT_TRUE(engine->Add(Request(3, {3}, 4)).ok());
  EXPECT_EQ(engine->Add(Request(4, {3}, 4)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(engine->Add(Request(3, {3}, 4)).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(engine->active(), 4u);
  EXPECT_EQ(engine->queued(), 2u);
  EXPECT_TRUE(engine->Cancel(1));
  EXPECT_TRUE(engine->Cancel(2));
  EXPECT_FALSE(engine->Cancel(2));
  EXPECT_EQ(engine->active(), 0u);
  EXPECT_EQ(engine->queued(), 1u);
  const auto groups = RunAll(*engine);
  EXPECT_EQ(groups.size(), 1u);
  EXPECT_EQ(engine->tokens_sampled(), 4u * 2 + 4u * 12);
}

TEST(EngineTest, RefusesWhatItCannotServe) {
  const auto engine = MakeEngine();
  const auto refused = [&](const GroupRequest& request, const std::string& why) {
    const absl::Status status = engine->Add(request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  };
  refused(Request(1, {}), "the prompt has no tokens");
  refused(Request(1, {36, 37}), "a prompt token is 37, must be below the vocabulary's size 37");
  refused(Request(1, {3}, 0), "sampling.group_size is 0");
  refused(Request(1, {3}, 1, 0), "sampling.max_tokens is 0");
  refused(Request(1, {3}, 1, 96), "make 97, over the context of 96 tokens");
  refused(Request(1, {3}, 1, 4294967295u), "over the context of 96 tokens");
  refused(Request(1, {3}, 1, 5, -0.1), "sampling.temperature is -0.1");
  refused(Request(1, {3}, 1, 5, std::nan("")), "sampling.temperature is nan");
  GroupRequest request = Request(1, {3});
  request.sampling.set_top_p(1.5);
  refused(request, "sampling.top_p is 1.5");
  request = Request(1, {3});
  request.sampling.set_min_p(-0.1);
  refused(request, "sampling.min_p is -0.1");
  request = Request(1, {3});
  request.sampling.add_stop("x");
  refused(request, "no tokenizer");
  EXPECT_TRUE(engine->Add(Request(1, {3}, 1, 95)).ok());  // exactly the context
  EXPECT_TRUE(RunAll(*engine).at(1).status.ok());

  EngineOptions options;
  options.max_batch = 0;
  EXPECT_FALSE(Engine::Create(options, TinyModel(TinyConfig()), nullptr, 0).ok());
  model::TransformerOptions trainable;
  trainable.trainable = true;
  EXPECT_FALSE(Engine::Create({}, TinyModel(TinyConfig(), trainable), nullptr, 0).ok());
}

}  // namespace
}  // namespace drover::actor
