// Which checkpoint a run goes on from when saving one failed at any call of the disk, or the machine died there.
#include "programs/learner/checkpoint_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "base/log.h"
#include "base/testing/faulty_file_system.h"
#include "learner/checkpoint.h"
#include "learner/testing/support.h"

namespace drover::learner_process {
namespace {

using learner::testing_support::CopyWeights;
using learner::testing_support::SameBits;
using learner::testing_support::TinyModel;
using learner::testing_support::TinyOptions;
using testing::AllFaults;
using testing::AtEveryCall;
using testing::Fault;
using testing::FaultyFileSystem;
using testing::kAllBytes;
using testing::MemoryFileSystem;
using testing::Survival;

class CheckpointFolderTest : public ::testing::Test {
 protected:
  CheckpointFolderTest() : one_(MakeTrainer(1)), two_(MakeTrainer(2)), reader_(MakeTrainer(3)) {
    EXPECT_TRUE(log::Start({.process = "test", .level = log::Level::kError, .file = "/dev/null"}).ok());
    EXPECT_TRUE(Save(*one_, 1, &saved_).ok());
  }
  ~CheckpointFolderTest() override { EXPECT_TRUE(log::Start({}).ok()); }

  static std::unique_ptr<learner::Trainer> MakeTrainer(uint64_t seed) {
    static Collectives* const alone = LocalCollectives().release();
    return learner::Trainer::Create(TinyOptions(), TinyModel(seed), alone).value();
  }

  static absl::Status Save(learner::Trainer& trainer, uint64_t step, FileSystem* files) {
    learner::CheckpointMeta meta;
    meta.rollouts = meta.version = step;
    return learner::SaveCheckpoint(run::RunFolder("/run").checkpoint(step), trainer, meta,
                                   {{"tokenizer.json", "{}"}}, files);
  }

  // Into the reader.
  absl::StatusOr<ResumePoint> Restore(FileSystem* files) const {
    return CheckpointFolder(run::RunFolder("/run", files), {.newest = 2}, reader_.get()).Restore();
  }

  // A disk with checkpoint 1.
  void Prepare(MemoryFileSystem& disk) const {
    for (const std::string& file : saved_.Files()) disk.Put(file, saved_.Contents(file));
  }

  // What the reader was restored from has, bit for bit, the weights of the trainer that wrote it.
  void ExpectWeightsOf(uint64_t step) const {
    EXPECT_TRUE(SameBits(CopyWeights(reader_->model()), CopyWeights((step == 1 ? one_ : two_)->model())));
  }

  MemoryFileSystem saved_;
  const std::unique_ptr<learner::Trainer> one_, two_, reader_;
};

TEST_F(CheckpointFolderTest, ASaveThatFailsAnywhereLeavesAWholeCheckpoint) {
  for (const Fault& fault : AllFaults()) {
    for (const Survival& survival :
         {Survival{}, Survival{.names = 1}, Survival{.names = 99, .bytes = kAllBytes}}) {
      const uint64_t calls = AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        Prepare(disk);
        const absl::Status saved = Save(*two_, 2, &files);
        EXPECT_EQ(saved.ok(), !files.fired());
        EXPECT_TRUE(saved.ok() || absl::StrContains(saved.message(), files.said().message())) << saved;
        disk.Crash(survival);
        const auto point = Restore(&disk);
        ASSERT_TRUE(point.ok()) << point.status();
        EXPECT_TRUE(point->passed_over.empty()) << "under its name a checkpoint is whole";
        EXPECT_TRUE(point->place.step == 2 || (point->place.step == 1 && !saved.ok())) << point->place.step;
        EXPECT_EQ(point->version, point->place.step);
        ExpectWeightsOf(point->place.step);
      });
      EXPECT_GT(calls, 30u);
    }
  }
}

// A run that goes back and reaches the step again writes the same checkpoint once more.
TEST_F(CheckpointFolderTest, ASaveInPlaceOfAnotherLeavesTheOldOneOrTheNew) {
  for (const Survival& survival :
       {Survival{}, Survival{.names = 3}, Survival{.names = 99, .bytes = kAllBytes}}) {
    AtEveryCall({.for_good = true}, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
      Prepare(disk);
      const absl::Status saved = Save(*two_, 1, &files);
      disk.Crash(survival);
      const auto point = Restore(&disk);
      ASSERT_TRUE(point.ok()) << point.status();
      const bool is_new = SameBits(CopyWeights(reader_->model()), CopyWeights(two_->model()));
      EXPECT_TRUE(is_new || !saved.ok());
      if (!is_new) ExpectWeightsOf(1);
    });
  }
}

