#include "programs/learner/guards.h"

#include <cmath>
#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::learner_process {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

v1::GuardSettings Settings(v1::GuardAction action = v1::WARN) {
  v1::GuardSettings settings;
  settings.set_entropy(action);
  settings.set_entropy_floor(0.1);
  settings.set_reward(action);
  settings.set_reward_drop(0.5);
  settings.set_kl(action);
  settings.set_kl_limit(1);
  settings.set_gradient(action);
  settings.set_gradient_factor(10);
  settings.set_siblings(action);
  settings.set_siblings_share(0.9);
  settings.set_patience(3);
  settings.set_window(5);
  settings.set_cooldown(10);
  settings.set_rate_factor(0.5);
  settings.set_min_rate(0.2);
  settings.set_max_rollbacks(2);
  return settings;
}

GuardObservation Calm(uint64_t step) {
  return {.step = step, .entropy = 1, .reward = 0.5, .kl = 0.01, .grad_norm = 1, .identical_share = 0.1};
}

using Change = std::function<void(GuardObservation&)>;

// Steps at which something fires, of `steps` rollouts that are calm but for `change`, from rollout `from` to `to`.
std::vector<uint64_t> Fires(Guards& guards, uint64_t steps, uint64_t from, uint64_t to, const Change& change,
                            GuardKind kind) {
  std::vector<uint64_t> fired;
  for (uint64_t step = 1; step <= steps; ++step) {
    GuardObservation rollout = Calm(step);
    if (step >= from && step <= to) change(rollout);
    const auto alarm = guards.Observe(rollout);
    if (!alarm) continue;
    EXPECT_EQ(alarm->kind, kind) << step;
    EXPECT_EQ(alarm->step, step);
    fired.push_back(step);
  }
  return fired;
}

struct Case {
  GuardKind kind;
  Change collapse;
  Change almost;  // not beyond
};

const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>{
      {GuardKind::kEntropy, [](auto& r) { r.entropy = 0.09; }, [](auto& r) { r.entropy = 0.11; }},
      {GuardKind::kReward, [](auto& r) { r.reward = 0.24; }, [](auto& r) { r.reward = 0.26; }},
      {GuardKind::kKl, [](auto& r) { r.kl = 1.1; }, [](auto& r) { r.kl = 0.95; }},
      {GuardKind::kGradient, [](auto& r) { r.grad_norm = 11; }, [](auto& r) { r.grad_norm = 9.9; }},
      {GuardKind::kSiblings, [](auto& r) { r.identical_share = 0.95; },
       [](auto& r) { r.identical_share = 0.89; }},
  };
  return cases;
}

TEST(Guards, EachFiresAfterItsPatienceAndNotBefore) {
  for (const Case& c : Cases()) {
    Guards guards(Settings());
    EXPECT_THAT(Fires(guards, 30, 11, 14, c.collapse, c.kind), ElementsAre(13)) << GuardName(c.kind);
    Guards short_one(Settings());
    EXPECT_THAT(Fires(short_one, 30, 11, 12, c.collapse, c.kind), IsEmpty()) << GuardName(c.kind);
    Guards near(Settings());
    EXPECT_THAT(Fires(near, 30, 11, 30, c.almost, c.kind), IsEmpty()) << GuardName(c.kind);
    Guards ignored(Settings(v1::IGNORE));
    EXPECT_THAT(Fires(ignored, 30, 11, 30, c.collapse, c.kind), IsEmpty()) << GuardName(c.kind);
  }
}

TEST(Guards, OneThatStaysBeyondFiresAgainAfterTheCooldown) {
  Guards guards(Settings());
  EXPECT_THAT(Fires(guards, 40, 11, 40, Cases()[0].collapse, GuardKind::kEntropy), ElementsAre(13, 24, 35));
}

// Values that cross the limit back and forth: no action but the first within the cooldown, and none without patience.
TEST(Guards, DoesNotFlap) {
  Guards guards(Settings());
  std::vector<uint64_t> fired;
  for (uint64_t step = 1; step <= 60; ++step) {
    GuardObservation rollout = Calm(step);
    rollout.entropy = step % 2 == 0 ? 0.09 : 0.105;
    if (guards.Observe(rollout)) fired.push_back(step);
  }
  EXPECT_THAT(fired, IsEmpty());
  fired.clear();
  Guards other(Settings());
  for (uint64_t step = 1; step <= 24; ++step) {  // three beyond, three calm, ...
    GuardObservation rollout = Calm(step);
    if (((step - 1) / 3) % 2 == 0) rollout.entropy = 0.05;
    if (other.Observe(rollout)) fired.push_back(step);
  }
  EXPECT_THAT(fired, ElementsAre(3, 15)) << "the two in between are within the cooldown";
}

