// The run folder when any call of the disk fails or the machine dies: no half line is taken for a step, checkpoints that
// are kept stay whole, one process holds the lock.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/testing/faulty_file_system.h"
#include "services/run/jsonl.h"
#include "services/run/run_folder.h"
#include "services/run/run_lock.h"

namespace drover::run {
namespace {

using testing::AllFaults;
using testing::AtEveryCall;
using testing::Fault;
using testing::FaultyFileSystem;
using testing::kAllBytes;
using testing::MemoryFileSystem;

std::string Line(uint64_t step) { return ToLine({{"step", step}, {"reward", 0.5}}); }

// The steps of the file, after what a resume does with it; all of its lines are records then.
std::vector<uint64_t> StepsAfterAResume(const std::string& path, FileSystem* files) {
  EXPECT_TRUE(KeepStepsUpTo(path, 100, files).ok());
  std::vector<uint64_t> steps;
  const auto lines = ReadJsonl(path, files);
  EXPECT_TRUE(lines.ok()) << lines.status();
  if (!lines.ok()) return steps;
  for (const auto& line : *lines) steps.push_back(line["step"].get<uint64_t>());
  return steps;
}

void ExpectSays(const absl::Status& status, const FaultyFileSystem& files) {
  EXPECT_EQ(status.ok(), !files.fired()) << status << "; " << files.said();
  EXPECT_TRUE(status.ok() || absl::StrContains(status.message(), files.said().message())) << status;
}

TEST(RunFaultsTest, MetricsAreWholeLinesWhereverAnAppendFails) {
  const RunFolder folder("/run");
  for (Fault fault : AllFaults()) {
    for (fault.torn_bytes = 0; fault.torn_bytes <= Line(3).size(); ++fault.torn_bytes) {
      AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        disk.Put(folder.metrics(), Line(1) + Line(2));
        const absl::Status appended = AppendLines(folder.metrics(), Line(3), &files);
        ExpectSays(appended, files);
        const std::vector<uint64_t> steps = StepsAfterAResume(folder.metrics(), &disk);
        EXPECT_GE(steps.size(), appended.ok() ? 3u : 2u);
        for (size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i], i + 1);
      });
    }
  }
}

// A line is not synced: the machine's death may take the last ones, and leave zeros or part of one.
TEST(RunFaultsTest, ALossOfPowerLeavesALineOrNone) {
  const RunFolder folder("/run");
  for (const bool zeros : {false, true}) {
    for (uint64_t bytes = 0; bytes <= Line(3).size(); ++bytes) {
      MemoryFileSystem disk;
      disk.Put(folder.metrics(), Line(1) + Line(2));
      ASSERT_TRUE(AppendLines(folder.metrics(), Line(3), &disk).ok());
      disk.Crash({.bytes = bytes, .zeros = zeros});
      // A line that lacks its end alone is a record all the same.
      const size_t expected = bytes + 1 >= Line(3).size() ? 3 : 2;
      EXPECT_EQ(StepsAfterAResume(folder.metrics(), &disk).size(), expected) << bytes;
    }
  }
}

TEST(RunFaultsTest, GoingBackReplacesTheLinesAtOnce) {
  const RunFolder folder("/run");
  for (const Fault& fault : AllFaults()) {
    for (const size_t names : {0, 1, 2}) {
      AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        disk.Put(folder.metrics(), Line(1) + Line(2) + Line(3));
        const absl::Status kept = KeepStepsUpTo(folder.metrics(), 1, &files).status();
        ExpectSays(kept, files);
        disk.Crash({.names = names, .bytes = kAllBytes});
        const size_t lines = StepsAfterAResume(folder.metrics(), &disk).size();
        EXPECT_TRUE(lines == 1 || (lines == 3 && !kept.ok())) << lines;
      });
    }
  }
}

TEST(RunFaultsTest, ARunFolderThatWasMadeStays) {
  for (const Fault& fault : AllFaults()) {
    AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
      const absl::Status created = RunFolder("/runs/a", &files).Create();
      ExpectSays(created, files);
      disk.Crash();
      const RunFolder folder("/runs/a", &disk);
      EXPECT_TRUE(folder.NeverBegan());
      EXPECT_TRUE(!created.ok() || disk.Exists(folder.journal()).value());
      EXPECT_TRUE(folder.Create().ok()) << "the next start goes on with what is there";
    });
  }
}

// The newest ones are whole, whatever became of those that go.
TEST(RunFaultsTest, CheckpointsThatAreKeptStayWhole) {
  for (const Fault& fault : AllFaults()) {
    for (size_t names = 0; names <= 8; names += 2) {
      AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        const RunFolder on_disk("/run", &disk);
        for (uint64_t step = 1; step <= 4; ++step) {
          for (const char* name : {"config", "weights"})
            disk.Put(absl::StrCat(on_disk.checkpoint(step), "/", name), absl::StrCat(name, step));
        }
        ExpectSays(RunFolder("/run", &files).KeepCheckpoints({3, 4}), files);
        disk.Crash({.names = names});
        for (uint64_t step = 3; step <= 4; ++step) {
          for (const char* name : {"config", "weights"})
            EXPECT_EQ(disk.Contents(absl::StrCat(on_disk.checkpoint(step), "/", name)),
                      absl::StrCat(name, step));
        }
        EXPECT_TRUE(on_disk.KeepCheckpoints({3, 4}).ok());
        EXPECT_EQ(on_disk.CheckpointSteps().value(), (std::vector<uint64_t>{3, 4}));
      });
    }
  }
}

TEST(RunFaultsTest, ACheckpointSetAsideIsThereUnderOneOfItsNames) {
  for (const Fault& fault : AllFaults()) {
    for (size_t names = 0; names <= 3; ++names) {
      AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        const RunFolder on_disk("/run", &disk);
        disk.Put(on_disk.checkpoint(4) + "/weights", "damaged");
        disk.Put(on_disk.checkpoint(4) + ".damaged/weights", "of an earlier one");
        const absl::Status aside = RunFolder("/run", &files).SetCheckpointAside(4);
        ExpectSays(aside, files);
        disk.Crash({.names = names});
        const bool moved = disk.Contents(on_disk.checkpoint(4) + ".damaged/weights") == "damaged";
        const bool there = disk.Contents(on_disk.checkpoint(4) + "/weights") == "damaged";
        EXPECT_NE(moved, there);
        EXPECT_TRUE(moved || !aside.ok());
      });
    }
  }
}

TEST(RunFaultsTest, StepsThatCannotBeListedAreAnError) {
  AtEveryCall({}, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
    disk.Put("/run/checkpoints/step-000001/weights", "");
    ExpectSays(RunFolder("/run", &files).CheckpointSteps().status(), files);
  });
}

TEST(RunFaultsTest, OneHoldsTheRunLockOrNone) {
  AtEveryCall({}, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
    disk.Put("/run/recipe.textproto", "");
    {
      const auto lock = TakeRunLock("/run", &files);
      ExpectSays(lock.status(), files);
      EXPECT_EQ(IsRunning("/run", &disk), lock.ok());
      EXPECT_EQ(absl::IsFailedPrecondition(TakeRunLock("/run", &disk).status()), lock.ok());
    }
    EXPECT_FALSE(IsRunning("/run", &disk));
    const auto held = TakeRunLock("/run", &disk);
    ASSERT_TRUE(held.ok());
    disk.Crash();
    EXPECT_TRUE(TakeRunLock("/run", &disk).ok()) << "a lock dies with its process";
  });
}

}  // namespace
}  // namespace drover::run
