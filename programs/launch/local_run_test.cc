// Runs whose programs are shell scripts: what becomes of a run when an actor's processes end one way or another.
#include "programs/launch/local_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"

namespace drover::launch {
namespace {

using ::testing::HasSubstr;

constexpr char kFlags[] = R"(#!/bin/sh
rank=0
while [ $# -gt 0 ]; do
  case "$1" in
    --port-file) ports=$2 ;;
    --rank) rank=$2 ;;
    --place) place=$2 ;;
  esac
  shift
done
)";
constexpr char kListen[] = R"(printf '{"grpc_port": 1, "metrics_port": 1}' > "$ports.new"
mv "$ports.new" "$ports"
)";
constexpr char kForever[] = "exec sleep 600";

class LocalRunTest : public ::testing::Test {
 protected:
  // Actors of two processes: what each does once it is started.
  void Start(const std::string& zero, const std::string& one,
             absl::Duration until_missed = absl::Milliseconds(100)) {
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    const std::string dir = dir_ = absl::StrCat(::testing::TempDir(), "/local_run_", name);
    std::filesystem::remove_all(dir);
    for (const char* folder : {"/programs", "/run/logs", "/run/ports"}) {
      std::filesystem::create_directories(dir + folder);
    }
    Program(dir + "/programs/drover-learner", absl::StrCat(kFlags, kListen, kForever));
    Program(dir + "/programs/drover-actor",
            absl::StrCat(kFlags, "if [ $rank = 0 ]; then\n", zero, "\nelse\n", one, "\nfi\n"));
    LocalRunOptions options = {.programs = dir + "/programs", .folder = run::RunFolder(dir + "/run")};
    options.recipe.mutable_run()->set_threads(1);
    options.recipe.mutable_learner()->set_ranks(1);
    options.recipe.mutable_verifiers()->add_addresses("127.0.0.1:1");
    options.recipe.mutable_actors()->set_count(actors_);
    options.recipe.mutable_actors()->set_tensor_parallel(2);
    options.until_missed = until_missed;
    run_ = std::make_unique<LocalRun>(std::move(options));
    const absl::Status started = run_->Start();
    ASSERT_TRUE(started.ok()) << started.ToString();
  }
  void TearDown() override {
    if (run_ != nullptr) run_->Kill();
  }

  static void Program(const std::string& path, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(path, text).ok());
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  RunOutcome RunUntil(const std::function<bool()>& enough) {
    RunOutcome outcome = RunOutcome::kRunning;
    const absl::Time deadline = absl::Now() + absl::Minutes(2);
    while (outcome == RunOutcome::kRunning && !enough() && absl::Now() < deadline) {
      outcome = run_->Poll();
      for (const std::string& message : run_->TakeMessages()) messages_.push_back(message);
      absl::SleepFor(absl::Milliseconds(20));
    }
    return outcome;
  }
  std::string Messages() const { return absl::StrJoin(messages_, "\n"); }

  uint32_t actors_ = 1;
  std::string dir_;
  std::unique_ptr<LocalRun> run_;
  std::vector<std::string> messages_;
};

const auto kNever = [] { return false; };

// The other waits to be joined, and would for minutes.
TEST_F(LocalRunTest, AWrongConfigurationOfOneProcessFailsTheRun) {
  Start(kForever, "exit 2");
  EXPECT_EQ(RunUntil(kNever), RunOutcome::kFailed);
  EXPECT_THAT(run_->failure(), HasSubstr("actor-0-rank-1 exited with status 2"));
  EXPECT_THAT(messages_, ::testing::IsEmpty());
}

TEST_F(LocalRunTest, AProcessThatAlwaysDiesYoungFailsTheRunThoughTheOtherLives) {
  Start(kForever, "exit 3");
  EXPECT_EQ(RunUntil(kNever), RunOutcome::kFailed);
  EXPECT_THAT(run_->failure(), HasSubstr("actor-0-rank-1 exited with status 3"));
  EXPECT_EQ(messages_.size(), 4u) << Messages();
}

TEST_F(LocalRunTest, AnEndInOrderOfOneHidesNoError) {
  Start("sleep 0.3; exit 2", "exit 0", absl::Minutes(1));
  EXPECT_EQ(RunUntil(kNever), RunOutcome::kFailed);
  EXPECT_THAT(run_->failure(), HasSubstr("actor-0 exited with status 2"));
}

TEST_F(LocalRunTest, TheFirstErrorIsToldAndAllAreStartedAgain) {
  Start("sleep 0.3; exit 1", "exit 3", absl::Minutes(1));
  EXPECT_EQ(RunUntil([&] { return !messages_.empty(); }), RunOutcome::kRunning);
  EXPECT_THAT(Messages(), HasSubstr("actor-0-rank-1 exited with status 3"));
  EXPECT_THAT(Messages(), HasSubstr("it is started again"));
}

// Where there are GPUs, each takes that of its place.
TEST_F(LocalRunTest, EveryProcessOfEveryActorHasAPlaceOfItsOwn) {
  actors_ = 2;
  const std::string tell = absl::StrCat("touch \"$(dirname \"$ports\")/place-$rank-$place\"\n", kForever);
  Start(tell, tell);
  const auto all = [&] {
    for (const char* told : {"place-0-0", "place-1-1", "place-0-2", "place-1-3"}) {
      if (!std::filesystem::exists(absl::StrCat(dir_, "/run/ports/", told))) return false;
    }
    return true;
  };
  EXPECT_EQ(RunUntil(all), RunOutcome::kRunning);
  EXPECT_TRUE(all());
}

}  // namespace
}  // namespace drover::launch
