// What fetch_smollm2.sh does without a network: finds the model, refuses what it must not touch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace drover {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Outcome {
  int code;
  std::string output;  // standard output, then standard error
};

Outcome Fetch(const std::string& arguments) {
  std::string command = "programs/drover/fetch/fetch_smollm2.sh " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  Outcome outcome;
  char buffer[4096];
  while (size_t got = fread(buffer, 1, sizeof(buffer), pipe)) outcome.output.append(buffer, got);
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

class FetchTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  const fs::path dir_ = fs::path(testing::TempDir()) / "fetch_test";
};

TEST_F(FetchTest, AModelThatIsThereIsOnlyNamed) {
  std::ofstream(dir_ / ".fetched") << "7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b\n";
  std::ofstream(dir_ / "model.safetensors");
  fs::resize_file(dir_ / "model.safetensors", 269060552);  // a hole: takes no space
  Outcome outcome = Fetch((dir_ / ".." / "fetch_test").string());
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output, fs::canonical(dir_).string() + "\n");
}

TEST_F(FetchTest, AFolderThatIsNotTheModelIsLeftAlone) {
  std::ofstream(dir_ / "mine") << "x";
  Outcome outcome = Fetch(dir_.string());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("exists and is not a complete fetched model"));
  EXPECT_TRUE(fs::exists(dir_ / "mine"));
}

TEST_F(FetchTest, MoreThanOneFolderIsRefused) {
  Outcome outcome = Fetch("a b");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("unknown argument 'b'"));
}

}  // namespace
}  // namespace drover
