#include "programs/learner/guards.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "statistics/moments.h"

namespace drover::learner_process {
namespace {

constexpr double kSolved = 0.9;     // mean reward of a policy that may be sure of itself
constexpr double kCalm = 0.8;       // severity at which a guard may become calm
constexpr size_t kFewestNorms = 5;  // that make a median
constexpr double kNever = std::numeric_limits<double>::infinity();

double MeanOf(const std::deque<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// How far `value` is towards `limit` from below; what is no number is beyond any limit.
double Towards(double value, double limit) {
  if (!std::isfinite(value)) return kNever;
  return value / limit;
}

void Push(double value, size_t most, std::deque<double>& values) {
  values.push_back(value);
  if (values.size() > most) values.pop_front();
}

bool IsBelow(GuardKind kind) { return kind == GuardKind::kEntropy || kind == GuardKind::kReward; }

}  // namespace

std::string GuardName(GuardKind kind) {
  switch (kind) {
    case GuardKind::kEntropy:
      return "entropy";
    case GuardKind::kReward:
      return "reward";
    case GuardKind::kKl:
      return "kl";
    case GuardKind::kGradient:
      return "gradient";
    case GuardKind::kSiblings:
      return "siblings";
  }
  return "";
}

std::optional<GuardKind> GuardOf(std::string_view name) {
  for (const GuardKind kind : kGuardKinds) {
    if (GuardName(kind) == name) return kind;
  }
  return std::nullopt;
}

double LargerKl(double kl, double old_kl) {
  if (std::isnan(kl) || std::isnan(old_kl)) return std::nan("");
  return std::max(kl, old_kl);
}

std::string AlarmText(const GuardAlarm& alarm) {
  return absl::StrFormat("guard %s: %.4g is %s %.4g since rollout %d", GuardName(alarm.kind), alarm.value,
                         IsBelow(alarm.kind) ? "below" : "above", alarm.limit, alarm.good_step + 1);
}

Guards::Guards(const v1::GuardSettings& settings) : settings_(settings) {}

v1::GuardAction Guards::ActionOf(GuardKind kind) const {
  switch (kind) {
    case GuardKind::kEntropy:
      return settings_.entropy();
    case GuardKind::kReward:
      return settings_.reward();
    case GuardKind::kKl:
      return settings_.kl();
    case GuardKind::kGradient:
      return settings_.gradient();
    case GuardKind::kSiblings:
      return settings_.siblings();
  }
  return v1::IGNORE;
}

Guards::Reading Guards::Read(GuardKind kind, const GuardObservation& rollout) const {
  switch (kind) {
    case GuardKind::kEntropy: {
      const double floor = settings_.entropy_floor();
      if (rollout.reward >= kSolved) return {rollout.entropy, floor, 0};
      const double severity = rollout.entropy > 0 ? floor / rollout.entropy : (floor > 0 ? kNever : 0);
      return {rollout.entropy, floor, std::isnan(rollout.entropy) ? kNever : severity};
    }
    case GuardKind::kReward: {
      if (!best_reward_ || *best_reward_ <= 0) return {rollout.reward, 0, 0};
      const double drop = settings_.reward_drop() * *best_reward_;
      return {rollout.reward, *best_reward_ - drop, Towards(*best_reward_ - rollout.reward, drop)};
    }
    case GuardKind::kKl:
      return {rollout.kl, settings_.kl_limit(), Towards(rollout.kl, settings_.kl_limit())};
    case GuardKind::kGradient: {
      if (norms_.size() < kFewestNorms)
        return {rollout.grad_norm, 0, std::isfinite(rollout.grad_norm) ? 0 : kNever};
      const double limit =
          settings_.gradient_factor() * std::max(statistics::Median({norms_.begin(), norms_.end()}), 1e-12);
      return {rollout.grad_norm, limit, Towards(rollout.grad_norm, limit)};
    }
    case GuardKind::kSiblings:
      if (rollout.reward >= kSolved) return {rollout.identical_share, settings_.siblings_share(), 0};
      return {rollout.identical_share, settings_.siblings_share(),
              Towards(rollout.identical_share, settings_.siblings_share())};
  }
  return {};
}

bool Guards::Move(State& state, const Reading& reading, uint64_t step) const {
  const bool beyond = reading.severity > 1, calm = reading.severity <= kCalm;
  if (beyond && state.beyond == 0 && !state.tripped) state.good_step = step - 1;
  state.beyond = beyond ? state.beyond + 1 : 0;
  state.calm = calm ? state.calm + 1 : 0;
  if (state.calm >= settings_.patience()) state.tripped = false;
  const bool rests = state.fired && step <= *state.fired + settings_.cooldown();
  if (!beyond || rests) return false;
  if (!state.tripped && state.beyond < settings_.patience()) return false;
  state.tripped = true;
  state.fired = step;
  return true;
}

void Guards::Remember(const GuardObservation& rollout, bool gradient_is_beyond) {
  const size_t window = settings_.window();
  // While it is tripped the guard gets used to what it sees, else it would never be calm again.
  const bool used = !gradient_is_beyond || states_[static_cast<size_t>(GuardKind::kGradient)].tripped;
  if (used && std::isfinite(rollout.grad_norm)) Push(rollout.grad_norm, window, norms_);
  if (!std::isfinite(rollout.reward)) return;
  Push(rollout.reward, window, rewards_);
  if (rewards_.size() < window) return;
  best_reward_ = std::max(best_reward_.value_or(-kNever), MeanOf(rewards_));
}

std::optional<GuardAlarm> Guards::Observe(const GuardObservation& rollout) {
  std::optional<GuardAlarm> strongest;
  bool gradient_is_beyond = false;
  for (const GuardKind kind : kGuardKinds) {
    const Reading reading = Read(kind, rollout);
    if (kind == GuardKind::kGradient) gradient_is_beyond = reading.severity > 1;
    State& state = states_[static_cast<size_t>(kind)];
    if (!Move(state, reading, rollout.step)) continue;
    const v1::GuardAction action = ActionOf(kind);
    if (action <= v1::IGNORE || (strongest && strongest->action >= action)) continue;
    strongest = GuardAlarm{kind, action, rollout.step, reading.value, reading.limit, state.good_step};
  }
  Remember(rollout, gradient_is_beyond);
  return strongest;
}

void Guards::RolledBack(GuardKind kind, uint64_t step) {
  State& state = states_[static_cast<size_t>(kind)];
  state = State();
  state.fired = step;
}

std::vector<GuardEvent> EventsUpTo(std::vector<GuardEvent> events, uint64_t step) {
  while (!events.empty() && events.back().step > step && !events.back().back_to) events.pop_back();
  return events;
}

GuardEvent GuardOffice::Decide(const GuardAlarm& alarm, const std::vector<uint64_t>& checkpoints) const {
  GuardEvent event{.step = alarm.step,
                   .kind = alarm.kind,
                   .action = alarm.action,
                   .value = alarm.value,
                   .limit = alarm.limit,
                   .rate_scale = rate_scale()};
  const double lower = std::max(settings_.min_rate(), rate_scale() * settings_.rate_factor());
  if (alarm.action == v1::LOWER_RATE) {
    if (lower >= rate_scale()) event.action = v1::WARN;
    event.rate_scale = std::min(lower, rate_scale());
  }
  if (alarm.action != v1::ROLL_BACK) return event;
  const auto done = std::count_if(events_.begin(), events_.end(),
                                  [](const GuardEvent& each) { return each.back_to.has_value(); });
  for (const uint64_t step : checkpoints) {
    if (step <= alarm.good_step && step >= event.back_to.value_or(0)) event.back_to = step;
  }
  if (!event.back_to || done >= static_cast<std::ptrdiff_t>(settings_.max_rollbacks())) {
    event.back_to.reset();
    event.action = v1::END_RUN;
    return event;
  }
  event.rate_scale = std::min(lower, rate_scale());
  return event;
}

Guards ReplayGuards(const v1::GuardSettings& settings, const std::vector<GuardObservation>& rollouts,
                    const std::vector<GuardEvent>& events) {
  Guards guards(settings);
  const auto roll_backs_to = [&](uint64_t step) {
    for (const GuardEvent& event : events) {
      if (event.back_to == step) guards.RolledBack(event.kind, step);
    }
  };
  roll_backs_to(0);
  for (const GuardObservation& rollout : rollouts) {
    guards.Observe(rollout);
    roll_backs_to(rollout.step);
  }
  return guards;
}

}  // namespace drover::learner_process
