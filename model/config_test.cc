#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "model/architecture.h"
#include "model/testing/shapes.h"

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
  EXPECT_EQ(config.rope.theta, 500000.0);
  EXPECT_EQ(config.dtype, Dtype::kBF16);
  EXPECT_EQ(config.rms_norm_eps, 1e-5);
  EXPECT_FALSE(config.tie_word_embeddings);
  EXPECT_FALSE(config.attention_bias);
  EXPECT_EQ(config.rope.scaling, RopeScaling());
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
  EXPECT_EQ(config.rope.scaling, RopeScaling(Llama3RopeScaling{32.0, 1.0, 4.0, 64}));
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
      {Llama(), "model_type", "gpt2"},
      {Llama(), "architectures", {"LlamaForSequenceClassification"}},
      {Llama(), "hidden_act", "gelu"},
      {Qwen2(), "mlp_bias", true},
      {Llama(), "partial_rotary_factor", 0.5},
      {Llama(), "quantization_config", {{"bits", 4}}},
      {Llama(), "torch_dtype", "float8_e4m3fn"},
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
  absl::Status rope = ErrorWith(Llama(), "rope_scaling", {{"type", "mrope"}, {"factor", 2.0}});
  EXPECT_EQ(rope.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(rope.message()), HasSubstr("rope_scaling.type is \"mrope\""));
}

TEST(ParseModelConfig, MlpBiasesOfLlama) {
  json llama = Llama();
  llama["mlp_bias"] = true;
  EXPECT_TRUE(ParseModelConfig(llama.dump()).value().feed_forward_bias);
}

// The window of each layer, 0 for none.
std::vector<int64_t> Windows(const json& value) {
  const auto config = ParseModelConfig(value.dump());
  EXPECT_TRUE(config.ok()) << config.status();
  if (!config.ok()) return {};
  std::vector<int64_t> windows;
  for (int64_t i = 0; i < config->num_layers; ++i) {
    windows.push_back(LayerOf(*config, i).window ? config->sliding_window : 0);
  }
  return windows;
}

json Rewritten(const json& value) {
  return json::parse(ModelConfigJson(ParseModelConfig(value.dump()).value()));
}

TEST(ParseModelConfig, WindowsOfMistral) {
  json mistral = Llama();
  mistral["model_type"] = "mistral";
  mistral["architectures"] = {"MistralForCausalLM"};
  mistral["sliding_window"] = nullptr;
  EXPECT_THAT(Windows(mistral), ElementsAre(0, 0, 0));
  EXPECT_THAT(Windows(Rewritten(mistral)), ElementsAre(0, 0, 0));
  mistral["sliding_window"] = 256;
  EXPECT_THAT(Windows(mistral), ElementsAre(256, 256, 256));
  EXPECT_THAT(Windows(Rewritten(mistral)), ElementsAre(256, 256, 256));
  EXPECT_EQ(ParseModelConfig(mistral.dump()).value().max_positions, 512);
  mistral.erase("sliding_window");  // then Hugging Face takes 4096
  EXPECT_THAT(Windows(mistral), ElementsAre(4096, 4096, 4096));
}

