#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A configuration in the older form, as most published models have it.
json Llama() {
  return json::parse(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 512,
    "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
    "hidden_act": "silu", "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": [2, 5]})");
}

json Qwen2() {
  json value = Llama();
  value["model_type"] = "qwen2";
  value["architectures"] = {"Qwen2ForCausalLM"};
  return value;
}

absl::Status ErrorWith(json value, const std::string& field, const json& content) {
  value[field] = content;
  return ParseModelConfig(value.dump()).status();
}

TEST(ParseModelConfig, OlderForm) {
  ModelConfig config = ParseModelConfig(Llama().dump()).value();
  EXPECT_EQ(config.head_dim, 16);  // hidden_size / num_attention_heads
  EXPECT_EQ(config.rope_theta, 500000.0);
  EXPECT_EQ(config.dtype, Dtype::kBF16);
  EXPECT_EQ(config.rms_norm_eps, 1e-5);
  EXPECT_FALSE(config.tie_word_embeddings);
  EXPECT_FALSE(config.attention_bias);
  EXPECT_FALSE(config.rope_scaling.has_value());
  EXPECT_THAT(config.eos_token_ids, ElementsAre(2, 5));
}

TEST(ParseModelConfig, NewerFormSaysTheSame) {
  json older = Llama(), newer = Llama();
  json scaling = {{"rope_type", "llama3"},
                  {"factor", 32.0},
                  {"low_freq_factor", 1.0},
                  {"high_freq_factor", 4.0},
                  {"original_max_position_embeddings", 64}};
  older["rope_scaling"] = scaling;
  newer.erase("rope_theta");
  newer.erase("torch_dtype");
  newer["dtype"] = "bfloat16";
  newer["rope_parameters"] = scaling;
  newer["rope_parameters"]["rope_theta"] = 500000.0;
  ModelConfig config = ParseModelConfig(newer.dump()).value();
  ASSERT_TRUE(config.rope_scaling.has_value());
  EXPECT_EQ(config.rope_scaling->factor, 32.0);
  EXPECT_EQ(config.rope_scaling->original_max_positions, 64);
  EXPECT_EQ(ModelConfigJson(config), ModelConfigJson(ParseModelConfig(older.dump()).value()));
}

TEST(ParseModelConfig, WhichProjectionsHaveBiases) {
  ModelConfig qwen2 = ParseModelConfig(Qwen2().dump()).value();
  EXPECT_TRUE(qwen2.attention_bias);
  EXPECT_FALSE(qwen2.attention_output_bias);
  json llama = Llama();
  llama["attention_bias"] = true;
  EXPECT_TRUE(ParseModelConfig(llama.dump()).value().attention_output_bias);
}

TEST(ParseModelConfig, RefusesOtherModelsByField) {
  struct {
    json base;
    const char* field;
    json content;
  } cases[] = {
      {Llama(), "model_type", "gemma2"},
      {Llama(), "architectures", {"LlamaForSequenceClassification"}},
      {Llama(), "hidden_act", "gelu"},
      {Llama(), "mlp_bias", true},
      {Llama(), "quantization_config", {{"bits", 4}}},
      {Llama(), "torch_dtype", "float8_e4m3fn"},
      {Llama(), "partial_rotary_factor", 0.5},
      {Llama(), "use_sliding_window", true},
      {Llama(), "layer_types", {"full_attention", "sliding_attention", "full_attention"}},
      {Qwen2(), "layer_types", {"full_attention", "sliding_attention", "full_attention"}},
      {Qwen2(), "layer_types", {"full_attention", "linear_attention", "full_attention"}},
  };
  for (const auto& c : cases) {
    absl::Status error = ErrorWith(c.base, c.field, c.content);
    EXPECT_EQ(error.code(), absl::StatusCode::kUnimplemented) << c.field << ": " << error;
    EXPECT_THAT(std::string(error.message()), HasSubstr(c.field));
  }
  absl::Status rope = ErrorWith(Llama(), "rope_scaling", {{"type", "linear"}, {"factor", 2.0}});
  EXPECT_EQ(rope.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(rope.message()), HasSubstr("rope_scaling.type is \"linear\""));
}

// Tokens of a sequence, and the window that bounds them.
std::pair<int64_t, std::optional<int64_t>> Positions(const json& value) {
  const auto config = ParseModelConfig(value.dump());
  EXPECT_TRUE(config.ok()) << config.status();
  if (!config.ok()) return {};
  return {config->max_positions, config->sliding_window};
}

