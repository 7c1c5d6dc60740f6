// What `drover inspect journal RUN --json` says of a run, and what must hold of it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/system/run_fixture.h"

namespace drover::system_test {

struct JournalView {
  std::vector<Json> leases;               // a line each
  std::map<std::string, uint64_t> count;  // by outcome
};

// Runs the command (also while the run goes on) and reads its lines; a wrong one fails the test.
JournalView InspectJournal(const run::RunFolder& folder);

// Leases that actors hold at this moment: pending, and without a group's digest.
size_t LeasesHeld(const JournalView& journal);

// For a run that is done: the sums close and agree with summary.json; exactly `steps` rollouts of `prompts` groups were
// trained, no lease and no group twice, each in one optimizer step of the line.
void ExpectJournalCloses(const TrainingRun& run, uint64_t steps, uint64_t prompts);

}  // namespace drover::system_test