TEST(ParseModelConfig, WindowsOfQwen) {
  json qwen2 = Qwen2();  // three layers
  qwen2["sliding_window"] = 256;
  EXPECT_THAT(Windows(qwen2), ElementsAre(0, 0, 0));
  qwen2["use_sliding_window"] = true;
  EXPECT_THAT(Windows(qwen2), ElementsAre(0, 0, 0)) << "from layer 28 on: there are three";
  qwen2["max_window_layers"] = 2;
  EXPECT_THAT(Windows(qwen2), ElementsAre(0, 0, 256));
  EXPECT_THAT(Windows(Rewritten(qwen2)), ElementsAre(0, 0, 256));
  qwen2["layer_types"] = {"full_attention", "full_attention", "full_attention"};
  EXPECT_THAT(Windows(qwen2), ElementsAre(0, 0, 0));
  qwen2["layer_types"] = {"full_attention", "sliding_attention", "full_attention"};
  EXPECT_THAT(Windows(qwen2), ElementsAre(0, 256, 0));
  EXPECT_EQ(ErrorWith(qwen2, "layer_types", {"full_attention"}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorWith(qwen2, "sliding_window", nullptr).code(), absl::StatusCode::kUnimplemented);
  qwen2.erase("layer_types");
  qwen2["sliding_window"] = nullptr;
  EXPECT_THAT(Windows(qwen2), ElementsAre(0, 0, 0));
}

// The fields of google/gemma-2-2b's config.json that are its own.
json Gemma2() {
  json value = Llama();
  value["model_type"] = "gemma2";
  value["architectures"] = {"Gemma2ForCausalLM"};
  value["hidden_act"] = "gelu_pytorch_tanh";
  value["hidden_activation"] = "gelu_pytorch_tanh";
  value["attn_logit_softcapping"] = 50.0;
  value["final_logit_softcapping"] = 30.0;
  value["query_pre_attn_scalar"] = 144;
  value["sliding_window"] = 64;
  return value;
}

TEST(ParseModelConfig, Gemma2) {
  const ModelConfig config = ParseModelConfig(Gemma2().dump()).value();
  EXPECT_EQ(config.head_dim, 256);
  EXPECT_EQ(config.norm_offset, 1.0);
  EXPECT_EQ(config.norms, NormPlacement::kAround);
  EXPECT_EQ(config.activation, Activation::kGeluTanh);
  EXPECT_EQ(config.embedding_scale, 8.0);
  EXPECT_EQ(config.query_scale, 144.0);
  EXPECT_EQ(config.attention_soft_cap, 50.0);
  EXPECT_EQ(config.logit_soft_cap, 30.0);
  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_THAT(Windows(Gemma2()), ElementsAre(64, 0, 64));
  EXPECT_TRUE(Rewritten(Gemma2())["query_pre_attn_scalar"].is_number_integer())
      << "transformers takes no other";
  json without = Gemma2();
  without["attn_logit_softcapping"] = nullptr;
  without.erase("final_logit_softcapping");
  EXPECT_EQ(ParseModelConfig(without.dump()).value().attention_soft_cap, 0.0);
  EXPECT_EQ(ParseModelConfig(without.dump()).value().logit_soft_cap, 30.0);
  EXPECT_EQ(ErrorWith(Gemma2(), "hidden_activation", "gelu").code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ErrorWith(Gemma2(), "use_bidirectional_attention", true).code(),
            absl::StatusCode::kUnimplemented);
}

json Gemma3() {
  json value = Gemma2();
  value["model_type"] = "gemma3_text";
  value["architectures"] = {"Gemma3ForCausalLM"};
  value["final_logit_softcapping"] = nullptr;
  value["attn_logit_softcapping"] = nullptr;
  value["sliding_window_pattern"] = 3;
  value.erase("rope_theta");
  return value;
}

TEST(ParseModelConfig, Gemma3HasARopeForItsWindows) {
  json older = Gemma3();
  const ModelConfig plain = ParseModelConfig(older.dump()).value();
  EXPECT_EQ(plain.qk_norm, QueryKeyNorm::kHead);
  EXPECT_EQ(plain.rope.theta, 1e6);
  EXPECT_EQ(plain.window_rope->theta, 1e4);
  EXPECT_EQ(plain.logit_soft_cap, 0.0);
  EXPECT_THAT(Windows(older), ElementsAre(64, 64, 0));
  older["rope_theta"] = 2e6;
  older["rope_local_base_freq"] = 500.0;
  older["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 8.0}};
  json newer = Gemma3();
  newer.erase("sliding_window_pattern");
  newer["layer_types"] = {"sliding_attention", "sliding_attention", "full_attention"};
  newer["rope_parameters"] = {
      {"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 2e6}}},
      {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 500.0}}}};
  const ModelConfig config = ParseModelConfig(newer.dump()).value();
  EXPECT_EQ(config.rope, (RopeConfig{.theta = 2e6, .scaling = LinearRopeScaling{8.0}}));
  EXPECT_EQ(config.window_rope, RopeConfig{.theta = 500.0});
  EXPECT_EQ(config.max_positions, 512);
  EXPECT_EQ(ModelConfigJson(ParseModelConfig(older.dump()).value()), ModelConfigJson(config));
  json scaled = newer;
  scaled["rope_parameters"]["sliding_attention"] = {{"rope_type", "linear"}, {"factor", 2.0}};
  EXPECT_EQ(ParseModelConfig(scaled.dump()).status().code(), absl::StatusCode::kUnimplemented);
  scaled = newer;
  scaled["rope_parameters"]["full_attention"]["partial_rotary_factor"] = 0.5;
  EXPECT_EQ(ParseModelConfig(scaled.dump()).status().code(), absl::StatusCode::kUnimplemented);
  newer["rope_parameters"]["linear_attention"] = {{"rope_type", "default"}};
  EXPECT_EQ(ParseModelConfig(newer.dump()).status().code(), absl::StatusCode::kUnimplemented);
}

// As google/gemma-3-4b-it's config.json: what is not said is the class's.
TEST(ParseModelConfig, TheLanguageModelOfGemma3) {
  json value = {{"architectures", {"Gemma3ForConditionalGeneration"}},
                {"eos_token_id", {1, 106}},
                {"model_type", "gemma3"},
                {"torch_dtype", "bfloat16"},
                {"text_config",
                 {{"hidden_size", 2560},
                  {"intermediate_size", 10240},
                  {"model_type", "gemma3_text"},
                  {"num_hidden_layers", 34},
                  {"rope_scaling", {{"factor", 8.0}, {"rope_type", "linear"}}},
                  {"sliding_window", 1024}}},
                {"vision_config", {{"hidden_size", 1152}}}};
  const ModelConfig config = ParseModelConfig(value.dump()).value();
  EXPECT_EQ(config.model_type, "gemma3_text");
  EXPECT_EQ(config.vocab_size, 262208);
  EXPECT_EQ(config.num_heads, 8);
  EXPECT_EQ(config.num_kv_heads, 4);
  EXPECT_EQ(config.max_positions, 131072);
  EXPECT_EQ(config.dtype, Dtype::kBF16);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(1, 106));
  // A checkpoint is of the language model alone.
  const json written = json::parse(UpdatedConfigJson(value.dump(), config));
  EXPECT_EQ(written["model_type"], "gemma3_text");
  EXPECT_EQ(written["architectures"], json({"Gemma3ForCausalLM"}));
  EXPECT_EQ(written["max_position_embeddings"], 131072);
  EXPECT_EQ(DescribeArchitecture(ParseModelConfig(written.dump()).value()), DescribeArchitecture(config));
  value["text_config"]["sliding_window"] = 0;
  EXPECT_THAT(std::string(ParseModelConfig(value.dump()).status().message()),
              HasSubstr("text_config.sliding_window is 0"));
  value.erase("text_config");
  EXPECT_THAT(std::string(ParseModelConfig(value.dump()).status().message()),
              HasSubstr("text_config is missing"));
}

