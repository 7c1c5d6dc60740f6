#include "services/experience/inspect.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "services/experience/journal.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using nlohmann::json;
using testing::Accepted;
using testing::Closed;
using testing::Durable;
using testing::Issued;
using testing::Started;
using testing::Trained;

// Rollout 0 trained and covered; rollout 1 trained on a line that died, so that lease 2 waits again.
void WriteJournal(const std::string& run) {
  auto journal = Journal::Open(JournalFolder(run), [](const auto&) { return absl::OkStatus(); });
  ASSERT_TRUE(journal.ok());
  v1::JournalEvent stale = Closed(4, v1::LEASE_OUTCOME_STALE);
  stale.mutable_lease_closed()->set_reason("too old");
  stale.mutable_lease_closed()->set_digest("abc");
  stale.mutable_lease_closed()->set_oldest_version(0);
  stale.mutable_lease_closed()->set_newest_version(1);
  ASSERT_TRUE((*journal)
                  ->Append({Started(1, 0), Issued(1, 0, 0), Accepted(1, 0), Trained(0, {1}, 1, 8), Durable(1),
                            Issued(2, 1, 1, 1), Accepted(2, 1), Trained(1, {2}, 9, 16), Issued(3, 2, 2, 2),
                            Started(2, 1), Issued(4, 2, 2, 2), stale})
                  .ok());
}

TEST(InspectTest, OneJsonLinePerLease) {
  testing::TempFolder run;
  WriteJournal(run.path());
  std::ostringstream out;
  const absl::Status status = InspectJournal(run.path(), /*json=*/true, out);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << "lease 2 waits, and its group is nowhere";
  EXPECT_NE(status.message().find("1 stored groups are damaged, which a resume leases again: lease 2"),
            absl::string_view::npos)
      << status;
  std::istringstream lines(out.str());
  std::vector<json> leases;
  for (std::string line; std::getline(lines, line);) leases.push_back(json::parse(line));
  ASSERT_EQ(leases.size(), 4u);
  EXPECT_EQ(leases[0]["lease"], 1);
  EXPECT_EQ(leases[0]["group"], 0);
  EXPECT_EQ(leases[0]["incarnation"], 1);
  EXPECT_EQ(leases[0]["outcome"], "trained");
  EXPECT_EQ(leases[0]["versions"], json::array({0, 0}));
  EXPECT_EQ(leases[0]["digest"], "digest of lease 1");
  EXPECT_EQ(leases[0]["optimizer_step"], 1);
  EXPECT_EQ(leases[1]["outcome"], "pending");
  EXPECT_EQ(leases[1]["optimizer_step"], nullptr);  // its update was undone
  EXPECT_EQ(leases[1]["versions"], json::array({1, 1}));
  EXPECT_EQ(leases[2]["outcome"], "expired");
  EXPECT_EQ(leases[2]["reason"], "the learner started again");
  EXPECT_EQ(leases[2]["versions"], nullptr);
  EXPECT_EQ(leases[2]["digest"], nullptr);
  EXPECT_EQ(leases[3]["outcome"], "stale");
  EXPECT_EQ(leases[3]["incarnation"], 2);
  EXPECT_EQ(leases[3]["versions"], json::array({0, 1}));
}

TEST(InspectTest, TableHasTheSumsAndLeavesATornTailAlone) {
  testing::TempFolder run;
  WriteJournal(run.path());
  const std::string path = JournalFolder(run.path()) + "/events.log";
  std::ofstream(path, std::ios::app | std::ios::binary) << "half";
  const auto size = std::filesystem::file_size(path);
  std::ostringstream out;
  EXPECT_TRUE(absl::IsDataLoss(InspectJournal(run.path(), /*json=*/false, out))) << "no segment is there";
  EXPECT_NE(out.str().find("  trained             1"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("  = leased            4"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("not counted"), std::string::npos) << out.str();
  EXPECT_EQ(std::filesystem::file_size(path), size);
}

TEST(InspectTest, WorksWhileAStoreWritesAndSaysWhenThereIsNoJournal) {
  testing::TempFolder run;
  testing::FakeClock clock;
  std::ostringstream out;
  EXPECT_EQ(InspectJournal(run.path(), true, out).code(), absl::StatusCode::kNotFound);
  auto store = testing::MustOpen(testing::SmallRun(run.path(), &clock, 1, 2, 0));
  ASSERT_TRUE(store->StartIncarnation(0).ok());
  ASSERT_TRUE(store->Publish(0).ok());
  const v1::Lease lease = testing::Lease(*store, 1).leases(0);
  EXPECT_EQ(testing::SubmitOutcomeOf(*store, lease, testing::Answer(lease, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  ASSERT_TRUE(InspectJournal(run.path(), true, out).ok());
  const json line = json::parse(out.str());
  EXPECT_EQ(line["outcome"], "pending");
  EXPECT_EQ(line["digest"].get<std::string>().size(), 32u);
}

TEST(InspectTest, DamagedSegmentsAreFound) {
  testing::TempFolder run;
  testing::FakeClock clock;
  auto store = testing::MustOpen(testing::SmallRun(run.path(), &clock, 2, 2, 0));
  ASSERT_TRUE(store->StartIncarnation(0).ok());
  ASSERT_TRUE(store->Publish(0).ok());
  const v1::LeaseGroupsResponse leased = testing::Lease(*store, 2);
  for (const v1::Lease& lease : leased.leases()) {
    testing::SubmitOutcomeOf(*store, lease, testing::Answer(lease, 0));
  }
  std::ostringstream out;
  EXPECT_TRUE(InspectJournal(run.path(), false, out).ok());
  {
    std::fstream file(run.path() + "/journal/groups-000001.log",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-3, std::ios::end);
    file.put('\x7f');
  }
  for (const bool json : {false, true}) {
    const absl::Status status = InspectJournal(run.path(), json, out);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_NE(status.message().find("lease 2"), absl::string_view::npos) << status;
    EXPECT_NE(status.message().find("groups-000001.log"), absl::string_view::npos) << status;
  }
  // What no start needs any more is nobody's loss.
  ASSERT_FALSE(store->WaitForRollout(0, absl::Seconds(5)).ok());
  EXPECT_TRUE(InspectJournal(run.path(), false, out).ok());
}

}  // namespace
}  // namespace drover::experience
