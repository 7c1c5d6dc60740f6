#include "programs/drover/train_command.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "base/stop_signal.h"
#include "programs/drover/display.h"
#include "programs/drover/pending_recipe.h"
#include "programs/drover/plan_command.h"
#include "programs/drover/programs.h"
#include "programs/drover/report.h"
#include "programs/drover/run_view.h"
#include "programs/launch/check_device.h"
#include "programs/launch/local_run.h"
#include "programs/process/broken_pipes.h"
#include "recipe/load.h"
#include "recipe/resume.h"
#include "recipe/text.h"
#include "services/run/jsonl.h"
#include "services/run/run_folder.h"
#include "services/run/run_lock.h"
#include "statistics/interval.h"

namespace drover::cli {
namespace {

// What is to be run, and where.
struct Plan {
  v1::Recipe recipe;
  std::string name;
  run::RunFolder folder{""};
  std::vector<std::string> warnings;  // of the recipe's files
};

std::string DefaultFolder(const std::string& name) {
  return absl::StrCat("runs/", name, absl::FormatTime("-%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()));
}

absl::StatusOr<Plan> PlanResume(const TrainOptions& options) {
  Plan plan;
  plan.folder = run::RunFolder(std::filesystem::path(options.resume).lexically_normal().string());
  if (!plan.folder.Exists()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--resume ", options.resume,
                     ": no run is there (recipe.textproto is missing); it takes the "
                     "folder of a run, such as runs/NAME"));
  }
  std::error_code ignored;
  if (options.overrides.empty() && std::filesystem::exists(plan.folder.summary(), ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--resume ", options.resume, ": this run is done (summary.json is there)",
        options.supervised ? "; to learn further begin a run with its newest checkpoint as model.path"
                           : "; to train further give it more rollouts, such as --set run.steps=200"));
  }
  ASSIGN_OR_RETURN(plan.recipe,
                   recipe::LoadRecipe(plan.folder.recipe(), options.overrides, {.warnings = &plan.warnings}));
  ASSIGN_OR_RETURN(const v1::Recipe recorded,
                   recipe::LoadRecipe(plan.folder.recipe(), {}, {.check_files = false}));
  const absl::Status may =
      recipe::CheckResume(recorded, plan.recipe, plan.folder.NewestCheckpoint().has_value());
  if (!may.ok()) return Annotate(may, absl::StrCat("--resume ", options.resume));
  plan.name = plan.recipe.name();
  return plan;
}

absl::StatusOr<Plan> PlanNew(const TrainOptions& options) {
  Plan plan;
  ASSIGN_OR_RETURN(plan.recipe,
                   recipe::LoadRecipe(options.recipe, options.overrides, {.warnings = &plan.warnings}));
  if (plan.recipe.name().empty()) plan.recipe.set_name(std::filesystem::path(options.recipe).stem().string());
  plan.name = plan.recipe.name();
  plan.folder = run::RunFolder(options.out.empty() ? DefaultFolder(plan.name) : options.out);
  if (!plan.folder.NeverBegan()) {
    return absl::InvalidArgumentError(absl::StrCat(
        plan.folder.path(), " is there already; give another folder with --out, or go on with it: --resume ",
        plan.folder.path()));
  }
  return plan;
}

// Each command takes its own recipes.
absl::Status CheckKind(const v1::Recipe& recipe, const TrainOptions& options) {
  if (options.supervised == !recipe.sft().train().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      options.supervised
          ? absl::StrCat("recipe ", recipe.name(),
                         " has no sft.train: it is one of `drover train`; give a file with "
                         "--set sft.train=\"FILE.jsonl\", or another recipe (`drover recipes` lists sft-...)")
          : absl::StrCat("recipe ", recipe.name(), " has sft.train: it is one of `drover sft`"));
}

absl::StatusOr<Plan> MakePlan(const TrainOptions& options) {
  if (options.quiet && options.json)
    return absl::InvalidArgumentError("--quiet and --json exclude each other");
  if (options.resume.empty() && options.recipe.empty()) {
    return absl::InvalidArgumentError("--recipe NAME|FILE or --resume DIR is required");
  }
  ASSIGN_OR_RETURN(Plan plan, options.resume.empty() ? PlanNew(options) : PlanResume(options));
  RETURN_IF_ERROR(CheckKind(plan.recipe, options));
  return plan;
}

// The command that goes on with the run.
std::string GoOnText(const Plan& plan) {
  const char* command = plan.recipe.sft().train().empty() ? "train" : "sft";
  return absl::StrCat("go on with: drover ", command, " --resume ", plan.folder.path());
}

// Shows a run on the terminal, as lines, as JSON, or not at all.
class Screen {
 public:
  explicit Screen(const TrainOptions& options)
      : options_(options), redraws_(!options.json && !options.quiet && ::isatty(STDOUT_FILENO) == 1) {}