TEST_F(CheckpointFolderTest, AFullDiskLeavesTheOlderCheckpoint) {
  const uint64_t one = saved_.UsedBytes();
  for (uint64_t room = 0; room < one; room += 1 + one / 50) {
    MemoryFileSystem disk;
    Prepare(disk);
    disk.SetCapacity(one + room);
    const absl::Status saved = Save(*two_, 2, &disk);
    EXPECT_TRUE(absl::IsResourceExhausted(saved)) << saved;
    EXPECT_TRUE(absl::StrContains(saved.message(), "/run/checkpoints/step-000002.tmp/")) << saved;
    const auto point = Restore(&disk);
    ASSERT_TRUE(point.ok()) << point.status();
    EXPECT_EQ(point->place.step, 1u);
    EXPECT_EQ(disk.UsedBytes(), one) << "half a checkpoint takes no room from the journal";
    disk.SetCapacity(kAllBytes);
    EXPECT_TRUE(Save(*two_, 2, &disk).ok()) << "what the failed one left is in no one's way";
  }
}

TEST_F(CheckpointFolderTest, ADamagedFileIsNamedAndTheOlderCheckpointTaken) {
  MemoryFileSystem both;
  Prepare(both);
  ASSERT_TRUE(Save(*two_, 2, &both).ok());
  const std::string newest = run::RunFolder("/run").checkpoint(2);
  for (const std::string& path : both.Files()) {
    if (!absl::StartsWith(path, newest)) continue;
    MemoryFileSystem disk;
    for (const std::string& file : both.Files()) disk.Put(file, both.Contents(file));
    std::string flipped = both.Contents(path);
    flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
    disk.Put(path, flipped);
    const auto point = Restore(&disk);
    ASSERT_TRUE(point.ok()) << path << ": " << point.status();
    EXPECT_EQ(point->place.step, 1u) << path;
    ASSERT_EQ(point->passed_over.size(), 1u) << path;
    EXPECT_TRUE(absl::StrContains(point->passed_over[0].why, newest)) << point->passed_over[0].why;
    ExpectWeightsOf(1);
  }
}

// An error of the disk is no damage: an older checkpoint would undo work that is there.
TEST_F(CheckpointFolderTest, ADiskThatCannotBeReadIsNoReasonToGoBack) {
  MemoryFileSystem both;
  Prepare(both);
  ASSERT_TRUE(Save(*two_, 2, &both).ok());
  const auto before = CopyWeights(reader_->model());
  const uint64_t calls = AtEveryCall({}, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
    for (const std::string& file : both.Files()) disk.Put(file, both.Contents(file));
    const auto point = Restore(&files);
    if (!files.fired()) {
      ASSERT_TRUE(point.ok()) << point.status();
      EXPECT_EQ(point->place.step, 2u);
      return;
    }
    EXPECT_FALSE(point.ok());
    EXPECT_TRUE(absl::StrContains(point.status().message(), files.said().message())) << point.status();
    EXPECT_TRUE(SameBits(before, CopyWeights(reader_->model())));
  });
  EXPECT_GT(calls, 5u);
}

// --- Saves that go on beside the run ----------------------------------------------------------------------------------

class BackgroundSaveTest : public CheckpointFolderTest {
 protected:
  // The model's own files are read from the machine's disk, whatever holds the checkpoints.
  BackgroundSaveTest() : folder_(learner::testing_support::FreshFolder("background"), &disk_) {
    EXPECT_TRUE(MakeFolders(folder_.model()).ok());
    EXPECT_TRUE(WriteFileAtomically(folder_.model() + "/tokenizer.json", "{}").ok());
    EXPECT_TRUE(MakeFolders(folder_.checkpoints(), &disk_).ok());
  }

  static SaveOutcome Wait(CheckpointFolder& checkpoints) {
    std::optional<SaveOutcome> outcome;
    while (!outcome) outcome = checkpoints.Take(absl::Milliseconds(10));
    EXPECT_FALSE(checkpoints.Take(absl::ZeroDuration()).has_value()) << "told once";
    return *outcome;
  }

  MemoryFileSystem disk_;
  const run::RunFolder folder_;
};

