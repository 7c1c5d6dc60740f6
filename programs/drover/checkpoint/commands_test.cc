#include "programs/drover/checkpoint/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/folder_digests.h"
#include "base/testing/temp_folder.h"
#include "model/safetensors.h"
#include "model/testing/model_directory.h"
#include "services/run/run_folder.h"

namespace drover::cli::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckpointCommandsTest : public ::testing::Test {
 protected:
  CheckpointCommandsTest() : folder_(temporary_.path() + "/run") {
    EXPECT_TRUE(folder_.Create().ok());
    const model::ModelConfig config = model::testing::TrainingConfig();
    const auto weights = model::testing::FilledWeights(config);
    for (const uint64_t step : {2, 4}) {
      const std::string dir = folder_.checkpoint(step);
      model::testing::WriteModelDirectory(dir, config, weights);
      EXPECT_TRUE(model::WriteSafetensors(dir + "/training_state.safetensors", {}).ok());
      EXPECT_TRUE(WriteFolderDigests(dir).ok());
    }
    EXPECT_TRUE(WriteFileAtomically(folder_.evaluations(),
                                    "{\"step\":0,\"accuracy\":0.1}\n"
                                    "{\"step\":4,\"accuracy\":0.625}\n{\"step\":")
                    .ok());
  }

  absl::Status RunList(bool json = false) {
    out_.str("");
    return List({.run = folder_.path(), .json = json}, out_);
  }
  absl::Status RunVerify(std::vector<std::string> paths, bool json = false) {
    out_.str("");
    return Verify({.paths = std::move(paths), .json = json}, out_);
  }

  const testing::TempFolder temporary_;
  const run::RunFolder folder_;
  std::ostringstream out_;
};

TEST_F(CheckpointCommandsTest, ListShowsEveryFolderWithItsState) {
  std::filesystem::remove(folder_.checkpoint(2) + "/config.json");
  std::filesystem::create_directories(folder_.checkpoint(6) + ".tmp");
  std::filesystem::create_directories(folder_.checkpoint(1) + ".damaged");
  ASSERT_TRUE(RunList(/*json=*/true).ok());
  std::vector<std::string> states;
  std::istringstream lines(out_.str());
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    states.push_back(json["name"].get<std::string>() + " " + json["state"].get<std::string>());
    if (json["step"] == 4) {
      EXPECT_EQ(json["accuracy"], 0.625);
      uint64_t bytes = 0;
      for (const auto& file : std::filesystem::directory_iterator(folder_.checkpoint(4))) {
        bytes += file.file_size();
      }
      EXPECT_EQ(json["bytes"], bytes);
    } else {
      EXPECT_TRUE(json["accuracy"].is_null());
    }
  }
  EXPECT_THAT(states, ElementsAre("step-000002 incomplete", "step-000004 complete",
                                  "step-000001.damaged set aside", "step-000006.tmp unfinished"));
}

TEST_F(CheckpointCommandsTest, ListAsATable) {
  ASSERT_TRUE(RunList().ok());
  const std::vector<std::string> lines = absl::StrSplit(out_.str(), '\n');
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], HasSubstr("checkpoint"));
  EXPECT_THAT(lines[1], ::testing::MatchesRegex("step-000002 +[0-9.]+ MB  complete    -"));
  EXPECT_THAT(lines[2], ::testing::MatchesRegex("step-000004 +[0-9.]+ MB  complete    0.625"));
  std::filesystem::remove_all(folder_.checkpoint(2));
  std::filesystem::remove_all(folder_.checkpoint(4));
  ASSERT_TRUE(RunList().ok());
  EXPECT_EQ(out_.str(), "no checkpoint yet\n");
}

TEST_F(CheckpointCommandsTest, WhatIsNoRunIsRefused) {
  EXPECT_TRUE(absl::IsNotFound(List({.run = temporary_.path() + "/none"}, out_)));
  EXPECT_TRUE(absl::IsInvalidArgument(List({.run = folder_.model()}, out_)));
  EXPECT_TRUE(absl::IsNotFound(RunVerify({temporary_.path() + "/none"})));
  EXPECT_TRUE(absl::IsInvalidArgument(RunVerify({folder_.model()})));
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CheckpointCommandsTest, VerifyReadsEveryByte) {
  ASSERT_TRUE(RunVerify({folder_.path()}).ok());
  EXPECT_EQ(out_.str(), folder_.checkpoint(2) + "  whole\n" + folder_.checkpoint(4) + "  whole\n");
  const std::string weights = folder_.checkpoint(2) + "/model.safetensors";
  std::string bytes = ReadFile(weights).value();
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(weights, bytes).ok());
  const absl::Status damaged = RunVerify({folder_.path()}, /*json=*/true);
  EXPECT_TRUE(absl::IsDataLoss(damaged));
  EXPECT_EQ(damaged.message(), "1 of 2 checkpoints damaged");
  std::istringstream lines(out_.str());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_FALSE(nlohmann::json::parse(line)["whole"]);
  EXPECT_THAT(nlohmann::json::parse(line)["why"].get<std::string>(), HasSubstr(weights));
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_TRUE(nlohmann::json::parse(line)["whole"]);
  EXPECT_TRUE(RunVerify({folder_.checkpoint(4)}).ok()) << "one checkpoint by its folder";
}

// The shards of ranks that share the moments are looked at as the rest of the state is.
TEST_F(CheckpointCommandsTest, VerifyOpensShards) {
  const std::string dir = folder_.checkpoint(4), shard = dir + "/training_state.shard-00001.safetensors";
  ASSERT_TRUE(model::WriteSafetensors(shard, {}).ok());
  ASSERT_TRUE(WriteFolderDigests(dir).ok());
  EXPECT_TRUE(RunVerify({dir}).ok()) << out_.str();
  ASSERT_TRUE(WriteFileAtomically(shard, "no tensors").ok());
  ASSERT_TRUE(WriteFolderDigests(dir).ok());
  EXPECT_TRUE(absl::IsDataLoss(RunVerify({dir})));
  EXPECT_THAT(out_.str(), HasSubstr(shard));
}

TEST_F(CheckpointCommandsTest, VerifyWithoutDigestsSaysSo) {
  std::filesystem::remove(folder_.checkpoint(2) + "/" + kDigestsFile);
  EXPECT_TRUE(absl::IsDataLoss(RunVerify({folder_.path()})));
  EXPECT_THAT(out_.str(), HasSubstr("digests.xxh128: is missing"));
}

}  // namespace
}  // namespace drover::cli::checkpoint