// Between 0.8 and 1 of the way to the limit a tripped guard is neither calm nor beyond.
TEST(Guards, BecomesCalmOnlyWellWithinTheLimit) {
  v1::GuardSettings settings = Settings();
  settings.set_cooldown(0);
  const auto third = [&](double between) {
    Guards guards(settings);
    std::vector<uint64_t> fired;
    for (uint64_t step = 1; step <= 10; ++step) {
      GuardObservation rollout = Calm(step);
      rollout.kl = step <= 3 ? 2 : (step <= 6 ? between : 2);
      if (guards.Observe(rollout)) fired.push_back(step);
    }
    return fired;
  };
  EXPECT_THAT(third(0.9), ElementsAre(3, 7, 8, 9, 10)) << "still tripped: the first value beyond fires";
  EXPECT_THAT(third(0.7), ElementsAre(3, 9, 10)) << "calm: patience again";
}

TEST(Guards, WhatIsNoNumberIsBeyondEveryLimit) {
  Guards guards(Settings());
  EXPECT_THAT(Fires(
                  guards, 5, 1, 3, [](auto& r) { r.grad_norm = NAN; }, GuardKind::kGradient),
              ElementsAre(3));
  Guards other(Settings());
  EXPECT_THAT(Fires(
                  other, 5, 1, 3, [](auto& r) { r.kl = INFINITY; }, GuardKind::kKl),
              ElementsAre(3));
}

// An exploding gradient is not taken for the usual one; after the alarm it becomes so, and the guard is calm again.
TEST(Guards, TheGradientsBaselineGetsUsedToIt) {
  Guards guards(Settings());
  EXPECT_THAT(Fires(
                  guards, 60, 11, 60, [](auto& r) { r.grad_norm = 50; }, GuardKind::kGradient),
              ElementsAre(13));
}

TEST(Guards, ASolvedTaskNeedsNoEntropy) {
  Guards guards(Settings());
  for (uint64_t step = 1; step <= 20; ++step) {
    GuardObservation rollout = Calm(step);
    rollout.reward = 0.95;
    rollout.entropy = 0;
    rollout.identical_share = 1;
    EXPECT_FALSE(guards.Observe(rollout).has_value());
  }
}

TEST(Guards, RewardsThatNeverWerePositiveCannotCollapse) {
  Guards guards(Settings());
  for (uint64_t step = 1; step <= 20; ++step) {
    GuardObservation rollout = Calm(step);
    rollout.reward = step < 10 ? 0 : -5;
    EXPECT_FALSE(guards.Observe(rollout).has_value());
  }
}

TEST(Guards, TheStrongestActionWins) {
  v1::GuardSettings settings = Settings();
  settings.set_siblings(v1::ROLL_BACK);
  settings.set_kl(v1::LOWER_RATE);
  Guards guards(settings);
  std::optional<GuardAlarm> alarm;
  for (uint64_t step = 1; step <= 13; ++step) {
    GuardObservation rollout = Calm(step);
    if (step >= 11) {
      for (const Case& c : Cases()) c.collapse(rollout);
    }
    alarm = guards.Observe(rollout);
  }
  ASSERT_TRUE(alarm.has_value());
  EXPECT_EQ(alarm->kind, GuardKind::kSiblings);
  EXPECT_EQ(alarm->action, v1::ROLL_BACK);
  EXPECT_EQ(alarm->good_step, 10u);
  EXPECT_EQ(AlarmText(*alarm), "guard siblings: 0.95 is above 0.9 since rollout 11");
}

TEST(Guards, AReplayIsWhereTheRunWas) {
  for (uint64_t cut = 1; cut < 40; ++cut) {
    Guards straight(Settings());
    std::vector<GuardObservation> before;
    std::vector<uint64_t> expected, found;
    const auto rollout_at = [](uint64_t step) {
      GuardObservation rollout = Calm(step);
      if (step % 13 > 8) rollout.entropy = 0.01;
      if (step % 17 > 12) rollout.kl = 3;
      return rollout;
    };
    for (uint64_t step = 1; step <= 40; ++step) {
      if (step <= cut) before.push_back(rollout_at(step));
      if (straight.Observe(rollout_at(step)) && step > cut) expected.push_back(step);
    }
    Guards replayed = ReplayGuards(Settings(), before, {});
    for (uint64_t step = cut + 1; step <= 40; ++step) {
      if (replayed.Observe(rollout_at(step))) found.push_back(step);
    }
    EXPECT_EQ(found, expected) << cut;
  }
}

// --- What an alarm comes to -------------------------------------------------------------------------------------------

