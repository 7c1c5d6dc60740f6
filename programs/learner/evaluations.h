// The evaluations of a run, one at a time: the held-out questions and the suite of one version of the weights, asked of
// actors through the store while training goes on. The run loop begins them, looks after them, and says when it waits.
//
//   Begin ─▶ held-out questions? ─▶ suite? ─▶ over        each round: leased ─▶ graded ─▶ recorded
//     └─ GiveUp ────────────────────────────▶ over, and what was not recorded never is
//
// | while version v is evaluated         | what becomes of the evaluation                                              |
// | ------------------------------------ | --------------------------------------------------------------------------- |
// | newer versions are published         | its weights stay to be had (RunParts::keep_weights); it goes on             |
// | an actor that serves it dies, drains | its questions are leased again; who lacks the weights fetches them          |
// | the next one is due                  | the run waits for it                                                        |
// | a checkpoint after v is due          | the run waits for it: so whatever crashes, the run goes back to v or before |
// |                                      | it, and evaluates v again                                                   |
// | the last rollout is trained          | the run waits for it                                                        |
// | the run is stopped, v is the newest  | it ends; the next start does it again                                       |
// | the run is stopped after v           | it is given up: told of and counted                                         |
// | a guard rolls the run back           | as with a stop, by the version that the run goes back to                    |
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "drover/v1/group.pb.h"
#include "programs/learner/run_history.h"
#include "programs/learner/run_parts.h"

namespace drover::learner_process {

// Not thread-safe.
class Evaluations {
 public:
  // Both outlive it. What is evaluated is added to `history`.
  Evaluations(const RunParts& parts, History& history) : parts_(parts), history_(history) {}

  // Whether something is due at this version: by its rhythm, at the end of the run, or because the run has none yet.
  bool Due(uint64_t version) const { return !DueAt(version).empty(); }
  // Begins what is due at the version, which was just published; nothing is in progress.
  absl::Status Begin(uint64_t version);
  // Waits up to `timeout` for the round in progress; when it is graded, records it and begins the next.
  absl::Status Look(absl::Duration timeout);
  // Ends what is in progress. One of a version before `version`, with which the run goes on, will not be done again: a
  // person is told so, with the reason.
  void GiveUp(uint64_t version, const std::string& reason);

  // Of what is in progress; nullopt: nothing is.
  std::optional<uint64_t> version() const { return version_; }
  // Of the round in progress.
  uint64_t questions() const;

  // The newest accuracy, for those who look; there is one.
  void Show() const;

 private:
  enum class Round { kHeldout, kSuite };

  std::deque<Round> DueAt(uint64_t version) const;
  absl::Status BeginRound();
  absl::Status Record(const std::vector<v1::Group>& groups);
  absl::Status RecordHeldout(const std::vector<v1::Group>& groups);
  absl::Status RecordSuite(const std::vector<v1::Group>& groups);
  void End();
  double Seconds() const { return absl::ToDoubleSeconds(parts_.now() - begun_); }

  const RunParts& parts_;
  History& history_;
  std::optional<uint64_t> version_;
  std::deque<Round> rounds_;  // in progress is the first
  absl::Time begun_;          // the round
};

}  // namespace drover::learner_process