TEST(ParseModelConfig, SmolLm3HasLayersWithoutRope) {
  json value = Llama();
  value["model_type"] = "smollm3";
  value["architectures"] = {"SmolLM3ForCausalLM"};
  value["no_rope_layers"] = {1, 0, 1};
  const auto ropes = [](const json& value) {
    std::vector<bool> ropes;
    const ModelConfig config = ParseModelConfig(value.dump()).value();
    for (int64_t i = 0; i < config.num_layers; ++i) ropes.push_back(LayerOf(config, i).rope);
    return ropes;
  };
  EXPECT_THAT(ropes(value), ElementsAre(true, false, true));
  EXPECT_THAT(ropes(Rewritten(value)), ElementsAre(true, false, true));
  EXPECT_TRUE(ParseModelConfig(value.dump()).value().tie_word_embeddings);
  value["use_sliding_window"] = true;
  value["sliding_window"] = 7;
  EXPECT_THAT(Windows(value), ElementsAre(0, 7, 0));
  EXPECT_EQ(ErrorWith(value, "no_rope_layers", {1, 0}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorWith(value, "no_rope_layers", {1, 0, 2}).code(), absl::StatusCode::kInvalidArgument);
  value.erase("no_rope_layers");
  EXPECT_THAT(ropes(value), ElementsAre(true, true, true));
  value["no_rope_layer_interval"] = 3;
  EXPECT_THAT(ropes(value), ElementsAre(true, true, false));
}

// As microsoft/Phi-4-mini-instruct has it: three quarters of a head are rotated.
TEST(ParseModelConfig, Phi3WithLongRope) {
  json value = Llama();
  value["model_type"] = "phi3";
  value["architectures"] = {"Phi3ForCausalLM"};
  value["sliding_window"] = 400;
  value["partial_rotary_factor"] = 0.75;
  value["original_max_position_embeddings"] = 128;
  value["rope_scaling"] = {{"type", "longrope"},
                           {"short_factor", {1, 1.1, 1.2, 1.3, 1.4, 1.5}},
                           {"long_factor", {2, 2, 3, 3, 4, 4}}};
  ModelNotes notes;
  const ModelConfig config = ParseModelConfig(value.dump(), &notes).value();
  EXPECT_TRUE(config.joined_projections);
  EXPECT_EQ(config.max_positions, 128);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("sequences end at 128 tokens")));
  const auto& longrope = std::get<LongRopeScaling>(config.rope.scaling);
  EXPECT_NEAR(longrope.attention_factor, std::sqrt(1.0 + std::log(4.0) / std::log(128.0)), 1e-12);
  EXPECT_THAT(Windows(value), ElementsAre(400, 400, 400));
  EXPECT_EQ(ParseModelConfig(ModelConfigJson(config)).value().rope, config.rope);
  const json written = json::parse(ModelConfigJson(config));
  EXPECT_EQ(written["max_position_embeddings"], 512);
  EXPECT_EQ(written["rope_scaling"].size(), 3u) << "transformers 4 takes no other";
  ModelConfig own = config;
  std::get<LongRopeScaling>(own.rope.scaling).attention_factor = 1.25;
  EXPECT_EQ(ParseModelConfig(ModelConfigJson(own)).value().rope, own.rope);
  value["rope_scaling"]["short_factor"] = {1, 1, 1};
  EXPECT_THAT(std::string(ParseModelConfig(value.dump()).status().message()),
              HasSubstr("rope_scaling.short_factor is [1,1,1], must be an array of 6 positive numbers"));
  EXPECT_THAT(std::string(ErrorWith(Llama(), "partial_rotary_factor", 0.7).message()),
              HasSubstr("partial_rotary_factor is 0.7, must be a share of a head"));
}

