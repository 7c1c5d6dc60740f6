// Engines of several ranks, threads over real Gloo connections, against the engine of one.
#include "actor/actor_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "actor/engine.h"
#include "actor/pass_follower.h"
#include "actor/testing/groups.h"
#include "drover/v1/pass.pb.h"
#include "model/rank_share.h"
#include "model/testing/tiny_models.h"
#include "ranks/testing/run_ranks.h"

namespace drover::actor {
namespace {

using model::testing::TinyConfig;
using ranks_testing::RankEnd;
using ranks_testing::RunRanks;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using Groups = std::map<uint64_t, FinishedGroup>;
using Script = std::function<Groups(Engine& engine)>;

constexpr absl::Duration kLong = absl::Seconds(60);

model::ModelConfig Endless(const std::string& family) {
  model::ModelConfig config = TinyConfig(family);  // 96 positions
  config.eos_token_ids.clear();
  return config;
}

// The weights of version `seed`.
model::WeightSet WeightsOf(const model::ModelConfig& config, torch::ScalarType dtype, uint64_t seed) {
  return model::testing::TinyModel(config, {.dtype = dtype}, seed)->Export().value();
}

struct World {
  model::ModelConfig config;
  torch::ScalarType dtype = torch::kFloat32;
  EngineOptions engine;
  int64_t pages = 0;  // of memory for keys and values on each rank; 0: what is enough
};

int64_t BytesOfAPage(const World& world, model::RankShare share) {
  return model::PageBytes(model::WithOwnHeads(world.config, share), world.dtype);
}

Groups PlayAlone(const World& world, const Script& script, GeneratorCounts* counts) {
  EngineOptions options = world.engine;
  options.cache_bytes = world.pages * BytesOfAPage(world, {});
  auto model = model::Transformer::CreateEmpty(world.config, {.dtype = world.dtype}).value();
  const auto engine = Engine::Create(options, std::move(model), nullptr, 0).value();
  EXPECT_TRUE(engine->SwapWeights(1, WeightsOf(world.config, world.dtype, 1)).ok());
  Groups groups = script(*engine);
  *counts = engine->counts();
  return groups;
}

Groups PlayTogether(const World& world, int size, const Script& script, GeneratorCounts* counts) {
  Groups groups;
  RunRanks(size, kLong, [&](Collectives& collectives) {
    ActorRanks ranks(&collectives);
    auto model =
        model::Transformer::CreateEmpty(world.config, {.dtype = world.dtype, .group = &ranks}).value();
    if (collectives.rank() > 0) {
      const absl::Status end = FollowPasses(ranks, std::move(model), {});
      EXPECT_TRUE(end.ok()) << end.ToString();
      return;
    }
    EngineOptions options = world.engine;
    options.ranks = &ranks;
    options.cache_bytes = world.pages * BytesOfAPage(world, ranks.share());
    const auto engine = Engine::Create(options, std::move(model), nullptr, 0).value();
    EXPECT_TRUE(engine->SwapWeights(1, WeightsOf(world.config, world.dtype, 1)).ok());
    groups = script(*engine);
    *counts = engine->counts();
  });
  return groups;
}

void ExpectSameBits(const Groups& wanted, const Groups& got) {
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [id, group] : wanted) {
    ASSERT_TRUE(group.status.ok()) << group.status.ToString();
    for (size_t r = 0; r < group.responses.size(); ++r) {
      const v1::Response &a = group.responses[r], &b = got.at(id).responses[r];
      ASSERT_THAT(b.token_ids(), ElementsAreArray(a.token_ids())) << "group " << id;
      EXPECT_THAT(b.logprobs(), ElementsAreArray(a.logprobs())) << "group " << id;
      EXPECT_EQ(b.SerializeAsString(), a.SerializeAsString());
    }
  }
}

std::vector<uint32_t> Counting(uint32_t length, uint32_t first) {
  std::vector<uint32_t> prompt;
  for (uint32_t i = 0; i < length; ++i) prompt.push_back((first + 5 * i) % 37);
  return prompt;
}

// Groups of several sizes and lengths, two of whose prompts begin alike, one that is cancelled on its way, and new weights
// while others run.
Groups PlayAll(Engine& engine) {
  Groups groups;
  for (uint32_t id = 1; id <= 6; ++id) {
    EXPECT_TRUE(
        engine.Add(Request(id, Counting(id == 6 ? 38 : 7 * id, id == 6 ? 5 : id), 1 + id % 3, 4 + 5 * id))
            .ok());
  }
  for (int step = 0; engine.groups() > 0; ++step) {
    for (FinishedGroup& group : engine.Step()) groups[group.id] = std::move(group);
    if (step == 2) {
      EXPECT_TRUE(engine.Cancel(3));
    }
    if (step == 5) {
      const auto next = WeightsOf(engine.model().config(), engine.model().options().dtype, 2);
      EXPECT_TRUE(engine.SwapWeights(2, next).ok());
    }
    EXPECT_TRUE(engine.Idle().ok());
  }
  return groups;
}

using Case = std::tuple<std::string, int, torch::ScalarType>;
class TogetherAsAlone : public ::testing::TestWithParam<Case> {};

TEST_P(TogetherAsAlone, TokensAndLogprobsHaveTheSameBits) {
  const auto& [family, size, dtype] = GetParam();
  const World world = {.config = Endless(family), .dtype = dtype};
  GeneratorCounts alone_counts, counts;
  const Groups wanted = PlayAlone(world, PlayAll, &alone_counts);
  EXPECT_EQ(wanted.size(), 5u);
  EXPECT_EQ(wanted.at(5).responses[0].versions_size(), 2) << "the new weights came on its way";
  ExpectSameBits(wanted, PlayTogether(world, size, PlayAll, &counts));
  EXPECT_EQ(counts.pages, alone_counts.pages);
  EXPECT_EQ(counts.shared_tokens, alone_counts.shared_tokens);
  EXPECT_GT(counts.shared_tokens, 0u);
}

INSTANTIATE_TEST_SUITE_P(Families, TogetherAsAlone,
                         ::testing::Combine(::testing::Values("llama", "qwen3", "gemma2", "phi3", "olmo2"),
                                            ::testing::Values(2, 4),
                                            ::testing::Values(torch::kFloat32, torch::kBFloat16)));

TEST(ActorRanks, LittleMemoryAndGuessesChangeNothing) {
  const Script crowd = [](Engine& engine) {
    for (uint32_t id = 1; id <= 8; ++id) {
      EXPECT_TRUE(
          engine.Add(Request(id, Counting(3 * id, id), 1 + id % 4, id % 3 == 0 ? 70 : 4 * id, 0.4)).ok());
    }
    return RunAll(engine);
  };
  GeneratorCounts ample_counts, counts;
  World world = {.config = Endless("llama"), .engine = {.max_batch = 16}};
  const Groups wanted = PlayAlone(world, crowd, &ample_counts);
  EXPECT_EQ(ample_counts.preemptions, 0u);
  world.pages = 10;
  world.engine.speculation = true;
  world.engine.draft_margin = 0;
  ExpectSameBits(wanted, PlayTogether(world, 2, crowd, &counts));
  EXPECT_EQ(counts.pages, 10);
  EXPECT_GT(counts.preemptions, 0u);
  EXPECT_GT(counts.accepted_tokens, 0u);
}

TEST(ActorRanks, AdaptersComeToAllRanks) {
  model::TransformerOptions options;
  options.lora = model::LoraConfig{.rank = 2, .alpha = 4};
  const model::ModelConfig config = Endless("llama");
  const auto trained = model::Transformer::Create(config, options, 1, /*init_std=*/0.25).value();
  for (const auto& [name, tensor] : trained->versioned()) tensor.fill_(0.2);
  const auto play = [&](Engine& engine) {
    EXPECT_TRUE(engine.TakeBase(trained->ExportBase().value()).ok());
    EXPECT_TRUE(engine.SwapWeights(1, trained->Export().value()).ok());
    EXPECT_TRUE(engine.Add(Request(1, Counting(9, 1))).ok());
    return RunAll(engine);
  };
  const auto alone =
      Engine::Create({}, model::Transformer::CreateEmpty(config, options).value(), nullptr, 0).value();
  const Groups wanted = play(*alone);
  RunRanks(2, kLong, [&](Collectives& collectives) {
    ActorRanks ranks(&collectives);
    model::TransformerOptions shared = options;
    shared.group = &ranks;
    auto model = model::Transformer::CreateEmpty(config, shared).value();
    if (collectives.rank() > 0) {
      EXPECT_TRUE(FollowPasses(ranks, std::move(model), {}).ok());
      return;
    }
    ExpectSameBits(wanted, play(*Engine::Create({.ranks = &ranks}, std::move(model), nullptr, 0).value()));
  });
}

// Keys and values of a rank are those of its heads.
TEST(ActorRanks, ARanksMemoryForKeysAndValuesIsItsHeads) {
  const World world = {.config = Endless("llama"), .engine = {.max_batch = 2}};
  GeneratorCounts counts;
  const Script bytes = [](Engine& engine) {
    Groups groups;
    groups[static_cast<uint64_t>(engine.cache_bytes())];
    return groups;
  };
  const uint64_t whole = PlayAlone(world, bytes, &counts).begin()->first;
  EXPECT_EQ(PlayTogether(world, 2, bytes, &counts).begin()->first, whole / 2);
}

TEST(ActorRanks, WeightsThatDoNotFitChangeNothingAnywhere) {
  const World world = {.config = Endless("llama")};
  GeneratorCounts counts;
  const Script script = [&](Engine& engine) {
    model::ModelConfig other = world.config;
    other.vocab_size = 36;
    const absl::Status refused = engine.SwapWeights(2, WeightsOf(other, world.dtype, 2));
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("[36, 24], the configuration makes it [37, 24]"));
    EXPECT_TRUE(engine.Add(Request(1, Counting(9, 1))).ok());
    return RunAll(engine);
  };
  const Groups wanted = PlayAlone(world, script, &counts);
  ExpectSameBits(wanted, PlayTogether(world, 2, script, &counts));
}

