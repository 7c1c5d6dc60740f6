#include "programs/drover/eval/model_digest.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_folder.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"

namespace drover::cli {
namespace {

class ModelDigestTest : public ::testing::Test {
 protected:
  ModelDigestTest() {
    WriteBase(0.5);
    WriteAdapters(1);
  }
  void WriteBase(float norm) {
    auto weights = model::testing::FilledWeights(config_);
    weights["model.norm.weight"] = model::testing::Floats({config_.hidden_size}, {norm});
    model::testing::WriteModelDirectory(base_, config_, weights);
    EXPECT_TRUE(WriteFileAtomically(base_ + "/tokenizer.json", model::CharacterTokenizerJson("0123")).ok());
  }
  void WriteAdapters(float a) {
    model::testing::WriteLoraDirectory(dir_, base_, "model.layers.0.mlp.up_proj.weight",
                                       {config_.intermediate_size, config_.hidden_size}, a);
  }

  const drover::testing::TempFolder folder_;
  const std::string base_ = folder_.path() + "/base", dir_ = folder_.path() + "/adapters";
  const model::ModelConfig config_ = model::testing::SmallConfig();
};

TEST_F(ModelDigestTest, OfAdaptersIsOfThemAndOfTheirBase) {
  const auto whole = ModelDigest(base_), adapted = ModelDigest(dir_);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_TRUE(adapted.ok()) << adapted.status();
  EXPECT_NE(*adapted, *whole);
  EXPECT_EQ(ModelDigest(dir_).value(), *adapted);
  WriteAdapters(2);
  EXPECT_NE(ModelDigest(dir_).value(), *adapted) << "other adapters";
  WriteAdapters(1);
  WriteBase(0.25);
  EXPECT_NE(ModelDigest(dir_).value(), *adapted) << "another base at the same place";
  EXPECT_NE(ModelDigest(base_).value(), *whole);
}

TEST_F(ModelDigestTest, SaysWhatIsMissing) {
  EXPECT_FALSE(ModelDigest(folder_.path() + "/nowhere").ok());
  model::testing::WriteModelDirectory(base_, model::ModelConfigJson(config_), nullptr);
  EXPECT_FALSE(ModelDigest(dir_).ok());
}

}  // namespace
}  // namespace drover::cli
