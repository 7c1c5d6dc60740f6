// The numerics contract: a refactor reproduces the stored trace of a small run. Losses are compared to a tolerance
// that another instruction set's rounding stays within and a change of the algorithm does not.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "learner/testing/support.h"

namespace drover::learner {
namespace {

using testing_support::MakeRollout;
using testing_support::TinyModel;
using testing_support::TinyOptions;

constexpr char kTrace[] = "learner/testdata/loss_trace.json";
constexpr double kTolerance = 1e-4;  // relative; float32 through some hundred operations

// Ten supervised steps, then four rollouts of two epochs with everything on that the loss has.
nlohmann::json RunTrace() {
  TrainerOptions options = TinyOptions();
  options.learning_rate = 3e-3;
  options.warmup_steps = 4;
  options.adamw.weight_decay = 0.01;
  options.plan.seed = 17;
  options.plan.epochs = 2;
  options.loss.kl_coefficient = 0.05;
  options.loss.clip_high = 0.28;
  options.mask_truncated = true;
  const auto alone = LocalCollectives();
  auto trainer = *Trainer::Create(options, TinyModel(), alone.get());
  nlohmann::json trace;
  for (uint32_t i = 0; i < 10; ++i) {
    trace["supervised"].push_back(
        trainer->SupervisedStep({{{2, 3 + i}, {4, 5, 6, 1}}, {{7}, {8, i, 1}}}, {.learning_rate = 2e-3})
            ->loss);
  }
  if (!trainer->BeginReinforcement().ok()) return {};
  for (uint64_t rollout = 0; rollout < 4; ++rollout) {
    const UpdateStats stats = *trainer->Update(MakeRollout(*TinyModel(), 80 + rollout), rollout, 0);
    for (const StepStats& step : stats.steps) {
      trace["loss"].push_back(step.loss);
      trace["grad_norm"].push_back(step.grad_norm);
    }
    trace["entropy"].push_back(stats.entropy);
    trace["kl_reference"].push_back(stats.kl_reference);
  }
  return trace;
}

TEST(LossTrace, IsReproduced) {
  const nlohmann::json trace = RunTrace();
  if (std::getenv("DROVER_WRITE_LOSS_TRACE") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(kTrace, trace.dump(1) + "\n").ok());
    GTEST_SKIP() << "skipped: wrote " << kTrace;
  }
  const auto text = ReadFile(kTrace);
  ASSERT_TRUE(text.ok()) << text.status().ToString();
  const nlohmann::json expected = nlohmann::json::parse(*text);
  ASSERT_EQ(trace.size(), expected.size());
  for (const auto& [name, values] : expected.items()) {
    ASSERT_EQ(trace[name].size(), values.size()) << name;
    for (size_t i = 0; i < values.size(); ++i) {
      const double want = values[i].get<double>();
      EXPECT_NEAR(trace[name][i].get<double>(), want, kTolerance * std::abs(want) + 1e-6) << name << " " << i;
    }
  }
}

}  // namespace
}  // namespace drover::learner
