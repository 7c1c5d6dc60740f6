// A run on this machine: starts a learner (all its ranks), actors and verifiers as on a cluster, watches
// them, and stops them in order.
//
//   verifiers ─┐
//   learner  ──┴─ port files ──▶ actors          (each listens on a port of its own choosing, on loopback)
//
// Of a supervised run (sft.train) the learner alone.
//
// | a child that dies | what happens                                                                        |
// | ----------------- | ----------------------------------------------------------------------------------- |
// | actor, verifier   | reported with its last words, started again after a growing pause; five deaths in a |
// |                   | row, each within ten seconds of its start, or status 2 (wrong configuration): the   |
// |                   | run fails. An end in order (SIGTERM) counts as one, unless the run is over          |
// | one of an actor's | the others miss it and end (or are killed half a minute later); all are started     |
// | processes         | again together, as one actor (actors.tensor_parallel), whose age is that of the     |
// |                   | first that ended and whose status is the worst of theirs                            |
// | learner           | 0: done; 75, or our signal before it could handle any: stopped in order; anything   |
// |                   | else: the run fails                                                                 |
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "drover/v1/recipe.pb.h"
#include "programs/launch/held_port.h"
#include "programs/launch/process.h"
#include "services/run/run_folder.h"

namespace drover::launch {

struct LocalRunOptions {
  std::string programs;     // the folder with drover-learner, drover-actor and drover-verifier
  run::RunFolder folder;    // created, with the effective recipe in it
  v1::Recipe recipe;        // effective: every field set
  std::string recipe_file;  // the same, for the processes
  std::string log_level = "info";
  // Of an actor's other processes, once one is gone, to end by themselves with what they have to say about it.
  absl::Duration until_missed = absl::Seconds(30);
  absl::Time started = absl::Now();  // when the person asked for the run: its seconds count from then
};

enum class RunOutcome { kRunning, kDone, kStopped, kFailed };

// Not thread-safe.
class LocalRun {
 public:
  explicit LocalRun(LocalRunOptions options);
  ~LocalRun();

  absl::Status Start();

  // Looks after the children once, without blocking; call it several times a second.
  RunOutcome Poll();
  // What a person should be told since the last call: deaths with last words, restarts.
  std::vector<std::string> TakeMessages();
  // Why the run failed; empty unless Poll() said kFailed.
  const std::string& failure() const { return failure_; }
  // Where the learner serves gRPC on loopback, once known.
  std::optional<int> learner_port() const { return learner_port_; }
  // Where it serves the run page on loopback, once known.
  std::optional<int> page_port() const { return page_port_; }

  // Asks the learner for a checkpoint, where there is something to save, and an orderly end; Poll() goes on until it
  // says kStopped (or kDone).
  void StopInOrder();
  // Ends everything at once.
  void Kill();

 private:
  struct Child;
  struct Ending;

  absl::Status StartChild(Child& child);
  absl::Status StartLearner();
  absl::Status StartVerifiers();
  absl::Status StartActorsWhenPossible();
  absl::StatusOr<std::unique_ptr<Child>> MakeActor(uint32_t index, const std::string& learner,
                                                   const std::string& verifiers);
  void LookAfter(Child& child);
  std::optional<Ending> EndOf(Child& child);
  // `rank`: the child, or one of its other ranks.
  void NoteEnding(Child& child, const Child& rank, const Exit& exit);
  template <typename Action>
  void ForEachProcess(const Action& action);
  // A child that ended, once its pause is over.
  void StartAgain(Child& child);
  void LookAfterLearner(Child& child);
  void EndOthers();
  void Fail(std::string why);
  std::string Story(const Child& child, const Exit& exit) const;
  std::vector<std::string> CommonFlags(const std::string& name) const;
  int Threads(uint32_t processes) const;

  LocalRunOptions options_;
  const bool learner_alone_;            // a supervised run has neither actors nor verifiers
  std::optional<HeldPort> rendezvous_;  // of the ranks, for the whole run
  std::vector<std::unique_ptr<Child>> children_;
  std::vector<std::string> messages_;
  std::optional<int> learner_port_;
  std::optional<int> page_port_;
  bool actors_started_ = false;
  bool stopping_ = false;
  RunOutcome outcome_ = RunOutcome::kRunning;
  std::string failure_;
};

}  // namespace drover::launch