// What rank 0's engine says at its end.
std::string StepUntilItEnds(ActorRanks& ranks, std::unique_ptr<model::Transformer> model) {
  try {
    auto engine = Engine::Create({.ranks = &ranks}, std::move(model), nullptr, 0);
    if (!engine.ok()) return std::string(engine.status().message());
    while (true) {
      if ((*engine)->groups() == 0) {
        EXPECT_TRUE((*engine)->Add(Request(1, Counting(9, 1))).ok());
      }
      (*engine)->Step();
    }
  } catch (const std::exception& error) {
    return error.what();
  }
}

TEST(ActorRanks, ALostRankEndsTheOthersAndIsNamed) {
  for (const int lost : {0, 1}) {
    RunRanks(
        2, kLong,
        [&](Collectives& collectives) {
          ActorRanks ranks(&collectives);
          auto model = model::Transformer::CreateEmpty(Endless("llama"), {.group = &ranks}).value();
          if (collectives.rank() == lost) return;  // gone
          const std::string heard = lost == 1
                                        ? StepUntilItEnds(ranks, std::move(model))
                                        : std::string(FollowPasses(ranks, std::move(model), {}).message());
          EXPECT_THAT(heard, HasSubstr(lost == 1 ? "rank 0 of 2" : "rank 1 of 2"));
          // Rank 0 keeps the book in which ranks say that they are there.
          EXPECT_THAT(heard, HasSubstr(lost == 1 ? "not heard of since: rank 1" : "rank 0"));
        },
        torch::kCPU, RankEnd::kAlone);
  }
}

