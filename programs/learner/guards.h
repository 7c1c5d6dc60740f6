// Guards of a run: what goes wrong in reinforcement learning is noticed, and by recipe (guards) something is done. Pure:
// a rollout's numbers go in, at most one action comes out.
//
//   metrics of a rollout ──▶ each guard: how far beyond its limit ──▶ tripped? ──▶ the strongest action of those that fire
//
//   | guard    | beyond its limit (severity over 1) when                                             |
//   | -------- | ----------------------------------------------------------------------------------- |
//   | entropy  | entropy < entropy_floor while the mean reward < 0.9 (a solved task needs none)       |
//   | reward   | reward is more than reward_drop of the best mean of `window` rollouts below it      |
//   | kl       | k3 to the reference or to the old policy > kl_limit                                 |
//   | gradient | the gradient's norm > gradient_factor times the median of the last `window`         |
//   | siblings | all responses are the same in over siblings_share of the groups, reward < 0.9        |
//
//   | from    | to      | when                                                                       |
//   | ------- | ------- | -------------------------------------------------------------------------- |
//   | calm    | tripped | beyond its limit `patience` rollouts in a row: it fires                    |
//   | tripped | tripped | still so `cooldown` rollouts after it fired, and beyond now: it fires again |
//   | tripped | calm    | at most 0.8 of the way to its limit, `patience` rollouts in a row          |
//
// No guard fires within `cooldown` rollouts of its last firing, so that values around a limit do not make it flap. Its
// state follows from the rollouts' numbers alone: a start replays those of metrics.jsonl and is where it was.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drover/v1/recipe.pb.h"

namespace drover::learner_process {

enum class GuardKind { kEntropy, kReward, kKl, kGradient, kSiblings };
inline constexpr std::array kGuardKinds = {GuardKind::kEntropy, GuardKind::kReward, GuardKind::kKl,
                                           GuardKind::kGradient, GuardKind::kSiblings};
std::string GuardName(GuardKind kind);  // "entropy", ...
std::optional<GuardKind> GuardOf(std::string_view name);

// Numbers of one rollout.
struct GuardObservation {
  uint64_t step = 0;  // rollouts trained, this one included
  double entropy = 0;
  double reward = 0;
  double kl = 0;  // the larger of both
  double grad_norm = 0;
  double identical_share = 0;  // of the groups, those whose responses are all the same
};

// Of both, what is no number before any number.
double LargerKl(double kl, double old_kl);

// What a guard that fired wants.
struct GuardAlarm {
  GuardKind kind = GuardKind::kEntropy;
  v1::GuardAction action = v1::WARN;
  uint64_t step = 0;
  double value = 0;
  double limit = 0;
  uint64_t good_step = 0;  // the newest rollout before it went beyond its limit
};

// "entropy is 0.012, below 0.02, for 3 rollouts": for a person.
std::string AlarmText(const GuardAlarm& alarm);

// Not thread-safe.
class Guards {
 public:
  explicit Guards(const v1::GuardSettings& settings);  // with its defaults

  // Rollout after rollout. The strongest action of the guards that fire; of equal ones the first by GuardKind.
  std::optional<GuardAlarm> Observe(const GuardObservation& rollout);

  // The run went back to `step` because of this guard: it is calm, and counts as having fired there.
  void RolledBack(GuardKind kind, uint64_t step);

 private:
  struct State {
    bool tripped = false;
    uint32_t beyond = 0;  // rollouts in a row
    uint32_t calm = 0;
    uint64_t good_step = 0;
    std::optional<uint64_t> fired;
  };
  struct Reading {
    double value = 0;
    double limit = 0;
    double severity = 0;  // over 1: beyond the limit
  };
  Reading Read(GuardKind kind, const GuardObservation& rollout) const;
  v1::GuardAction ActionOf(GuardKind kind) const;
  // Whether it fires.
  bool Move(State& state, const Reading& reading, uint64_t step) const;
  void Remember(const GuardObservation& rollout, bool gradient_is_beyond);

  v1::GuardSettings settings_;
  std::array<State, kGuardKinds.size()> states_;
  std::deque<double> norms_;    // the last `window` that were not beyond, or all while the guard is tripped
  std::deque<double> rewards_;  // the last `window`
  std::optional<double> best_reward_;
};

// What was done, a line of RUN/guards.jsonl.
struct GuardEvent {
  uint64_t step = 0;  // after which it was noticed
  GuardKind kind = GuardKind::kEntropy;
  v1::GuardAction action = v1::WARN;  // what was done
  double value = 0;
  double limit = 0;
  double rate_scale = 1;                           // of the learning rate from here on
  std::optional<uint64_t> back_to = std::nullopt;  // of a roll-back: the rollouts that the run went back to
};

// What of the events holds for a run that goes on from `step`: those after it are undone, but a roll-back is not, nor what
// came before it.
std::vector<GuardEvent> EventsUpTo(std::vector<GuardEvent> events, uint64_t step);

// Decides what an alarm comes to, by what was done before.
class GuardOffice {
 public:
  GuardOffice(const v1::GuardSettings& settings, std::vector<GuardEvent> events)
      : settings_(settings), events_(std::move(events)) {}

  // The learning rate's share that holds now.
  double rate_scale() const { return events_.empty() ? 1.0 : events_.back().rate_scale; }
  const std::vector<GuardEvent>& events() const { return events_; }

  // The event, not yet recorded. `checkpoints`: steps of those that are kept. A roll-back goes to the newest of them that is at most
  // alarm.good_step and lowers the rate too, since the same weights, data and rate would do the same again; where there is
  // none, or after max_rollbacks of them, it becomes END_RUN. A rate at min_rate is only warned of.
  GuardEvent Decide(const GuardAlarm& alarm, const std::vector<uint64_t>& checkpoints) const;
  void Record(const GuardEvent& event) { events_.push_back(event); }

 private:
  v1::GuardSettings settings_;
  std::vector<GuardEvent> events_;
};

// As it is after these rollouts and events of a run.
Guards ReplayGuards(const v1::GuardSettings& settings, const std::vector<GuardObservation>& rollouts,
                    const std::vector<GuardEvent>& events);

}  // namespace drover::learner_process
