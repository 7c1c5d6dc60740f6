// What the tests of this folder share: a store in a folder of its own under a clock that the test moves, and an actor
// that answers leases without a model.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/testing/temp_folder.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/journal.pb.h"
#include "services/experience/store.h"

namespace drover::experience::testing {

using drover::testing::TempFolder;

class FakeClock {
 public:
  void Advance(absl::Duration by) { nanos_ += absl::ToInt64Nanoseconds(by); }
  absl::Duration Now() const { return absl::Nanoseconds(nanos_.load()); }

 private:
  std::atomic<int64_t> nanos_{1'000'000'000};
};

// Options of a small run: groups of 2 responses of at most 4 tokens, prompts "question N".
StoreOptions SmallRun(const std::string& folder, FakeClock* clock, uint64_t steps, uint64_t prompts,
                      uint64_t bound);

std::unique_ptr<ExperienceStore> MustOpen(const StoreOptions& options);

// Leases without waiting.
v1::LeaseGroupsResponse Lease(LeaseStore& store, uint32_t max, const std::string& actor = "actor-0");
// Returns leases and waits for the answer.
absl::Status Return(LeaseStore& store, const v1::ReturnLeasesRequest& request);
// The group that an actor at `version` answers `lease` with; responses' rewards as given, or all different.
v1::Group Answer(const v1::Lease& lease, uint64_t version, const std::vector<double>& rewards = {});
v1::SubmitGroupRequest Submission(const v1::Lease& lease, const v1::Group& group);
// Submits and waits for the answer.
absl::StatusOr<v1::SubmitGroupResponse> Submit(LeaseStore& store, const v1::Lease& lease,
                                               const v1::Group& group);
// The outcome, or UNSPECIFIED and a test failure on an error.
v1::SubmitOutcome SubmitOutcomeOf(LeaseStore& store, const v1::Lease& lease, const v1::Group& group);

// leased is the sum of the others.
bool SumsClose(const v1::LeaseCounts& counts);

// Events as the store would write them.
v1::JournalEvent Started(uint32_t incarnation, uint64_t version);
v1::JournalEvent Issued(uint64_t lease, uint64_t group, uint64_t rollout, uint64_t min_version = 0);
v1::JournalEvent Accepted(uint64_t lease, uint64_t version);
v1::JournalEvent Closed(uint64_t lease, v1::LeaseOutcome outcome);
v1::JournalEvent Trained(uint64_t rollout, const std::vector<uint64_t>& leases, uint64_t first_step,
                         uint64_t last_step);
v1::JournalEvent Durable(uint64_t version);

}  // namespace drover::experience::testing
