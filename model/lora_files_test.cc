#include "model/lora_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_folder.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"

namespace drover::model {
namespace {

using ::testing::HasSubstr;

constexpr char kAdapted[] = "model.layers.0.mlp.up_proj.weight";

class LoraFolderTest : public ::testing::Test {
 protected:
  LoraFolderTest() {
    testing::WriteModelDirectory(base_, config_, testing::FilledWeights(config_));
    WriteTokenizer(base_, "0123456789");
    testing::WriteLoraDirectory(dir_, base_, kAdapted, shape_);
  }

  static void WriteTokenizer(const std::string& dir, const std::string& alphabet) {
    EXPECT_TRUE(WriteFileAtomically(dir + "/tokenizer.json", CharacterTokenizerJson(alphabet)).ok());
  }

  const drover::testing::TempFolder folder_;
  const std::string base_ = folder_.path() + "/base", dir_ = folder_.path() + "/adapters";
  const ModelConfig config_ = testing::SmallConfig();
  const std::vector<int64_t> shape_ = {config_.intermediate_size, config_.hidden_size};
};

TEST_F(LoraFolderTest, ConfigurationAndWeightsAreTheBases) {
  EXPECT_EQ(BaseFolder(dir_).value(), base_);
  EXPECT_EQ(BaseFolder(base_).value(), base_);
  const auto weights = OpenBaseWeights(dir_);
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ(weights->tensors().size(), OpenBaseWeights(base_)->tensors().size());
  EXPECT_EQ(weights->config().hidden_size, config_.hidden_size);
}

TEST_F(LoraFolderTest, TheTokenizerIsItsOwnOrTheBases) {
  EXPECT_EQ(TokenizerFolder(dir_).value(), base_);
  const auto of_base = Tokenizer::Load(dir_);
  ASSERT_TRUE(of_base.ok()) << of_base.status();
  EXPECT_EQ((*of_base)->size(), 12u);
  WriteTokenizer(dir_, "0123");
  EXPECT_EQ(TokenizerFolder(dir_).value(), dir_);
  EXPECT_EQ((*Tokenizer::Load(dir_))->size(), 6u);
}

TEST_F(LoraFolderTest, ABaseThatIsNotHereIsAnErrorThatSaysWhatToDo) {
  testing::WriteLoraDirectory(dir_, "Qwen/Qwen2.5-Math-1.5B", kAdapted, shape_);
  for (const absl::Status& status :
       {BaseFolder(dir_).status(), TokenizerFolder(dir_).status(), OpenBaseWeights(dir_).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("the model in `Qwen/Qwen2.5-Math-1.5B`"), HasSubstr("is no folder here"),
                      HasSubstr("drover checkpoint export " + dir_ + " --merge --base MODEL --out FOLDER")));
  }
}

TEST_F(LoraFolderTest, AdaptersOfAdaptersAreAnError) {
  const std::string second = folder_.path() + "/second";
  testing::WriteLoraDirectory(second, dir_, kAdapted, shape_);
  const absl::Status status = BaseFolder(second).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("has adapters itself"),
                    HasSubstr("drover checkpoint export " + dir_ + " --merge --out FOLDER")));
}

TEST_F(LoraFolderTest, AdaptersThatDoNotFitAreAnError) {
  testing::WriteLoraDirectory(dir_, base_, kAdapted, {shape_[0], shape_[1] + 1});
  const absl::Status status = OpenBaseWeights(dir_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(dir_), HasSubstr("up_proj.lora_A.weight")));
}

}  // namespace
}  // namespace drover::model
