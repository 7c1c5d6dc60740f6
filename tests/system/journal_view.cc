#include "tests/system/journal_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

namespace drover::system_test {
namespace {

constexpr const char* kOutcomes[] = {"trained", "pending", "filtered", "expired", "stale", "failed"};
constexpr const char* kFields[] = {"lease",    "group",  "incarnation",   "outcome",
                                   "versions", "digest", "optimizer_step"};

void ExpectLease(const Json& lease) {
  for (const char* field : kFields) EXPECT_TRUE(lease.contains(field)) << field << " is missing in " << lease;
  const std::string outcome = lease.value("outcome", "");
  EXPECT_TRUE(std::find(std::begin(kOutcomes), std::end(kOutcomes), outcome) != std::end(kOutcomes)) << lease;
  EXPECT_EQ(outcome == "trained", lease["optimizer_step"].is_number()) << lease;
  if (outcome == "trained") {
    EXPECT_EQ(lease["digest"].get<std::string>().size(), 32u) << lease;
  }
}

bool HasGroup(const Json& lease) {
  return lease["digest"].is_string() && !lease["digest"].get<std::string>().empty();
}

}  // namespace

JournalView InspectJournal(const run::RunFolder& folder) {
  const Answer answer = Drover({"inspect", "journal", folder.path(), "--json"});
  EXPECT_EQ(answer.status, 0) << answer.errors;
  JournalView view;
  std::istringstream lines(answer.output);
  for (std::string line; std::getline(lines, line);) {
    Json lease = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(lease.is_object()) << line;
    if (!lease.is_object()) continue;
    ExpectLease(lease);
    ++view.count[lease.value("outcome", "")];
    view.leases.push_back(std::move(lease));
  }
  return view;
}

size_t LeasesHeld(const JournalView& journal) {
  return static_cast<size_t>(std::count_if(
      journal.leases.begin(), journal.leases.end(),
      [](const Json& lease) { return lease.value("outcome", "") == "pending" && !HasGroup(lease); }));
}

void ExpectJournalCloses(const TrainingRun& run, uint64_t steps, uint64_t prompts) {
  JournalView journal = InspectJournal(run.folder());
  const Json summary = run.summary();
  EXPECT_EQ(summary["groups"]["leased"], journal.leases.size());
  uint64_t sum = 0;
  for (const char* outcome : kOutcomes) {
    EXPECT_EQ(summary["groups"][outcome], journal.count[outcome]) << outcome;
    sum += journal.count[outcome];
  }
  EXPECT_EQ(sum, journal.leases.size());
  EXPECT_EQ(journal.count["trained"], steps * prompts);

  std::set<uint64_t> leases, trained_groups;
  std::map<uint64_t, uint64_t> groups_of_step;
  for (const Json& lease : journal.leases) {
    EXPECT_TRUE(leases.insert(lease["lease"].get<uint64_t>()).second) << "listed twice: " << lease;
    if (lease["outcome"] != "trained") continue;
    EXPECT_TRUE(trained_groups.insert(lease["group"].get<uint64_t>()).second) << "trained twice: " << lease;
    const uint64_t step = lease["optimizer_step"];
    EXPECT_GE(step, 1u) << lease;
    EXPECT_LE(step, summary["optimizer_steps"].get<uint64_t>()) << lease;
    ++groups_of_step[step];
  }
  EXPECT_EQ(groups_of_step.size(), steps) << "the groups of a rollout are trained together";
  for (const auto& [step, groups] : groups_of_step) EXPECT_EQ(groups, prompts) << "optimizer step " << step;
}

}  // namespace drover::system_test