TEST_F(BackgroundSaveTest, ItHoldsWhatTheTrainerHadWhenItBegan) {
  CheckpointFolder checkpoints(folder_, {.newest = 2}, one_.get());
  const auto before = CopyWeights(one_->model());
  EXPECT_FALSE(checkpoints.Take(absl::ZeroDuration()).has_value()) << "none was begun";
  checkpoints.Begin(4, {});
  const auto groups = learner::testing_support::MakeRollout(*TinyModel(1), 71);
  ASSERT_TRUE(one_->Update(groups, 4, 4).ok());
  const SaveOutcome outcome = Wait(checkpoints);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.place.step, 4u);
  EXPECT_EQ(outcome.place.path, folder_.checkpoint(4));
  EXPECT_EQ(outcome.oldest.step, 4u);
  EXPECT_NEAR(static_cast<double>(outcome.bytes), static_cast<double>(disk_.UsedBytes()), 8192);
  ASSERT_TRUE(CheckpointFolder(folder_, {}, reader_.get()).Restore().ok());
  EXPECT_TRUE(SameBits(before, CopyWeights(reader_->model())));
  EXPECT_FALSE(SameBits(before, CopyWeights(one_->model())));
}

// Those of its version, and of no other: what is not published is the trainer's to say.
TEST_F(BackgroundSaveTest, ItTakesTheWeightsThatArePublished) {
  const auto published = two_->ExportWeights();  // others than the trainer's, so that they are told apart
  ASSERT_TRUE(published.ok()) << published.status();
  CheckpointFolder checkpoints(folder_, {.newest = 2}, one_.get(), [&](uint64_t version) {
    return version == 5 ? std::optional(*published) : std::nullopt;
  });
  for (const uint64_t version : {4, 5}) {
    checkpoints.Begin(version, {});
    ASSERT_TRUE(Wait(checkpoints).status.ok());
    ASSERT_TRUE(CheckpointFolder(folder_, {}, reader_.get()).Restore().ok());
    EXPECT_TRUE(SameBits(CopyWeights(reader_->model()), CopyWeights((version == 5 ? two_ : one_)->model())));
  }
}

TEST_F(BackgroundSaveTest, WhatTheRecipeKeepsStays) {
  CheckpointFolder checkpoints(folder_, {.newest = 1, .best = 1, .every = 4}, one_.get());
  History history;
  history.evaluations = {{.step = 2, .questions = 10, .correct = 9},
                         {.step = 3, .questions = 10, .correct = 5}};
  for (uint64_t step = 1; step <= 6; ++step) {
    checkpoints.Begin(step, history);
    const SaveOutcome outcome = Wait(checkpoints);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.oldest.step, step) << "a resume goes on from the newest";
  }
  EXPECT_EQ(folder_.CheckpointSteps().value(), (std::vector<uint64_t>{2, 4, 6}));
}

TEST_F(BackgroundSaveTest, WhereThereIsNoRoomNothingIsWritten) {
  CheckpointFolder checkpoints(folder_, {.newest = 2}, one_.get());
  checkpoints.Begin(1, {});
  ASSERT_TRUE(Wait(checkpoints).status.ok());
  const uint64_t used = disk_.UsedBytes();
  disk_.SetCapacity(used + (uint64_t{64} << 20));  // the journal's room, and none for a checkpoint
  checkpoints.Begin(2, {});
  const SaveOutcome outcome = Wait(checkpoints);
  EXPECT_TRUE(absl::IsResourceExhausted(outcome.status)) << outcome.status;
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), folder_.checkpoint(2))) << outcome.status;
  EXPECT_EQ(disk_.UsedBytes(), used);
  disk_.SetCapacity(kAllBytes);
  checkpoints.Begin(3, {});
  EXPECT_TRUE(Wait(checkpoints).status.ok());
  EXPECT_EQ(folder_.CheckpointSteps().value(), (std::vector<uint64_t>{1, 3}));
}

// A kill in the middle of a save leaves half of one under another name.
TEST_F(BackgroundSaveTest, WhatACrashLeftIsRemovedByTheNextSave) {
  disk_.Put(folder_.checkpoint(7) + ".tmp/model.safetensors", "half");
  CheckpointFolder checkpoints(folder_, {.newest = 2}, one_.get());
  checkpoints.Begin(8, {});
  ASSERT_TRUE(Wait(checkpoints).status.ok());
  EXPECT_FALSE(disk_.Exists(folder_.checkpoint(7) + ".tmp").value());
}

TEST_F(BackgroundSaveTest, AStateThatCannotBeCopiedIsAFailedSave) {
  std::filesystem::remove_all(folder_.model());
  CheckpointFolder checkpoints(folder_, {.newest = 2}, one_.get());
  checkpoints.Begin(1, {});
  EXPECT_TRUE(absl::IsNotFound(Wait(checkpoints).status));
}

}  // namespace
}  // namespace drover::learner_process
