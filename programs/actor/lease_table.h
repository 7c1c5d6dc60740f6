// What an actor holds and what is to be done with it next. Pure: no lock, no clock, no call to a peer. The worker's loops
// (worker.h) bring it events and the time, and do what it answers; so what an actor does when is arithmetic, and tested
// as such.
//
//            Take              Start                Finish                 Submitted
//   learner ──────▶ waiting ──────────▶ generating ──────────▶ submitting ──────────▶ over
//
// | event, by                                | waiting    | generating    | submitting              |
// | ---------------------------------------- | ---------- | ------------- | ----------------------- |
// | Start, engine                            | generating | -             | -                       |
// | Refuse (no prompt to generate), engine   | -          | failed        | -                       |
// | Finish, engine                           | -          | submitting ** | -                       |
// | Submitted, answered by the learner       | -          | -             | over, as it answers     |
// | Submitted, not graded or not taken       | -          | -             | returned or failed      |
// | Renewed without it                       | expired    | expired *     | - (the answer will say) |
// | NoteWeights of a newer incarnation       | expired    | expired *     | - (the answer will say) |
// | CannotFetch its weights                  | returned   | -             | -                       |
// | Drain                                    | returned   | -             | -                       |
// | Stop                                     | returned   | returned      | returned                |
//
// Training groups are generated under the newest weights, an evaluation's under its own version, which may be an older one:
// it is kept as long as the learner says that it is being evaluated, or fetched. Where groups of both kinds wait they take
// turns: those that wait when weights go in are begun before others go in, so that nobody waits for longer than a turn.
//
// *: and the engine is told to cancel it. **: or failed, when the group has an error. Returned and failed leases are
// handed back to the learner. A lease leaves the table once, by whichever event is first: that is when it is counted, and
// what is said of it later does nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "actor/generator.h"
#include "drover/v1/experience.pb.h"
#include "model/weight_version.h"
#include "programs/actor/admission.h"
#include "services/metrics/actor_metrics.h"

namespace drover::actor_process {

struct LeaseTableOptions {
  std::string actor;               // its name
  uint32_t groups_in_flight = 16;  // held at a time, in groups of ...
  uint32_t group_size = 8;         // ... so many responses
  uint32_t max_batch = 256;        // responses that the engine decodes at a time
  bool continue_on_swap = false;   // else running groups end under their weights before newer ones are taken
  absl::Duration drain_timeout = absl::Seconds(15);  // from Drain() to the end, handing back included
};

// A group that was generated, to be graded and submitted.
struct Submission {
  std::shared_ptr<const v1::Lease> lease;
  absl::Time since;  // when the lease came
  actor::FinishedGroup group;
};

// What became of it.
struct SubmissionEnd {
  std::optional<v1::SubmitOutcome> answer;  // of the learner; unset: it could not be graded, or was not taken
  std::string reason;                       // without an answer
  bool failed = false;  // without an answer: by its own fault, and not by a peer's absence or the actor's end
};

// What is in the engine, as the engine says.
struct EngineLoad {
  size_t groups = 0;
  size_t queued = 0;  // of them, with responses that were not begun
};

// Not thread-safe.
class LeaseTable {
 public:
  explicit LeaseTable(LeaseTableOptions options);

  // --- Leases: asked for, renewed, handed back ---

  // Groups to ask the learner for.
  uint32_t Room() const;
  // Whether no more are asked for, ever: the run is over, or this actor drains or stops.
  bool closed() const { return closed_; }
  // The answer to a request for leases.
  void Take(v1::LeaseGroupsResponse answer, absl::Time now);
  // Hands the leases of an answer back, none of them taken.
  void Decline(v1::LeaseGroupsResponse answer, std::string_view reason);

  // When leases are to be renewed: a third of their time after they came or were renewed last. InfiniteFuture() when
  // nothing is held.
  absl::Time NextRenewal() const { return next_renewal_; }
  // What is to be renewed now, a request for each incarnation; none before NextRenewal().
  std::vector<v1::RenewLeasesRequest> Renewals(absl::Time now);
  void Renewed(const v1::RenewLeasesRequest& request, const v1::RenewLeasesResponse& answer);

  // What is to be handed back since the last call, each lease once.
  bool has_returns() const { return !returns_.empty(); }
  std::vector<v1::ReturnLeasesRequest> TakeReturns();

  // --- The engine ---

  enum class Task {
    kWait,    // for an event: nothing is to be done
    kEnd,     // stopped
    kCancel,  // TakeCancels()
    kSwap,    // the weights of Wanted() go in, then Swapped()
    kStart,   // Start()
    kStep,    // a decode step, then Finish() with each group that ended
  };
  // What the engine is to do now. Groups in the engine end before other weights go in, unless these are newer,
  // continue_on_swap allows it and none of the groups is an evaluation. Groups that the engine could not begin would hold up
  // the next weights, so they wait here.
  Task NextTask(const EngineLoad& load) const;