TEST(ParseModelConfig, Olmo2) {
  json value = Llama();
  value["model_type"] = "olmo2";
  value["architectures"] = {"Olmo2ForCausalLM"};
  const ModelConfig config = ParseModelConfig(value.dump()).value();
  EXPECT_EQ(config.norms, NormPlacement::kAfter);
  EXPECT_EQ(config.qk_norm, QueryKeyNorm::kWhole);
}

// A phi3 whose context is shorter than the original one keeps it.
TEST(ModelConfigJson, AContextShorterThanLongRopesOriginal) {
  ModelConfig config = testing::TinyConfig("phi3");
  config.max_positions = 40;
  std::get<LongRopeScaling>(config.rope.scaling).attention_factor = 1.0;
  EXPECT_EQ(ParseModelConfig(ModelConfigJson(config)).value().max_positions, 40);
}

TEST(ValidateModelConfig, AConfigurationThatItsFamilyCannotSay) {
  ModelConfig config = ParseModelConfig(Llama().dump()).value();
  EXPECT_TRUE(ValidateModelConfig(config).ok());
  config.qk_norm = QueryKeyNorm::kHead;
  const absl::Status status = ValidateModelConfig(config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no config.json of model_type llama"));
  config = ParseModelConfig(Llama().dump()).value();
  config.layers = {LayerConfig()};
  EXPECT_FALSE(ValidateModelConfig(config).ok());
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
  for (json value : {Llama(), Qwen2(), Gemma2(), Gemma3()}) {
    value["head_dim"] = 32;
    value["rope_theta"] = 500000.0;
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
  std::string dir = ::testing::TempDir() + "/config_test";
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

// The fixtures whose configuration is there in both forms: what they describe is the same.
TEST(LoadModelConfig, OlderFormsOfFixtures) {
  int older_forms = 0;
  for (const auto& entry : std::filesystem::directory_iterator("model/testdata/models")) {
    const absl::StatusOr<ModelConfig> config = LoadModelConfig(entry.path());
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_TRUE(ValidateModelConfig(*config).ok()) << entry.path() << ": " << ValidateModelConfig(*config);
    const absl::StatusOr<std::string> text = ReadFile(entry.path().string() + "/config_older_format.json");
    if (!text.ok()) continue;
    ++older_forms;
    const ModelConfig older = ParseModelConfig(*text).value();
    EXPECT_EQ(DescribeArchitecture(older), DescribeArchitecture(*config)) << entry.path();
    EXPECT_EQ(ModelConfigJson(older), ModelConfigJson(*config)) << entry.path();
  }
  EXPECT_EQ(older_forms, 6);
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
    EXPECT_EQ(config->rope.theta, file["rope_parameters"]["rope_theta"]) << dir;
    EXPECT_EQ(std::holds_alternative<Llama3RopeScaling>(config->rope.scaling),
              file["rope_parameters"]["rope_type"] == "llama3")
        << dir;
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
