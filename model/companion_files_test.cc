#include "model/companion_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace drover::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class CompanionFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = ::testing::TempDir() + "/companion_files_test";
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(dir_ + "/" + name) << text; }
  std::vector<std::string> Names(const CompanionLimits& limits = {}) {
    std::vector<std::string> names;
    const CompanionFiles files = ReadCompanionFiles(dir_, &notes_, limits).value();
    for (const auto& [name, data] : files) names.push_back(name);
    return names;
  }
  std::string dir_;
  ModelNotes notes_;
};

TEST_F(CompanionFilesTest, AllButWeightsAndTheirIndex) {
  for (const char* name :
       {"config.json", "tokenizer.json", "tokenizer.model", "chat_template.jinja", "README.md", "LICENSE",
        "model.safetensors", "model-00001-of-00002.safetensors", "model.safetensors.index.json",
        "pytorch_model.bin", "pytorch_model.bin.index.json", "training_state.safetensors", "model.gguf"}) {
    Write(name, "x");
  }
  fs::create_directories(dir_ + "/onnx");
  Write("onnx/model.json", "x");
  fs::create_symlink(dir_ + "/nowhere", dir_ + "/broken.json");
  fs::create_symlink(dir_ + "/README.md", dir_ + "/linked.md");  // how the hub's cache stores all of them
  EXPECT_THAT(Names(), ElementsAre("LICENSE", "README.md", "chat_template.jinja", "config.json", "linked.md",
                                   "tokenizer.json", "tokenizer.model"));
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(ReadCompanionFiles(dir_)->at("linked.md"), "x");
}

TEST_F(CompanionFilesTest, LimitsLeaveOutWithANote) {
  Write("a.txt", std::string(60, 'a'));
  Write("big.txt", std::string(101, 'b'));
  Write("config.json", std::string(50, 'c'));
  Write("tokenizer.json", std::string(40, 't'));
  EXPECT_THAT(Names({.file_bytes = 100, .all_bytes = 140}), ElementsAre("config.json", "tokenizer.json"));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("a.txt"), HasSubstr("big.txt")));
}

TEST_F(CompanionFilesTest, AFolderThatIsNotThere) {
  EXPECT_EQ(ReadCompanionFiles(dir_ + "/absent").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover::model
