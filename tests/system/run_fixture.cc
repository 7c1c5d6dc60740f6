#include "tests/system/run_fixture.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "services/run/jsonl.h"

namespace drover::system_test {
namespace {

std::vector<std::string> Arguments(std::vector<std::string> arguments, const Settings& settings,
                                   const std::vector<std::string>& flags) {
  for (const std::string& setting : settings) {
    arguments.push_back("--set");
    arguments.push_back(setting);
  }
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return arguments;
}

Json ParseFile(const std::string& path) {
  const auto text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  Json json = Json::parse(text.value_or(""), nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(json.is_object()) << path << " is no JSON object";
  return json;
}

}  // namespace

Settings operator+(Settings settings, const Settings& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

Settings Tiny(int steps) {
  return {absl::StrCat("run.steps=", steps),
          "run.checkpoint_every=2",
          "run.keep_checkpoints=3",
          "run.device=cpu",
          "model.embedded.hidden_size=32",
          "model.embedded.layers=1",
          "model.embedded.heads=2",
          "model.embedded.kv_heads=2",
          "model.embedded.intermediate_size=64",
          "data.arithmetic.min_digits=1",
          "data.arithmetic.max_digits=1",
          "data.heldout_share=0.3",
          "pretrain.batches=120",
          "pretrain.batch_size=16",
          "pretrain.learning_rate=1e-2",
          "pretrain.warmup_steps=5",
          "rollout.prompts=8",
          "rollout.group_size=4",
          "rollout.max_response_tokens=24",
          "learner.minibatch_responses=16",
          "learner.microbatch_responses=16",
          "learner.warmup_steps=0",
          "evaluation.questions=24",
          "actors.count=2",
          "leases.ttl_seconds=3"};
}

TrainingRun::TrainingRun(const std::string& name, const std::string& kind)
    : folder_(absl::StrCat(TestFolder(), "/", name)), kind_(kind) {}

void TrainingRun::Start(const Settings& settings, const std::vector<std::string>& flags) {
  command_ = std::make_unique<Command>(
      Arguments({kind_, "--recipe", "arithmetic", "--out", folder_.path()}, settings, flags));
}

void TrainingRun::Resume(const Settings& settings, const std::vector<std::string>& flags) {
  command_ = std::make_unique<Command>(Arguments({kind_, "--resume", folder_.path()}, settings, flags));
}

int TrainingRun::Wait(absl::Duration timeout) { return command_->Wait(timeout); }

void TrainingRun::RunToTheEnd(const Settings& settings, absl::Duration timeout) {
  Start(settings);
  EXPECT_EQ(Wait(timeout), 0) << command_->output() << command_->errors();
}

void TrainingRun::RunKilledAfter(size_t killed_after, size_t steps, const Settings& settings) {
  Start(settings);
  ASSERT_TRUE(WaitForSteps(killed_after));
  KillEverything();
  Resume({});
  ASSERT_EQ(Wait(), 0) << command_->errors();
  ExpectEachStepOnce(*this, steps);
}

std::vector<Json> TrainingRun::metrics() const {
  const auto lines = run::ReadJsonl(folder_.metrics());
  EXPECT_TRUE(lines.ok()) << lines.status();
  return lines.value_or(std::vector<Json>());
}

std::vector<Json> TrainingRun::evaluations() const {
  auto lines = run::ReadJsonl(folder_.evaluations());
  EXPECT_TRUE(lines.ok()) << lines.status();
  if (!lines.ok()) return {};
  for (Json& line : *lines) line.erase("seconds");
  return *std::move(lines);
}

Json TrainingRun::summary() const { return ParseFile(folder_.summary()); }

Json TrainingRun::checkpoint_file(uint64_t step, const std::string& name) const {
  return ParseFile(folder_.checkpoint(step) + "/" + name);
}

bool TrainingRun::WaitForSteps(size_t steps, absl::Duration timeout) {
  const bool reached = Eventually(timeout, [&] { return metrics().size() >= steps || !command_->Runs(); });
  const bool there = reached && metrics().size() >= steps;
  EXPECT_TRUE(there) << "step " << steps << " was not reached within " << timeout << "\n"
                     << command_->output() << command_->errors();
  return there;
}

pid_t TrainingRun::Pid(const std::string& process) const {
  const std::string port_file = folder_.port_file(process);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) continue;
    // Arguments end in zero bytes; only the process itself has its port file as an argument.
    const std::string command_line = ReadFile(entry.path().string() + "/cmdline").value_or("");
    if (command_line.find(port_file + '\0') != std::string::npos) return pid;
  }
  return 0;
}

bool TrainingRun::Kill(const std::string& process, int signal) const {
  const pid_t pid = Pid(process);
  return pid > 0 && ::kill(pid, signal) == 0;
}

void TrainingRun::KillEverything() {
  command_->Signal(SIGKILL);
  EXPECT_EQ(Wait(), 128 + SIGKILL);
  for (const char* rank : {"learner-0", "learner-1"}) {
    EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return Pid(rank) == 0; }))
        << rank << " outlives the command";
  }
}

void ExpectEachStepOnce(const TrainingRun& run, size_t steps) {
  const std::vector<Json> lines = run.metrics();
  ASSERT_EQ(lines.size(), steps);
  for (size_t i = 0; i < steps; ++i) EXPECT_EQ(lines[i].value("step", uint64_t{0}), i + 1);
}

}  // namespace drover::system_test
