#include "programs/drover/run_picture.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "base/file.h"
#include "base/folder_digests.h"
#include "recipe/testing/small_recipe.h"
#include "recipe/text.h"
#include "services/experience/journal.h"
#include "services/experience/testing/support.h"

namespace drover::cli {
namespace {

namespace events = experience::testing;

class RunPictureTest : public ::testing::Test {
 protected:
  RunPictureTest() : folder_(temporary_.path() + "/run") {}

  // Two checkpoints, and a rollout trained after the newer one.
  void MakeRun() {
    ASSERT_TRUE(folder_.Create().ok());
    v1::Recipe recipe = recipe::GoodRecipe();
    recipe.set_name("small");
    recipe.mutable_run()->set_steps(9);
    ASSERT_TRUE(WriteFileAtomically(folder_.recipe(), recipe::ToText(recipe)).ok());
    for (uint64_t step : {2, 3}) {
      ASSERT_TRUE(MakeFolders(folder_.checkpoint(step)).ok());
      ASSERT_TRUE(WriteFileAtomically(folder_.checkpoint(step) + "/config.json", "{}").ok());
      ASSERT_TRUE(WriteFolderDigests(folder_.checkpoint(step)).ok());
    }
    ASSERT_TRUE(WriteFileAtomically(folder_.metrics(), "{\"step\":1}\n{\"step\":2}\n").ok());
    auto journal = experience::Journal::Open(folder_.journal(), [](const auto&) { return absl::OkStatus(); });
    ASSERT_TRUE(journal.ok());
    std::vector<v1::JournalEvent> all = {events::Started(1, 0)};
    for (uint64_t r = 0; r < 4; ++r) {
      v1::Group group;
      group.set_lease(r + 1);
      group.set_group(r);
      const std::string payload = group.SerializeAsString();
      const auto location = (*journal)->AppendGroup(payload);
      ASSERT_TRUE(location.ok());
      v1::JournalEvent accepted = events::Accepted(r + 1, r);
      accepted.mutable_group_accepted()->set_segment(location->segment);
      accepted.mutable_group_accepted()->set_offset(location->offset);
      accepted.mutable_group_accepted()->set_digest(HexDigest(payload));
      all.insert(all.end(),
                 {events::Issued(r + 1, r, r, r), accepted, events::Trained(r, {r + 1}, r + 1, r + 1)});
      if (r == 2) all.push_back(events::Durable(2));
    }
    ASSERT_TRUE((*journal)->Append(all).ok());
  }
  std::string Resume() const { return ResumeText(LookAtRun(folder_)); }

  experience::testing::TempFolder temporary_;
  run::RunFolder folder_;
};

TEST_F(RunPictureTest, AWholeRun) {
  MakeRun();
  const RunPicture picture = LookAtRun(folder_);
  EXPECT_TRUE(picture.Whole()) << ToText(picture);
  EXPECT_EQ(ToText(picture),
            "run         " + folder_.path() +
                "\n"
                "recipe      small, 9 rollouts\n"
                "state       no process runs\n"
                "journal     incarnation 1, 4 rollouts trained, can go back to 2; 2 groups "
                "stored, 0 of them waiting\n"
                "checkpoints step-000002  whole\n"
                "            step-000003  whole\n"
                "files       metrics.jsonl  2 records\n"
                "            samples.jsonl  0 records\n"
                "            evaluations.jsonl  0 records\n"
                "resume      goes on from step-000003, trains rollouts 4 to 4 again from the "
                "journal\n");
}

TEST_F(RunPictureTest, DamageIsNamedAndTheResumeFallsBack) {
  MakeRun();
  ASSERT_TRUE(WriteFileAtomically(folder_.checkpoint(3) + "/config.json", "{ }").ok());
  auto metrics = PosixFileSystem()->OpenForAppending(folder_.metrics());
  ASSERT_TRUE(metrics.ok() && (*metrics)->Append("{\"st").ok());
  std::filesystem::remove(folder_.journal() + "/groups-000001.log");
  const RunPicture picture = LookAtRun(folder_);
  EXPECT_FALSE(picture.Whole());
  const std::string text = ToText(picture);
  for (const char* part : {"step-000003  DAMAGED: ", "config.json: damaged", "2 records, 1 BROKEN lines",
                           "DAMAGED group of lease 3", "DAMAGED group of lease 4"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  EXPECT_EQ(ResumeText(picture),
            "goes on from step-000002, trains rollouts 3 to 4 again from the journal, leases 2 damaged "
            "groups again");
}

TEST_F(RunPictureTest, WhatAResumeWouldRefuse) {
  EXPECT_EQ(Resume(), "is refused: no run began here; a new run may use the folder");
  MakeRun();
  for (uint64_t step : {2, 3}) std::filesystem::remove(folder_.checkpoint(step) + "/config.json");
  EXPECT_EQ(Resume(), "is refused: no checkpoint is whole");
  for (uint64_t step : {2, 3}) std::filesystem::remove_all(folder_.checkpoint(step));
  EXPECT_EQ(Resume(), "begins anew: there is no checkpoint yet");
  std::ofstream(folder_.journal() + "/events.log", std::ios::in | std::ios::binary) << "x";
  EXPECT_EQ(Resume(), "is refused: the journal's events are damaged");
  std::ofstream(folder_.recipe()) << "nonsense";
  EXPECT_EQ(Resume(), "is refused: the recipe cannot be read");
  EXPECT_FALSE(LookAtRun(folder_).Whole());
}

TEST_F(RunPictureTest, ALiveRunIsLeftAlone) {
  MakeRun();
  const auto journal =
      experience::Journal::Open(folder_.journal(), [](const auto&) { return absl::OkStatus(); });
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(Resume(), "is refused while the run is going on");
}

}  // namespace
}  // namespace drover::cli