GuardAlarm Alarm(v1::GuardAction action, uint64_t step, uint64_t good_step) {
  return {
      .kind = GuardKind::kKl, .action = action, .step = step, .value = 2, .limit = 1, .good_step = good_step};
}

TEST(GuardOffice, TheRateIsLoweredDownToItsLeast) {
  GuardOffice office(Settings(), {});
  EXPECT_EQ(office.rate_scale(), 1.0);
  std::vector<double> scales;
  std::vector<v1::GuardAction> actions;
  for (uint64_t step = 1; step <= 5; ++step) {
    const GuardEvent event = office.Decide(Alarm(v1::LOWER_RATE, step, 0), {});
    office.Record(event);
    scales.push_back(office.rate_scale());
    actions.push_back(event.action);
  }
  EXPECT_THAT(scales, ElementsAre(0.5, 0.25, 0.2, 0.2, 0.2));
  EXPECT_THAT(actions, ElementsAre(v1::LOWER_RATE, v1::LOWER_RATE, v1::LOWER_RATE, v1::WARN, v1::WARN));
}

TEST(GuardOffice, ARollBackGoesToTheNewestGoodCheckpointAndLowersTheRate) {
  GuardOffice office(Settings(), {});
  const GuardEvent event = office.Decide(Alarm(v1::ROLL_BACK, 13, 10), {4, 8, 12});
  EXPECT_EQ(event.action, v1::ROLL_BACK);
  EXPECT_EQ(event.back_to, 8u);
  EXPECT_EQ(event.rate_scale, 0.5);
}

TEST(GuardOffice, RollBacksAreBounded) {
  GuardOffice office(Settings(), {});
  for (int i = 0; i < 2; ++i) {
    const GuardEvent event = office.Decide(Alarm(v1::ROLL_BACK, 13, 10), {8});
    EXPECT_EQ(event.back_to, 8u);
    office.Record(event);
  }
  const GuardEvent third = office.Decide(Alarm(v1::ROLL_BACK, 13, 10), {8});
  EXPECT_EQ(third.action, v1::END_RUN);
  EXPECT_FALSE(third.back_to.has_value());
}

TEST(GuardOffice, WithoutAGoodCheckpointTheRunEnds) {
  EXPECT_EQ(GuardOffice(Settings(), {}).Decide(Alarm(v1::ROLL_BACK, 13, 10), {12}).action, v1::END_RUN);
  EXPECT_EQ(GuardOffice(Settings(), {}).Decide(Alarm(v1::ROLL_BACK, 2, 0), {0}).back_to, 0u);
}

TEST(GuardOffice, EventsAfterACheckpointAreUndoneButRollBacksAreNot) {
  const GuardEvent lowered{.step = 5, .action = v1::LOWER_RATE, .rate_scale = 0.5};
  const GuardEvent later{.step = 9, .action = v1::LOWER_RATE, .rate_scale = 0.25};
  const GuardEvent back{.step = 12, .action = v1::ROLL_BACK, .rate_scale = 0.2, .back_to = 4};
  const auto scale = [](std::vector<GuardEvent> events, uint64_t step) {
    return GuardOffice(Settings(), EventsUpTo(std::move(events), step)).rate_scale();
  };
  EXPECT_EQ(scale({lowered, later}, 9), 0.25);
  EXPECT_EQ(scale({lowered, later}, 8), 0.5);
  EXPECT_EQ(scale({lowered, later}, 4), 1.0);
  EXPECT_EQ(scale({lowered, later, back}, 4), 0.2);
  EXPECT_EQ(scale({back, later}, 6), 0.2);
}

TEST(Guards, AfterARollBackItsGuardRests) {
  const GuardEvent back{.step = 13, .kind = GuardKind::kKl, .action = v1::ROLL_BACK, .back_to = 5};
  std::vector<GuardObservation> rollouts;
  for (uint64_t step = 1; step <= 5; ++step) rollouts.push_back(Calm(step));
  Guards guards = ReplayGuards(Settings(), rollouts, {back});
  std::vector<uint64_t> fired;
  for (uint64_t step = 6; step <= 20; ++step) {
    GuardObservation rollout = Calm(step);
    rollout.kl = 2;
    if (guards.Observe(rollout)) fired.push_back(step);
  }
  EXPECT_THAT(fired, ElementsAre(16)) << "5 and the cooldown";
}

TEST(Guards, NamesGoBothWays) {
  for (const GuardKind kind : kGuardKinds) EXPECT_EQ(GuardOf(GuardName(kind)), kind);
  EXPECT_EQ(GuardOf("nothing"), std::nullopt);
}

}  // namespace
}  // namespace drover::learner_process