  std::vector<uint64_t> TakeCancels();
  // The first waiting lease that may begin and has room, in lease order; it is being generated now. Null when there is
  // none any more.
  std::shared_ptr<const v1::Lease> Start(const EngineLoad& load);
  void Refuse(uint64_t lease, std::string_view reason);
  void Finish(actor::FinishedGroup group);

  // The weights that the engine should have: those in it, the newest or the kept ones. Unset before the first.
  std::optional<model::WeightVersion> Wanted() const;
  // The newest weights that there are; what is older than those of before is ignored.
  void NoteWeights(const model::WeightVersion& newest);
  // Weights to be had in memory beside the newest.
  const std::optional<model::WeightVersion>& kept() const { return weights_.kept; }
  // Tokens are sampled from these now: the turn of the groups that wait for them.
  void Swapped(const model::WeightVersion& weights);
  bool has_weights() const { return weights_.engine.has_value(); }

  // Weights that a waiting evaluation needs and that are not here: to be fetched, then NoteFetched() or CannotFetch().
  std::optional<model::WeightVersion> Missing() const;
  void NoteFetched(const model::WeightVersion& version);
  void CannotFetch(const model::WeightVersion& version, std::string_view reason);

  // --- Submissions ---

  bool has_submission() const { return !submissions_.empty(); }
  // The oldest; there is one.
  Submission TakeSubmission();
  void Submitted(uint64_t lease, const SubmissionEnd& end);

  // --- The end ---

  // No more leases; what is being generated or submitted may end until EndTime().
  void Drain(absl::Time now);
  // Everything is handed back, and the engine's next task is kEnd.
  void Stop();
  bool draining() const { return draining_; }
  bool stopped() const { return stopped_; }
  // Stopped, or closed with nothing held.
  bool done() const { return stopped_ || (closed_ && held_.empty()); }
  // When what is still held is handed back, so that the actor ends in time: after Drain(), drain_timeout without
  // HandBackTime(); after the run's end a moment, for nobody needs it any more and the learner goes. InfiniteFuture()
  // before either.
  absl::Time EndTime() const { return end_time_; }
  // What handing back may take at the end.
  absl::Duration HandBackTime() const;

  // --- To be seen ---

  enum class State { kWaiting, kGenerating, kSubmitting };
  size_t held() const { return held_.size(); }
  size_t groups(State state) const { return static_cast<size_t>(of(state).groups); }
  // What became of the leases that ended since the last call.
  std::vector<metrics::GroupEnd> TakeEnds();

 private:
  struct Held {
    std::shared_ptr<const v1::Lease> lease;
    State state = State::kWaiting;
    absl::Time since;
    uint64_t number = 0;  // in the order in which they came
  };
  struct Return {
    std::shared_ptr<const v1::Lease> lease;
    std::string reason;
    bool failed = false;
  };
  // Over the leases in one state.
  struct Sum {
    int64_t groups = 0, responses = 0, evaluations = 0;
  };

  const Sum& of(State state) const { return sums_[static_cast<size_t>(state)]; }
  // Adds `held` to the sum of its state, or with -1 takes it off.
  void Count(const Held& held, int64_t sign);
  void Move(Held& held, State state);
  // Null when it is not held in `state`.
  Held* Find(uint64_t lease, State state);
  std::vector<uint64_t> In(State state) const;

  // The ends of a lease that is held. Whoever ends it counts it.
  std::shared_ptr<const v1::Lease> Remove(uint64_t lease);
  void Expire(uint64_t lease);
  void GiveBack(uint64_t lease, std::string_view reason, bool failed);
  // Of one that is not held, or no more.
  void HandBack(std::shared_ptr<const v1::Lease> lease, std::string_view reason, bool failed);

  // Ends waiting leases of a learner that is gone.
  void DropLost();
  bool HasRoom(const v1::Lease& lease, const EngineLoad& load) const;
  std::optional<uint64_t> NextToStart(const EngineLoad& load) const;
  bool MaySwap(const EngineLoad& load, const model::WeightVersion& wanted) const;
  void EndBy(absl::Time time) { end_time_ = std::min(end_time_, time); }

  const LeaseTableOptions options_;
  std::map<uint64_t, Held> held_;  // by lease: begun in lease order
  std::array<Sum, 3> sums_;
  std::deque<actor::FinishedGroup> submissions_;  // of leases in kSubmitting that no thread submits yet
  std::vector<Return> returns_;
  std::vector<uint64_t> cancels_;
  std::vector<metrics::GroupEnd> ends_;
  WeightsHere weights_;
  std::optional<uint64_t> evaluating_;  // the learner's word
  uint64_t came_ = 0;                   // leases, since ever
  // Of them, those that came before the turn of the weights in the engine began.
  uint64_t turn_ = 0;
  absl::Time next_renewal_ = absl::InfiniteFuture();
  absl::Time end_time_ = absl::InfiniteFuture();
  bool closed_ = false, draining_ = false, stopped_ = false;
};

}  // namespace drover::actor_process
