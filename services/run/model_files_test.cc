#include "services/run/model_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::run {
namespace {

class ModelFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    ASSERT_TRUE(MakeFolders(folder_).ok());
    Write("config.json", "{\"a\": 1}");
    Write("tokenizer.json", std::string("\0\xff", 2));
  }
  void Write(const std::string& name, const std::string& data) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, data).ok());
  }
  const std::string folder_ = testing::TempDir() + "/model_files_test";
};

TEST_F(ModelFilesTest, ComeOutAsTheyWentIn) {
  Write("generation_config.json", "{}");
  Write("model.safetensors", "weights go another way");
  const auto answer = PackModelFiles(folder_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto files = UnpackModelFiles(*answer);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(*files, (std::map<std::string, std::string>{{"config.json", "{\"a\": 1}"},
                                                        {"generation_config.json", "{}"},
                                                        {"tokenizer.json", std::string("\0\xff", 2)}}));
}

TEST_F(ModelFilesTest, AFileThatMustBeThereIsNamed) {
  std::filesystem::remove(folder_ + "/tokenizer.json");
  const auto answer = PackModelFiles(folder_);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(answer.status().message().find("tokenizer.json"), absl::string_view::npos);
}

TEST_F(ModelFilesTest, WhatIsTooLargeIsNotSent) {
  Write("tokenizer_config.json", std::string(kMaxModelFilesBytes, 'x'));
  EXPECT_EQ(PackModelFiles(folder_).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ModelFilesTest, BadAnswersAreErrors) {
  const v1::GetModelFilesResponse good = *PackModelFiles(folder_);
  v1::GetModelFilesResponse bad = good;
  bad.mutable_files(0)->mutable_data()->at(0) ^= 1;
  EXPECT_EQ(UnpackModelFiles(bad).status().code(), absl::StatusCode::kDataLoss);
  bad = good;
  bad.mutable_files()->RemoveLast();
  EXPECT_EQ(UnpackModelFiles(bad).status().code(), absl::StatusCode::kDataLoss);
  for (const char* name : {"", "../config.json", "/etc/passwd", "."}) {
    bad = good;
    bad.mutable_files(0)->set_name(name);
    EXPECT_EQ(UnpackModelFiles(bad).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace drover::run