// A word that makes no sense is an error, and nothing is read or written where it points.
TEST(ActorRanks, PassesThatMakeNoSenseAreRefused) {
  using Change = std::function<void(v1::PassCommand::Pass&)>;
  const std::vector<std::pair<const char*, Change>> cases = {
      {"parts that do not go together", [](auto& pass) { pass.mutable_parts(0)->set_position(-1); }},
      {"parts that do not go together", [](auto& pass) { pass.mutable_parts(0)->set_position(INT64_MAX); }},
      {"parts that do not go together", [](auto& pass) { pass.mutable_parts(0)->set_position(30); }},
      {"parts that do not go together", [](auto& pass) { pass.mutable_parts(0)->set_tokens(INT64_MAX); }},
      {"parts that do not go together", [](auto& pass) { pass.mutable_parts(0)->set_outputs(0); }},
      {"parts that do not go together", [](auto& pass) { pass.mutable_parts(0)->set_outputs(4); }},
      {"parts that do not go together", [](auto& pass) { pass.mutable_parts(0)->clear_pages(); }},
      {"parts that do not go together", [](auto& pass) { pass.add_token_ids(1); }},
      {"parts that do not go together", [](auto& pass) { pass.set_token_ids(0, 37); }},
      {"parts that do not go together", [](auto& pass) { pass.set_outputs(0, 1); }},
      {"pages that are not there", [](auto& pass) { pass.mutable_parts(0)->set_pages(0, 2); }},
      {"pages that are not there", [](auto& pass) { pass.add_copies_from(0); }},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    v1::PassCommand begin, command;
    begin.mutable_begin()->set_pages(2);
    v1::PassCommand::Pass& pass = *command.mutable_pass();
    for (const int64_t token : {1, 2, 3}) pass.add_token_ids(token);
    v1::PassCommand::Part& part = *pass.add_parts();
    part.set_tokens(3);
    part.set_outputs(1);
    part.add_pages(1);
    pass.add_outputs(0);
    cases[i].second(pass);
    RunRanks(2, kLong, [&](Collectives& collectives) {
      if (collectives.rank() == 0) {
        for (const v1::PassCommand& word : {begin, command}) {
          std::string bytes = word.SerializeAsString();
          EXPECT_TRUE(collectives.Broadcast(&bytes, kLong).ok());
        }
        return;
      }
      ActorRanks ranks(&collectives);
      auto model = model::Transformer::CreateEmpty(Endless("llama"), {.group = &ranks}).value();
      const absl::Status end = FollowPasses(ranks, std::move(model), {});
      EXPECT_EQ(end.code(), absl::StatusCode::kInternal) << end.ToString();
      EXPECT_THAT(std::string(end.message()), HasSubstr(cases[i].first)) << "case " << i;
    });
  }
}

