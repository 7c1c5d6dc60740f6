#include "programs/learner/model_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "model/companion_files.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"

namespace drover::learner_process {
namespace {

v1::Recipe Embedded() {
  v1::Recipe recipe;
  v1::EmbeddedModel& shape = *recipe.mutable_model()->mutable_embedded();
  shape.set_alphabet("0123456789+=");
  shape.set_hidden_size(32);
  shape.set_layers(2);
  shape.set_heads(4);
  shape.set_kv_heads(2);
  shape.set_intermediate_size(64);
  shape.set_rope_theta(100);
  shape.set_max_positions(48);
  shape.set_init_std(0.06);
  return recipe;
}

TEST(ModelFolderTest, AnEmbeddedModelIsAHuggingFaceDirectory) {
  const std::string folder = ::testing::TempDir() + "/drover_model_folder";
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(WriteModelFolder(Embedded(), folder).ok());
  const auto config = model::LoadModelConfig(folder);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->vocab_size, 14);
  EXPECT_EQ(config->head_dim, 8);
  EXPECT_EQ(config->max_positions, 48);
  EXPECT_TRUE(config->tie_word_embeddings);
  const auto tokenizer = model::Tokenizer::Load(folder);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const auto ids = (*tokenizer)->Encode("12+3=");
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(ids->size(), 5u);
  EXPECT_EQ((*tokenizer)->Decode(*ids), "12+3=");
  ASSERT_EQ(config->eos_token_ids.size(), 1u);
  EXPECT_TRUE((*tokenizer)->IsSpecial(static_cast<uint32_t>(config->eos_token_ids[0])));
}

TEST(ModelFolderTest, AnImpossibleShapeIsAnError) {
  v1::Recipe recipe = Embedded();
  recipe.mutable_model()->mutable_embedded()->set_heads(5);
  EXPECT_FALSE(WriteModelFolder(recipe, ::testing::TempDir() + "/drover_model_folder_bad").ok());
}

v1::Recipe From(const std::string& source) {
  v1::Recipe recipe;
  recipe.mutable_model()->set_path(source);
  return recipe;
}

TEST(ModelFolderTest, WhatStandsBesideTheWeightsIsCopied) {
  const std::string source = ::testing::TempDir() + "/drover_model_whole";
  const std::string folder = ::testing::TempDir() + "/drover_model_whole_copy";
  std::filesystem::remove_all(folder);
  const model::ModelConfig config = model::testing::SmallConfig();
  model::testing::WriteModelDirectory(source, config, model::testing::FilledWeights(config));
  for (const char* name :
       {"tokenizer.json", "chat_template.jinja", "special_tokens_map.json", "merges.txt"}) {
    ASSERT_TRUE(WriteFileAtomically(source + "/" + name, name).ok());
  }
  ASSERT_TRUE(WriteModelFolder(From(source), folder).ok());
  const model::CompanionFiles files = model::ReadCompanionFiles(folder).value();
  EXPECT_EQ(files.size(), 5u);
  EXPECT_EQ(files.at("chat_template.jinja"), "chat_template.jinja");
  EXPECT_FALSE(std::filesystem::exists(folder + "/model.safetensors"));
  EXPECT_TRUE(model::LoadModelConfig(folder)->tie_word_embeddings);
}

TEST(ModelFolderTest, ActorsHearOfAHeadThatIsNotTied) {
  const std::string source = ::testing::TempDir() + "/drover_model_head";
  const std::string folder = ::testing::TempDir() + "/drover_model_head_copy";
  const model::ModelConfig config = model::testing::SmallConfig();  // tied
  auto tensors = model::testing::FilledWeights(config);
  tensors["lm_head.weight"] = model::testing::Floats({config.vocab_size, config.hidden_size}, {1});
  model::testing::WriteModelDirectory(source, config, tensors);
  ASSERT_TRUE(WriteFileAtomically(source + "/tokenizer.json", "{}").ok());
  ASSERT_TRUE(WriteModelFolder(From(source), folder).ok());
  EXPECT_FALSE(model::LoadModelConfig(folder)->tie_word_embeddings);
}

TEST(ModelFolderTest, OfAdaptersItIsTheirBasesButForTheirTokenizer) {
  const std::string base = ::testing::TempDir() + "/drover_model_adapted";
  const std::string source = ::testing::TempDir() + "/drover_model_adapters";
  const std::string folder = ::testing::TempDir() + "/drover_model_adapters_copy";
  std::filesystem::remove_all(folder);
  const model::ModelConfig config = model::testing::SmallConfig();
  model::testing::WriteModelDirectory(base, config, model::testing::FilledWeights(config));
  model::testing::WriteLoraDirectory(source, base, "model.layers.0.mlp.up_proj.weight",
                                     {config.intermediate_size, config.hidden_size});
  ASSERT_TRUE(WriteFileAtomically(base + "/tokenizer.json", "the base's").ok());
  ASSERT_TRUE(WriteFileAtomically(base + "/LICENSE", "the base's").ok());
  ASSERT_TRUE(WriteFileAtomically(source + "/tokenizer.json", "its own").ok());
  ASSERT_TRUE(WriteFileAtomically(source + "/config.json", "not read").ok());
  const absl::Status written = WriteModelFolder(From(source), folder);
  ASSERT_TRUE(written.ok()) << written;
  const auto files = model::ReadCompanionFiles(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->size(), 3u) << "and no adapter_config.json: the run's model is a whole one";
  EXPECT_EQ(files->at("tokenizer.json"), "its own");
  EXPECT_EQ(files->at("LICENSE"), "the base's");
  EXPECT_EQ(model::LoadModelConfig(folder)->hidden_size, config.hidden_size);
}

TEST(ModelFolderTest, AModelWithoutTokenizerIsAnErrorWithItsPath) {
  const std::string source = ::testing::TempDir() + "/drover_model_source";
  std::filesystem::remove_all(source);
  ASSERT_TRUE(MakeFolders(source).ok());
  ASSERT_TRUE(WriteFileAtomically(source + "/config.json", "{}").ok());
  const absl::Status status = WriteModelFolder(From(source), ::testing::TempDir() + "/drover_model_copy");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("drover_model_source/tokenizer.json"), absl::string_view::npos);
}

// A first start that was killed while it wrote the folder: the next one makes it anew.
TEST(ModelFolderTest, AHalfMadeFolderIsReplaced) {
  const std::string folder = ::testing::TempDir() + "/drover_model_half";
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(MakeFolders(folder).ok());
  ASSERT_TRUE(WriteFileAtomically(folder + "/config.json", "{}").ok());
  ASSERT_TRUE(MakeFolders(folder + ".tmp").ok());
  ASSERT_TRUE(WriteFileAtomically(folder + ".tmp/stray", "").ok());
  ASSERT_TRUE(ReplaceModelFolder(Embedded(), folder).ok());
  EXPECT_TRUE(model::LoadModelConfig(folder).ok());
  EXPECT_TRUE(model::Tokenizer::Load(folder).ok());
  EXPECT_FALSE(std::filesystem::exists(folder + "/stray"));
  EXPECT_FALSE(std::filesystem::exists(folder + ".tmp"));
}

}  // namespace
}  // namespace drover::learner_process