  void Show(const View& view, const std::vector<nlohmann::ordered_json>& new_lines) {
    if (options_.quiet) return;
    if (redraws_) return Redraw(view);
    for (const auto& line : new_lines) {
      std::fputs(options_.json ? run::ToLine(line).c_str() : (StepLine(line, view) + "\n").c_str(), stdout);
    }
    if (!options_.json) ShowPhase(view);
    std::fflush(stdout);
  }

  // Where the run can be looked at, once.
  void ShowPage(std::optional<int> port) {
    if (options_.quiet || options_.json || !port || std::exchange(page_shown_, true)) return;
    Erase();
    std::printf("run page: http://127.0.0.1:%d/\n", *port);
  }

  // Why nothing more can be shown (a reader that went away, a full disk); 0 while all was.
  int write_error() {
    if (std::ferror(stdout) != 0 && write_error_ == 0) write_error_ = errno == 0 ? EIO : errno;
    return write_error_;
  }

  // A message stays above the panel.
  void Say(const std::string& message) {
    Erase();
    std::fprintf(stderr, "drover: %s\n", message.c_str());
  }

  void Finish(nlohmann::ordered_json summary, const std::string& folder) {
    if (options_.quiet) return;
    const auto benchmarks =
        run::ReadJsonl(run::RunFolder(folder).benchmarks()).value_or(std::vector<nlohmann::ordered_json>());
    if (options_.json) {
      if (!benchmarks.empty()) summary["benchmarks"] = BenchmarksJson(benchmarks);
      std::fputs(run::ToLine(summary).c_str(), stdout);
    } else {
      std::fputs(BenchmarksText(benchmarks).c_str(), stdout);
      std::fputs(SummaryText(summary, folder).c_str(), stdout);
    }
    std::fflush(stdout);
  }

 private:
  void Erase() {
    if (lines_ > 0) std::printf("\r\033[%zuA\033[J", lines_);
    lines_ = 0;
    std::fflush(stdout);
  }

  void Redraw(const View& view) {
    const std::vector<std::string> panel = Panel(view);
    if (lines_ > 0) std::printf("\r\033[%zuA", lines_);
    for (const std::string& line : panel) std::printf("\033[2K%s\n", line.c_str());
    lines_ = panel.size();
    std::fflush(stdout);
  }

  // Long phases before the first step would look like a hang: their beginnings are lines of their own.
  void ShowPhase(const View& view) {
    const v1::RunPhase phase = view.state.phase();
    const bool tells = phase == v1::RUN_PHASE_PRETRAINING || phase == v1::RUN_PHASE_EVALUATING;
    if (tells && phase != phase_) std::printf("%s\n", PhaseText(view.state).c_str());
    phase_ = phase;
    ShowTrouble(view.state);
    if (view.accuracy_step != accuracy_step_ && view.accuracy.has_value()) {
      std::printf(
          "held-out accuracy %s after %d rollouts\n",
          statistics::ShareText(*view.accuracy, static_cast<double>(view.state.heldout_questions())).c_str(),
          static_cast<int>(*view.accuracy_step));
    }
    accuracy_step_ = view.accuracy_step;
  }

  // When it begins, and whenever it has doubled since it was shown.
  void ShowTrouble(const v1::RunState& state) {
    const uint64_t ended = state.since_step().leased();
    if (ended < trouble_shown_) trouble_shown_ = 0;
    if (TroubleText(state).empty() || ended < 2 * trouble_shown_) return;
    std::printf("%s\n", PhaseText(state).c_str());
    trouble_shown_ = ended;
  }

