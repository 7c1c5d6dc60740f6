// The numerics contract: a refactor reproduces the stored trace of a small run. Bit for bit where everything that chooses
// between ways to compute is pinned, by the environment that the process starts with (kPinned; ctest's
// learner_trace_pinned_test has it); else to a tolerance that another instruction set's rounding stays within and a change of
// the algorithm does not.
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "learner/testing/support.h"
#include "model/kernels/cpu/instruction_set.h"

namespace drover::learner {
namespace {

using testing_support::MakeRollout;
using testing_support::TinyModel;
using testing_support::TinyOptions;

constexpr char kTrace[] = "learner/testdata/loss_trace.json";  // numbers as hexadecimal floats: every bit
constexpr double kTolerance = 1e-4;  // relative; float32 through some hundred operations

// What chooses between ways to compute by what the processor can do: our kernels, LibTorch's, MKL's and oneDNN's beneath them
// (MKL's also by who made the processor), and the C library's exp and log.
constexpr std::pair<const char*, std::string_view> kPinned[] = {
    {"DROVER_CPU_KERNELS", "portable"}, {"ATEN_CPU_CAPABILITY", "default"},
    {"MKL_CBWR", "COMPATIBLE"},         {"ONEDNN_MAX_CPU_ISA", "SSE41"},
    {"OMP_NUM_THREADS", "1"},           {"GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"}};

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

// The same with its numbers as the file has them.
nlohmann::json Hexadecimal(const nlohmann::json& trace) {
  nlohmann::json hexadecimal;
  for (const auto& [name, values] : trace.items()) {
    for (const auto& value : values) hexadecimal[name].push_back(absl::StrFormat("%a", value.get<double>()));
  }
  return hexadecimal;
}

nlohmann::json StoredTrace() {
  const auto text = ReadFile(kTrace);
  EXPECT_TRUE(text.ok()) << text.status().ToString();
  return nlohmann::json::parse(text.value_or("{}"));
}

TEST(LossTrace, IsReproducedToRounding) {
  const nlohmann::json trace = RunTrace();
  const nlohmann::json stored = StoredTrace();
  ASSERT_EQ(trace.size(), stored.size());
  for (const auto& [name, values] : stored.items()) {
    ASSERT_EQ(trace[name].size(), values.size()) << name;
    for (size_t i = 0; i < values.size(); ++i) {
      const double want = std::strtod(values[i].get<std::string>().c_str(), nullptr);
      EXPECT_NEAR(trace[name][i].get<double>(), want, kTolerance * std::abs(want) + 1e-6) << name << " " << i;
    }
  }
}

TEST(LossTrace, IsReproducedBitForBit) {
  for (const auto& [name, value] : kPinned) {
    const char* const set = std::getenv(name);
    ASSERT_TRUE(set != nullptr && set == value) << name << " must be " << value << " when the process starts";
  }
  ASSERT_EQ(model::cpu::Chosen(), model::cpu::InstructionSet::kPortable);
  ASSERT_EQ(at::get_cpu_capability(), "DEFAULT");
  const nlohmann::json trace = Hexadecimal(RunTrace());
  if (std::getenv("DROVER_UPDATE") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(kTrace, trace.dump(1) + "\n").ok());
    GTEST_SKIP() << "skipped: wrote " << kTrace;
  }
  EXPECT_EQ(trace, StoredTrace());
}

}  // namespace
}  // namespace drover::learner
