#include "programs/actor/setup.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/digest.h"
#include "base/file.h"
#include "recipe/sampling.h"
#include "recipe/testing/small_recipe.h"
#include "recipe/text.h"
#include "services/run/model_files.h"

namespace drover::actor_process {
namespace {

constexpr char kConfig[] =
    R"({"model_type": "llama", "vocab_size": 8, "hidden_size": 8, "intermediate_size": 16,
  "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 32,
  "rms_norm_eps": 1e-6, "eos_token_id": 1, "hidden_act": "silu", "architectures": ["LlamaForCausalLM"]})";

// A learner with a recipe and files.
class FakeLearner : public SetupSource {
 public:
  absl::StatusOr<v1::GetRecipeResponse> GetRecipe() override {
    if (!error.ok()) return error;
    v1::GetRecipeResponse response;
    *response.mutable_recipe() = recipe;
    return response;
  }
  absl::StatusOr<v1::GetModelFilesResponse> GetModelFiles() override {
    ++asked_for_files;
    if (!error.ok()) return error;
    return files;
  }
  absl::Status error;
  v1::Recipe recipe = recipe::GoodRecipe();
  v1::GetModelFilesResponse files;
  int asked_for_files = 0;
};

class SetupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    ASSERT_TRUE(MakeFolders(folder_ + "/model").ok());
    Write("model/config.json", kConfig);
    Write("model/generation_config.json", R"({"eos_token_id": 2})");
    Write("model/tokenizer.json", model::CharacterTokenizerJson("abc"));
    learner_.files = *run::PackModelFiles(folder_ + "/model");
  }
  std::string Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(folder_ + "/" + name, text).ok());
    return folder_ + "/" + name;
  }
  std::string WriteRecipe(const std::vector<std::string>& overrides) {
    v1::Recipe recipe = recipe::GoodRecipe();
    recipe::Problems problems;
    recipe::ApplyOverrides(overrides, recipe, problems);
    return Write("recipe.textproto", recipe::ToText(recipe));
  }

  const std::string folder_ = testing::TempDir() + "/setup_test";
  FakeLearner learner_;
};

TEST_F(SetupTest, EverythingComesFromTheLearner) {
  const auto setup = MakeSetup("", "", learner_);
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->sampling_digest, recipe::SamplingDigest(learner_.recipe));
  EXPECT_EQ(setup->config.hidden_size, 8);
  EXPECT_EQ(setup->config.eos_token_ids, (std::vector<int64_t>{2})) << "generation_config.json has one";
  EXPECT_EQ(setup->tokenizer->Encode("cab").value(), (std::vector<uint32_t>{4, 2, 3}));
}

TEST_F(SetupTest, OwnFilesAreUsedAndCompared) {
  const std::string same = WriteRecipe({"run.steps=7", "actors.max_batch=3"});
  const auto setup = MakeSetup(same, folder_ + "/model", learner_);
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->recipe.actors().max_batch(), 3u) << "ours: it does not matter to sampling";
  EXPECT_EQ(setup->config.eos_token_ids, (std::vector<int64_t>{2}));
  EXPECT_EQ(learner_.asked_for_files, 0);
}

TEST_F(SetupTest, AnotherRecipeIsRefusedWithTheFieldsNames) {
  const auto setup = MakeSetup(WriteRecipe({"rollout.temperature=0.5", "run.seed=3"}), "", learner_);
  EXPECT_EQ(setup.status().code(), absl::StatusCode::kFailedPrecondition);
  for (const char* part : {"rollout.temperature: 0.5 -> 1", "run.seed: 3 -> 1", "recipe.textproto"}) {
    EXPECT_NE(setup.status().message().find(part), absl::string_view::npos) << setup.status();
  }
}

TEST_F(SetupTest, AnOlderLearnerIsTakenAtOurWordOrRefused) {
  learner_.error = absl::UnimplementedError("no such method");
  EXPECT_TRUE(MakeSetup(WriteRecipe({}), folder_ + "/model", learner_).ok());
  EXPECT_EQ(MakeSetup("", "", learner_).status().code(), absl::StatusCode::kUnimplemented);
}

TEST_F(SetupTest, ErrorsAreTold) {
  EXPECT_EQ(MakeSetup("", folder_ + "/nothing", learner_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MakeSetup(folder_ + "/no.textproto", "", learner_).status().code(), absl::StatusCode::kNotFound);
  learner_.files.mutable_files(0)->set_digest("0");
  EXPECT_EQ(MakeSetup("", "", learner_).status().code(), absl::StatusCode::kDataLoss);
  learner_.error = absl::CancelledError("the client was cancelled");
  EXPECT_TRUE(absl::IsCancelled(MakeSetup("", "", learner_).status()));
}

}  // namespace
}  // namespace drover::actor_process