  const TrainOptions& options_;
  const bool redraws_;
  size_t lines_ = 0;
  v1::RunPhase phase_ = v1::RUN_PHASE_UNSPECIFIED;
  std::optional<uint64_t> accuracy_step_;
  bool page_shown_ = false;
  int write_error_ = 0;
  uint64_t trouble_shown_ = 0;  // leases that had ended without a group then
};

// Watches until the run ends. `interrupts` counts Ctrl-C: once stops in order, twice at once.
launch::RunOutcome Watch(launch::LocalRun& run, StopSignal& stop, RunView& view, Screen& screen,
                         int* interrupts) {
  while (true) {
    const launch::RunOutcome outcome = run.Poll();
    for (const std::string& message : run.TakeMessages()) screen.Say(message);
    const auto lines =
        view.Refresh(outcome == launch::RunOutcome::kRunning ? run.learner_port().value_or(0) : 0);
    for (const std::string& notice : view.TakeNotices()) screen.Say(notice);
    screen.ShowPage(run.page_port());
    screen.Show(view.view(), lines);
    if (outcome != launch::RunOutcome::kRunning) return outcome;
    const bool reader_gone = *interrupts == 0 && screen.write_error() != 0;
    if (!reader_gone && stop.Wait(absl::Milliseconds(250)) == 0) continue;
    if (++*interrupts > 1) {
      run.Kill();
      return launch::RunOutcome::kFailed;
    }
    screen.Say("stopping: a checkpoint of what is trained, then an orderly end (Ctrl-C again ends at once)");
    run.StopInOrder();
  }
}

// What an orderly stop has left.
std::string StoppedText(const Plan& plan) {
  if (plan.folder.NewestCheckpoint().has_value()) return "stopped with a checkpoint; ";
  return "stopped before the first checkpoint, so nothing is kept and a resume begins anew; ";
}

int ConcludeRun(launch::RunOutcome outcome, int interrupts, const launch::LocalRun& run, const Plan& plan,
                Screen& screen) {
  const std::string go_on = GoOnText(plan);
  if (interrupts > 1) return Report(kInterrupted, "ended at once; " + go_on);
  switch (outcome) {
    case launch::RunOutcome::kDone:
      break;
    case launch::RunOutcome::kStopped:
      return Report(interrupts > 0 ? kInterrupted : kFailure, StoppedText(plan) + go_on);
    default:
      // Without a checkpoint a resume would fail in the same way, or begin anew.
      return Report(kFailure, plan.folder.NewestCheckpoint().has_value()
                                  ? "the run failed (" + go_on + "): " + run.failure()
                                  : "the run failed: " + run.failure());
  }
  const auto summary = ReadFile(plan.folder.summary());
  if (!summary.ok()) return Report(kFailure, std::string(summary.status().message()));
  screen.Finish(nlohmann::ordered_json::parse(*summary, nullptr, false), plan.folder.path());
  return kDone;
}

// The folder is ours alone while the lock lives.
absl::StatusOr<std::unique_ptr<FileLock>> TakeFolder(const Plan& plan) {
  RETURN_IF_ERROR(plan.folder.Create());
  return run::TakeRunLock(plan.folder.path());
}

absl::StatusOr<PendingRecipe> PrepareFolder(const Plan& plan) {
  // A resumed run does the steps after its checkpoint again: they are not shown twice.
  ASSIGN_OR_RETURN(const uint64_t dropped,
                   run::KeepStepsUpTo(plan.folder.metrics(), plan.folder.NewestCheckpoint().value_or(0)));
  if (dropped > 0) Report(kDone, run::DroppedText(plan.folder.metrics(), dropped));
  return PendingRecipe::Write(plan.folder, recipe::ToText(plan.recipe));
}

}  // namespace

int Train(const TrainOptions& options) {
  const absl::Time started = absl::Now();
  StopSignal stop;
  const absl::StatusOr<Plan> plan = MakePlan(options);
  if (!plan.ok()) return Report(kBadInput, std::string(plan.status().message()));
  if (!options.quiet) {
    for (const auto& warnings : {plan->warnings, MemoryWarnings(plan->recipe)}) {
      for (const std::string& warning : warnings)
        std::fprintf(stderr, "drover: warning: %s\n", warning.c_str());
    }
  }
  if (absl::Status device = launch::CheckDevice(ProgramFolder(), plan->recipe.run().device()); !device.ok()) {
    return Report(absl::IsFailedPrecondition(device) ? kBadInput : kFailure,
                  absl::StrCat("run.device: ", device.message()));
  }
  const absl::StatusOr<std::unique_ptr<FileLock>> lock = TakeFolder(*plan);
  if (!lock.ok())
    return Report(absl::IsFailedPrecondition(lock.status()) ? kBadInput : kFailure, lock.status());
  const absl::StatusOr<PendingRecipe> recipe = PrepareFolder(*plan);
  if (!recipe.ok()) return Report(kFailure, recipe.status());
  launch::LocalRun run({.programs = ProgramFolder(),
                        .folder = plan->folder,
                        .recipe = plan->recipe,
                        .recipe_file = recipe->path(),
                        .log_level = options.log_level,
                        .started = started});
  process::IgnoreBrokenPipes();  // a reader that goes away stops the run in order
  Screen screen(options);
  if (!options.quiet && !options.json) std::printf("run folder: %s\n", plan->folder.path().c_str());
  if (absl::Status started = run.Start(); !started.ok()) {
    run.Kill();
    return Report(kFailure, std::string(started.message()));
  }
  RunView view(plan->folder, plan->name, options.supervised);
  int interrupts = 0;
  const launch::RunOutcome outcome = Watch(run, stop, view, screen, &interrupts);
  const int code = ConcludeRun(outcome, interrupts, run, *plan, screen);
  if (screen.write_error() == 0 || screen.write_error() == EPIPE) return code;
  return Report(kFailure, absl::StrCat("standard output: ", std::strerror(screen.write_error())));
}

}  // namespace drover::cli