// The others then hear of it as of a rank that is lost: they have no end in order either.
TEST(ActorRanks, AnEndThatIsNotInOrderIsNotToldAsOne) {
  for (const bool in_order : {true, false}) {
    RunRanks(
        2, kLong,
        [&](Collectives& collectives) {
          ActorRanks ranks(&collectives);
          auto model = model::Transformer::CreateEmpty(Endless("llama"), {.group = &ranks}).value();
          if (collectives.rank() > 0) {
            EXPECT_EQ(FollowPasses(ranks, std::move(model), {}).ok(), in_order);
            return;
          }
          const auto engine = Engine::Create({.ranks = &ranks}, std::move(model), nullptr, 0).value();
          ranks.set_in_order(in_order);
        },
        torch::kCPU, RankEnd::kAlone);
  }
}

TEST(ActorRanks, ASilentRankZeroIsLost) {
  RunRanks(2, kLong, [](Collectives& collectives) {
    ActorRanks ranks(&collectives);
    if (collectives.rank() == 0) {
      absl::SleepFor(absl::Seconds(2));
      return;
    }
    auto model = model::Transformer::CreateEmpty(Endless("llama"), {.group = &ranks}).value();
    const absl::Status end = FollowPasses(ranks, std::move(model), {.patience = absl::Milliseconds(300)});
    EXPECT_EQ(end.code(), absl::StatusCode::kDeadlineExceeded) << end.ToString();
  });
}

}  // namespace
}  // namespace drover::actor
