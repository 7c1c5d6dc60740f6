// Every shipped recipe of a model that is made for GPUs fits those that its comment names, by the memory plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "recipe/load.h"
#include "recipe/memory_plan.h"
#include "recipe/shipped.h"

namespace drover::recipe {
namespace {

// What the config.json of a published model says.
struct Published {
  const char* type = "";
  int hidden = 0, layers = 0, heads = 0, kv_heads = 0, inner = 0, vocabulary = 0;
  bool tied = false;
};

constexpr Published kLlama3B = {"llama", 3072, 28, 24, 8, 8192, 128256, true};

// By the last part of model.path; with models of the same shape.
const std::map<std::string, Published>& Models() {
  static const auto& models = *new std::map<std::string, Published>{
      {"Qwen2.5-Math-7B", {"qwen2", 3584, 28, 28, 4, 18944, 152064, false}},
      {"Qwen2.5-Math-1.5B", {"qwen2", 1536, 28, 12, 2, 8960, 151936, true}},
      {"Llama-3.2-3B", kLlama3B},
      {"FineMath-Llama-3B", kLlama3B},
      {"Qwen2.5-3B", {"qwen2", 2048, 36, 16, 2, 11008, 151936, true}},
      {"Qwen2.5-32B", {"qwen2", 5120, 64, 40, 8, 27648, 152064, false}},
      {"DeepSeek-R1-Distill-Qwen-1.5B", {"qwen2", 1536, 28, 12, 2, 8960, 151936, false}},
  };
  return models;
}

model::ModelConfig ConfigOf(const std::string& name) {
  const Published& model = Models().at(name);
  const std::string json = absl::StrCat(
      R"({"model_type": ")", model.type, R"(", "hidden_size": )", model.hidden, R"(, "num_hidden_layers": )",
      model.layers, R"(, "num_attention_heads": )", model.heads, R"(, "num_key_value_heads": )",
      model.kv_heads, R"(, "intermediate_size": )", model.inner, R"(, "vocab_size": )", model.vocabulary,
      R"(, "tie_word_embeddings": )", model.tied ? "true" : "false",
      R"(, "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "rope_theta": 10000, "hidden_act": "silu"})");
  const auto config = model::ParseModelConfig(json);
  EXPECT_TRUE(config.ok()) << config.status();
  return *config;
}

// What a recipe's comment promises: "8 GPUs of 80 GB, a rank of the learner and an actor on each".
struct Promise {
  uint32_t gpus = 0;        // of the learner
  int64_t gigabytes = 0;    // of each
  uint32_t actor_gpus = 0;  // of their own; 0: an actor is beside each rank, or there are none
};

Promise PromiseOf(const std::string& name) {
  const auto path = FindRecipe(name);
  EXPECT_TRUE(path.ok()) << path.status();
  const auto text = ReadFile(*path);
  EXPECT_TRUE(text.ok()) << text.status();
  static const std::regex& form = *new std::regex(
      "(\\d+) GPUs of (\\d+) GB(?:, a rank of the learner(?: and an actor)? on each| for the learner and "
      "(\\d+) "
      "for the actors)");
  std::smatch found;
  if (!std::regex_search(*text, found, form)) {
    ADD_FAILURE() << name << " does not say which GPUs it is for";
    return {};
  }
  const auto number = [&](int i) { return static_cast<uint32_t>(std::stoul(found.str(i))); };
  return {number(1), number(2), found[3].matched ? number(3) : 0};
}

// GB of 1000^3 bytes: cards have some more, which is left for what no plan knows.
void ExpectFits(const std::string& name, const std::vector<std::string>& overrides, const Promise& promise) {
  const auto recipe = LoadRecipe(name, overrides, {.check_files = false});
  ASSERT_TRUE(recipe.ok()) << name << ": " << recipe.status();
  const std::string model = std::filesystem::path(recipe->model().path()).filename();
  ASSERT_EQ(Models().count(model), 1u) << name << " needs the shape of " << model << " in this test";
  const model::ModelConfig config = ConfigOf(model);
  const int64_t bytes = promise.gigabytes * 1'000'000'000;
  EXPECT_EQ(recipe->learner().ranks(), promise.gpus) << name;
  const int64_t learner = PlanLearnerMemory(*recipe, config, PlannedDevice::kGpu).total();
  EXPECT_LE(learner, bytes) << name;
  EXPECT_GE(learner, bytes / 4) << name << " could do with smaller GPUs";
  if (!recipe->sft().train().empty()) return;
  EXPECT_GT(recipe->actors().cache_bytes(), 0u) << name << ": an actor would take half of what it finds free";
  const uint32_t processes = recipe->actors().count() * recipe->actors().tensor_parallel();
  if (promise.actor_gpus > 0) {
    EXPECT_EQ(processes, promise.actor_gpus) << name;
    EXPECT_LE(PlanActorMemory(*recipe, config, PlannedDevice::kGpu, bytes).total(), bytes) << name;
  } else {
    EXPECT_EQ(processes, promise.gpus) << name;
    EXPECT_LE(SharedGpuMemory(*recipe, config, bytes), bytes) << name;
  }
}

TEST(ShippedMemory, EachFitsTheGpusThatItNames) {
  const auto recipes = ListShipped();
  ASSERT_TRUE(recipes.ok()) << recipes.status();
  int planned = 0;
  for (const ShippedRecipe& shipped : *recipes) {
    const auto recipe = LoadRecipe(shipped.name, {}, {.check_files = false});
    ASSERT_TRUE(recipe.ok()) << recipe.status();
    const std::string& path = recipe->model().path();
    if (path.empty() || path.find("smollm2") != std::string::npos) continue;  // these run on a laptop
    ExpectFits(shipped.name, {}, PromiseOf(shipped.name));
    ++planned;
  }
  EXPECT_GE(planned, 6);
}

TEST(ShippedMemory, WhatCommentsOfferFitsToo) {
  ExpectFits("oat-zero-llama-3b",
             {"learner.sharding=WEIGHTS", "learner.microbatch_responses=2", "actors.cache_bytes=5000000000"},
             {.gpus = 8, .gigabytes = 40});
  for (const char* tokens : {"16384", "24576"}) {
    ExpectFits("grpo-1.5b",
               {"learner.microbatch_responses=1", absl::StrCat("rollout.max_response_tokens=", tokens)},
               PromiseOf("grpo-1.5b"));
  }
}

// The check can fail: the same recipes without what makes them fit.
TEST(ShippedMemory, NotWithoutTheirSettings) {
  for (const char* name : {"oat-zero-7b", "oat-zero-1.5b", "oat-zero-llama-3b", "countdown-3b", "dapo-32b"}) {
    const auto recipe = LoadRecipe(name, {"learner.sharding=NONE", "learner.activation_checkpointing=false"},
                                   {.check_files = false});
    ASSERT_TRUE(recipe.ok()) << recipe.status();
    const std::string model = std::filesystem::path(recipe->model().path()).filename();
    const int64_t bytes = PromiseOf(name).gigabytes * 1'000'000'000;
    EXPECT_GT(SharedGpuMemory(*recipe, ConfigOf(model), bytes), bytes) << name;
  }
}

}  // namespace
}  // namespace drover::recipe