TEST(ParseModelConfig, AShorterWindowBoundsTheSequence) {
  json mistral = Llama();
  mistral["model_type"] = "mistral";
  mistral["architectures"] = {"MistralForCausalLM"};
  const std::pair<int64_t, std::optional<int64_t>> none = {512, std::nullopt}, half = {256, 256};
  mistral["sliding_window"] = nullptr;
  EXPECT_EQ(Positions(mistral), none);
  mistral["sliding_window"] = 513;
  EXPECT_EQ(Positions(mistral), none);
  mistral["sliding_window"] = 512;
  EXPECT_EQ(Positions(mistral).first, 512);
  mistral["sliding_window"] = 256;
  EXPECT_EQ(Positions(mistral), half);
  EXPECT_EQ(Positions(json::parse(ModelConfigJson(ParseModelConfig(mistral.dump()).value()))), half);
  mistral.erase("sliding_window");  // then Hugging Face takes 4096
  EXPECT_EQ(Positions(mistral), none);
  mistral["max_position_embeddings"] = 32768;
  EXPECT_EQ(Positions(mistral).first, 4096);

  json qwen2 = Qwen2();  // three layers
  qwen2["sliding_window"] = 256;
  EXPECT_EQ(Positions(qwen2), none);
  qwen2["use_sliding_window"] = true;
  EXPECT_EQ(Positions(qwen2), none) << "from layer 28 on: there are three";
  qwen2["max_window_layers"] = 2;
  EXPECT_EQ(Positions(qwen2), half);
  EXPECT_EQ(Positions(json::parse(ModelConfigJson(ParseModelConfig(qwen2.dump()).value()))), half);
  qwen2["layer_types"] = {"full_attention", "full_attention", "full_attention"};
  EXPECT_EQ(Positions(qwen2), none);
  qwen2["layer_types"] = {"full_attention", "sliding_attention", "full_attention"};
  EXPECT_EQ(Positions(qwen2), half);
  EXPECT_EQ(ErrorWith(qwen2, "sliding_window", nullptr).code(), absl::StatusCode::kUnimplemented);
  qwen2.erase("layer_types");
  qwen2["sliding_window"] = nullptr;
  EXPECT_EQ(Positions(qwen2), none);
}

TEST(ParseModelConfig, ArchitecturesMayListOthersToo) {
  for (const json& listed : {json{"LlamaForCausalLM", "LlamaForSequenceClassification"}, json{"LlamaModel"},
                             json::array(), json(nullptr)}) {
    EXPECT_TRUE(ErrorWith(Llama(), "architectures", listed).ok()) << listed;
  }
  EXPECT_FALSE(ErrorWith(Llama(), "architectures", {"MistralForCausalLM"}).ok());
  EXPECT_FALSE(ErrorWith(Llama(), "architectures", "LlamaForCausalLM").ok());
}

TEST(ParseModelConfig, DtypesAsPyTorchPrintsThem) {
  for (const char* field : {"dtype", "torch_dtype"}) {
    json value = Llama();
    value.erase("torch_dtype");
    value[field] = "torch.float32";
    EXPECT_EQ(ParseModelConfig(value.dump()).value().dtype, Dtype::kF32);
    value[field] = "torch.bfloat16";
    EXPECT_EQ(ParseModelConfig(value.dump()).value().dtype, Dtype::kBF16);
  }
  EXPECT_FALSE(ErrorWith(Llama(), "torch_dtype", "torch.int8").ok());
}

TEST(ParseModelConfig, HeadsOfQwen3AreWideByDefault) {
  json qwen3 = Llama();
  qwen3["model_type"] = "qwen3";
  qwen3["architectures"] = {"Qwen3ForCausalLM"};
  EXPECT_EQ(ParseModelConfig(qwen3.dump()).value().head_dim, 128);
  qwen3["head_dim"] = nullptr;
  EXPECT_EQ(ParseModelConfig(qwen3.dump()).value().head_dim, 16);
  qwen3["head_dim"] = 32;
  EXPECT_EQ(ParseModelConfig(qwen3.dump()).value().head_dim, 32);
}

TEST(ParseModelConfig, SpecialIdsPastTheVocabularyAreLeftOutWithANote) {
  json value = Llama();  // 512 ids
  value["eos_token_id"] = {2, 512, 600};
  value["pad_token_id"] = 700;
  ModelNotes notes;
  const ModelConfig config = ParseModelConfig(value.dump(), R"({"eos_token_id": [3, 4000]})", &notes).value();
  EXPECT_THAT(config.eos_token_ids, ElementsAre(3));
  EXPECT_FALSE(config.pad_token_id.has_value());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("pad_token_id has 700, but the vocabulary has 512 ids"),
                                 HasSubstr("eos_token_id has 512"), HasSubstr("eos_token_id has 600"),
                                 HasSubstr("eos_token_id has 4000")));
}

TEST(ParseModelConfig, RefusesImpossibleNumbersByField) {
  struct {
    const char* field;
    json content;
  } cases[] = {{"vocab_size", 0},          {"vocab_size", "512"},      {"vocab_size", 1e300},
               {"hidden_size", -64},       {"hidden_size", nullptr},   {"num_hidden_layers", UINT64_MAX},
               {"num_attention_heads", 3},  // 64 / 3 is no head dimension
               {"num_key_value_heads", 3}, {"head_dim", 15},           {"rms_norm_eps", 0},
               {"rope_theta", -1.0},       {"eos_token_id", -1},       {"eos_token_id", {"</s>"}},
               {"bos_token_id", -2},       {"rope_scaling", "llama3"}, {"max_position_embeddings", 0.5}};
  for (const auto& c : cases) {
    absl::Status error = ErrorWith(Llama(), c.field, c.content);
    EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument) << c.field << ": " << c.content;
  }
  json scaling = {{"rope_type", "llama3"},
                  {"factor", 8.0},
                  {"low_freq_factor", 4.0},
                  {"high_freq_factor", 4.0},
                  {"original_max_position_embeddings", 64}};
  EXPECT_THAT(std::string(ErrorWith(Llama(), "rope_scaling", scaling).message()),
              HasSubstr("low_freq_factor"));
}

