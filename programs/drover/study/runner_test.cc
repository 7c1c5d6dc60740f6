// The runs of a study by a program that stands for `drover train`: it keeps the run folder's promises and takes no time.
#include "programs/drover/study/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace drover::study_command {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// `train --out DIR` or `--resume DIR`: writes its arguments beside the folder, a checkpoint and the summary. A run named as in $FAIL fails,
// one as in $HANG waits for a signal and ends with 130.
constexpr char kProgram[] = R"(#!/bin/sh
for word in "$@"; do case "$last" in --out|--resume) dir="$word";; esac; last="$word"; done
name=$(basename "$dir")
echo "$@" >> "$dir.arguments"
mkdir -p "$dir/checkpoints/step-000001"
echo x > "$dir/recipe.textproto"
echo '{"step":1}' > "$dir/metrics.jsonl"
if [ "$name" = "$FAIL" ]; then echo "drover: it broke" >&2; exit 1; fi
if [ "$name" = "$HANG" ]; then trap 'exit 130' INT; while :; do sleep 0.05; done; fi
echo '{}' > "$dir/summary.json"
)";

class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "study_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    std::ofstream(dir_ + "/program") << kProgram;
    fs::permissions(dir_ + "/program", fs::perms::owner_all);
    unsetenv("FAIL");
    unsetenv("HANG");
  }
  void TearDown() override { fs::remove_all(dir_); }

  static study::PlannedRun Run(const std::string& name, int arm, uint32_t seed) {
    study::PlannedRun run{.name = name, .arm = arm, .seed = seed, .needs_base = arm >= 0, .rollouts = 1};
    run.overrides = {arm < 0 ? "run.steps=1" : "model.path={base}"};
    return run;
  }
  static std::vector<study::PlannedRun> Runs() {
    return {Run("base-seed1", -1, 1), Run("a-seed1", 0, 1), Run("b-seed1", 1, 1)};
  }

  absl::StatusOr<StudyFolder> Folder(bool quick = false) {
    study::Definition definition{.name = "s"};
    definition.study.mutable_full()->set_seeds(2);
    return StudyFolder::Take(dir_ + "/out", definition, {.quick = quick});
  }

  absl::Status Go(int jobs = 2) {
    const auto folder = Folder();
    EXPECT_TRUE(folder.ok()) << folder.status();
    Runner runner({.drover = dir_ + "/program", .recipe = "r", .jobs = jobs}, *folder, Runs());
    ended_.clear();
    return runner.Run(
        stop_,
        [&](const Progress&) {
          if (!interrupt_ || !fs::exists(dir_ + "/out/runs/a-seed1/recipe.textproto")) return;
          kill(getpid(), SIGINT);
          interrupt_ = false;
        },
        [&](const std::string& name, const Progress& progress) {
          ended_.push_back(name);
          last_ = progress;
        });
  }

  std::string Arguments(const std::string& name) {
    return ReadFile(dir_ + "/out/runs/" + name + ".arguments").value_or("");
  }

  StopSignal stop_;
  std::string dir_;
  bool interrupt_ = false;  // once a-seed1 is going
  std::vector<std::string> ended_;
  Progress last_;
};

TEST_F(RunnerTest, ArmsBeginFromTheNewestCheckpointOfTheirBase) {
  ASSERT_TRUE(Go(/*jobs=*/1).ok());
  EXPECT_THAT(ended_, ElementsAre("base-seed1", "a-seed1", "b-seed1"));
  EXPECT_EQ(Arguments("b-seed1"),
            absl::StrCat("train --quiet --recipe r --out ", dir_, "/out/runs/b-seed1 --set model.path=", dir_,
                         "/out/runs/base-seed1/checkpoints/step-000001\n"));
  EXPECT_EQ(last_.runs_done, 3u);
  EXPECT_EQ(last_.rollouts_done, 2u);
}

TEST_F(RunnerTest, WhatIsDoneIsNotRunAgain) {
  ASSERT_TRUE(Go().ok());
  const std::string before = Arguments("a-seed1");
  ASSERT_TRUE(Go().ok());
  EXPECT_EQ(Arguments("a-seed1"), before);
  EXPECT_TRUE(ended_.empty());
}

TEST_F(RunnerTest, AFailureNamesTheRunAndWhatItSaid) {
  setenv("FAIL", "a-seed1", 1);
  const absl::Status status = Go();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("run a-seed1 exited with status 1"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("it broke"));
  unsetenv("FAIL");
  ASSERT_TRUE(Go().ok());
  EXPECT_THAT(Arguments("a-seed1"), HasSubstr("--resume"));
}

TEST_F(RunnerTest, ASignalEndsTheRunsAndTheNextStartResumesThem) {
  setenv("HANG", "a-seed1", 1);
  interrupt_ = true;
  const absl::Status status = Go();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_FALSE(fs::exists(dir_ + "/out/runs/a-seed1/summary.json"));
  unsetenv("HANG");
  ASSERT_TRUE(Go().ok());
  EXPECT_THAT(Arguments("a-seed1"), HasSubstr("--resume"));
  EXPECT_TRUE(fs::exists(dir_ + "/out/runs/a-seed1/summary.json"));
}

TEST_F(RunnerTest, AFolderIsOfOnePlanAndOneProcess) {
  {
    const auto first = Folder();
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_TRUE(absl::IsFailedPrecondition(Folder().status()));
    EXPECT_TRUE(first->WriteClock(12.5).ok());
  }
  EXPECT_EQ(Folder()->seconds(), 12.5);
  const absl::Status other = Folder(/*quick=*/true).status();
  EXPECT_TRUE(absl::IsInvalidArgument(other));
  EXPECT_THAT(std::string(other.message()), HasSubstr("asked for otherwise"));
}

TEST_F(RunnerTest, AFolderOfSomethingElseIsLeftAlone) {
  fs::create_directories(dir_ + "/out");
  std::ofstream(dir_ + "/out/letter.txt") << "dear";
  EXPECT_TRUE(absl::IsInvalidArgument(Folder().status()));
  EXPECT_FALSE(fs::exists(dir_ + "/out/plan.json"));
}

TEST(ProgressText, SaysHowFarItIs) {
  EXPECT_EQ(ToText({.runs = 4, .runs_done = 1, .runs_going = 2, .rollouts = 100, .rollouts_done = 30}),
            "1 of 4 runs done, 2 going, rollout 30 of 100");
  EXPECT_EQ(ToText({.runs = 4, .left = absl::Seconds(600)}),
            "0 of 4 runs done, 0 going, rollout 0 of 0, about 10 min left");
  EXPECT_EQ(ToText({.runs = 4, .left = absl::Seconds(20)}),
            "0 of 4 runs done, 0 going, rollout 0 of 0, about 20 s left");
}

}  // namespace
}  // namespace drover::study_command
