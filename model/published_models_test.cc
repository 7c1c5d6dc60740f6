// The configurations of published models (testdata/published_configs.json): each is read as a model with as many
// parameters as its publisher counts. (The factors of longrope are made up: only their number is known to count.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "model/architecture.h"
#include "model/config.h"
#include "model/weight_shapes.h"

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

int64_t Parameters(const ModelConfig& config) {
  int64_t sum = 0;
  for (const auto& [name, shape] : WeightShapes(config)) {
    int64_t product = 1;
    for (const int64_t size : shape) product *= size;
    sum += product;
  }
  return sum;
}

json Published() { return json::parse(ReadFile("model/testdata/published_configs.json").value()); }

ModelConfig Config(const std::string& name, ModelNotes* notes = nullptr) {
  for (const json& model : Published()) {
    if (model["name"] == name) return ParseModelConfig(model["config"].dump(), notes).value();
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(PublishedModels, HaveAsManyParametersAsTheirPublisherCounts) {
  for (const json& model : Published()) {
    const absl::StatusOr<ModelConfig> config = ParseModelConfig(model["config"].dump());
    ASSERT_TRUE(config.ok()) << model["name"] << ": " << config.status();
    EXPECT_EQ(Parameters(*config), model["parameters"]) << model["name"];
    EXPECT_TRUE(ValidateModelConfig(*config).ok()) << model["name"] << ": " << ValidateModelConfig(*config);
  }
}

TEST(PublishedModels, WhichLayersHaveAWindow) {
  const auto windows = [](const std::string& name) {
    std::vector<int64_t> windows;
    for (const LayerDescription& layer : DescribeArchitecture(Config(name)).layers) {
      windows.push_back(layer.attention.settings.window);
    }
    windows.resize(6);
    return windows;
  };
  EXPECT_THAT(windows("mistralai/Mistral-7B-v0.1"), ElementsAre(4096, 4096, 4096, 4096, 4096, 4096));
  EXPECT_THAT(windows("mistralai/Mistral-7B-v0.3"), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_THAT(windows("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_THAT(windows("google/gemma-2-2b"), ElementsAre(4096, 0, 4096, 0, 4096, 0));
  EXPECT_THAT(windows("google/gemma-3-1b-it"), ElementsAre(512, 512, 512, 512, 512, 0));
  EXPECT_THAT(windows("microsoft/Phi-3-mini-4k-instruct"), ElementsAre(2047, 2047, 2047, 2047, 2047, 2047));
}

TEST(PublishedModels, HowFarSequencesReach) {
  EXPECT_EQ(Config("meta-llama/Llama-3.1-8B").max_positions, 131072);
  EXPECT_EQ(Config("deepseek-ai/deepseek-coder-6.7b-base").max_positions, 65536);
  EXPECT_EQ(Config("Qwen/Qwen2.5-7B-Instruct with YaRN").max_positions, 131072);
  ModelNotes notes;
  EXPECT_EQ(Config("microsoft/Phi-3-mini-128k-instruct", &notes).max_positions, 4096);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("sequences end at 4096 tokens")));
}

TEST(PublishedModels, WhichLayersAreRotated) {
  const Architecture smollm3 = DescribeArchitecture(Config("HuggingFaceTB/SmolLM3-3B"));
  for (size_t i = 0; i < smollm3.layers.size(); ++i) {
    EXPECT_EQ(smollm3.layers[i].attention.rope.has_value(), i % 4 != 3) << i;
  }
  const Architecture phi4 = DescribeArchitecture(Config("microsoft/Phi-4-mini-instruct"));
  EXPECT_EQ(phi4.ropes[0].frequencies.size(), 48u) << "of 64: three quarters of a head";
}

}  // namespace
}  // namespace drover::model