TEST(ModelConfigJson, ReadsBackAsItWas) {
  for (json value : {Llama(), Qwen2()}) {
    value["head_dim"] = 32;
    value["pad_token_id"] = 0;
    ModelConfig config = ParseModelConfig(value.dump()).value();
    std::string text = ModelConfigJson(config);
    EXPECT_EQ(ModelConfigJson(ParseModelConfig(text).value()), text);
    json written = json::parse(text);
    for (const char* field :
         {"model_type", "architectures", "vocab_size", "head_dim", "rope_theta", "torch_dtype",
          "eos_token_id", "pad_token_id", "num_key_value_heads", "rms_norm_eps"}) {
      EXPECT_EQ(written[field], value[field]) << field;
    }
  }
}

TEST(UpdatedConfigJson, KeepsWhatItDoesNotKnow) {
  ModelConfig config = ParseModelConfig(Llama().dump()).value();
  config.dtype = Dtype::kF32;
  config.tie_word_embeddings = true;
  json source = Llama();
  source["architectures"] = {"LlamaModel"};
  source["transformers_version"] = "4.51.0";
  json expected = source;
  expected["torch_dtype"] = "float32";
  expected["tie_word_embeddings"] = true;
  expected["architectures"] = {"LlamaForCausalLM"};
  EXPECT_EQ(json::parse(UpdatedConfigJson(source.dump(), config)), expected);
  source.erase("torch_dtype");
  source["dtype"] = "bfloat16";
  expected.erase("torch_dtype");
  expected["dtype"] = "float32";
  EXPECT_EQ(json::parse(UpdatedConfigJson(source.dump(), config)), expected);
  EXPECT_EQ(UpdatedConfigJson("[]", config), ModelConfigJson(config));
}

TEST(LoadModelConfig, TheEosIdsOfGenerationConfigCountWhereItHasAny) {
  std::string dir = testing::TempDir() + "/config_test";
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  std::ofstream(dir + "/config.json") << Llama().dump();
  EXPECT_THAT(LoadModelConfig(dir).value().eos_token_ids, ElementsAre(2, 5));
  std::ofstream(dir + "/generation_config.json") << R"({"eos_token_id": [7, 2]})";
  EXPECT_THAT(LoadModelConfig(dir).value().eos_token_ids, ElementsAre(2, 7));
  EXPECT_THAT(ParseModelConfig(Llama().dump(), R"({"eos_token_id": 7})").value().eos_token_ids,
              ElementsAre(7));
  for (const char* silent : {R"({"top_p": 0.9})", R"({"eos_token_id": null})"}) {
    EXPECT_THAT(ParseModelConfig(Llama().dump(), silent).value().eos_token_ids, ElementsAre(2, 5));
  }
  std::ofstream(dir + "/generation_config.json") << R"({"eos_token_id": "</s>"})";
  EXPECT_THAT(std::string(LoadModelConfig(dir).status().message()), HasSubstr("generation_config.json"));
  EXPECT_EQ(LoadModelConfig(dir + "/absent").status().code(), absl::StatusCode::kNotFound);
}

// Every reference model, both forms of its configuration where there are two.
TEST(LoadModelConfig, ReferenceModels) {
  if (!std::filesystem::exists("../shared/models")) GTEST_SKIP() << "skipped: no data";
  int models = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("../shared/models")) {
    if (entry.path().filename() != "config.json") continue;
    ++models;
    std::string dir = entry.path().parent_path();
    absl::StatusOr<ModelConfig> config = LoadModelConfig(dir);
    ASSERT_TRUE(config.ok()) << config.status();
    json file = json::parse(ReadFile(dir + "/config.json").value());
    EXPECT_EQ(config->rope_theta, file["rope_parameters"]["rope_theta"]) << dir;
    EXPECT_EQ(config->rope_scaling.has_value(), file["rope_parameters"]["rope_type"] == "llama3") << dir;
    EXPECT_EQ(config->attention_bias, file["model_type"] == "qwen2") << dir;
    EXPECT_EQ(config->tie_word_embeddings, file["tie_word_embeddings"]) << dir;
    absl::StatusOr<std::string> older = ReadFile(dir + "/config_older_format.json");
    if (!older.ok()) continue;
    EXPECT_EQ(ModelConfigJson(ParseModelConfig(*older).value()), ModelConfigJson(*config)) << dir;
  }
  EXPECT_GE(models, 10);
}

}  // namespace
}  // namespace drover::model
