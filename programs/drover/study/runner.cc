#include "programs/drover/study/runner.h"

#include <signal.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "programs/launch/last_words.h"

namespace drover::study_command {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(200);
constexpr absl::Duration kBetweenCounts = absl::Seconds(1);

uint64_t Lines(const std::string& file) {
  const auto text = ReadFile(file);
  return text.ok() ? static_cast<uint64_t>(std::count(text->begin(), text->end(), '\n')) : 0;
}

std::string Rounded(absl::Duration left) {
  const double minutes = absl::ToDoubleMinutes(left);
  return minutes < 1 ? absl::StrFormat("%.0f s", std::max(1.0, absl::ToDoubleSeconds(left)))
                     : absl::StrFormat("%.0f min", minutes);
}

}  // namespace

std::string ToText(const Progress& progress) {
  std::string text =
      absl::StrCat(progress.runs_done, " of ", progress.runs, " runs done, ", progress.runs_going,
                   " going, rollout ", progress.rollouts_done, " of ", progress.rollouts);
  if (progress.left < absl::InfiniteDuration())
    absl::StrAppend(&text, ", about ", Rounded(progress.left), " left");
  return text;
}

Runner::Runner(RunnerOptions options, const StudyFolder& folder, std::vector<study::PlannedRun> runs)
    : options_(std::move(options)), folder_(folder), begun_(absl::Now()) {
  for (study::PlannedRun& plan : runs) {
    Entry entry{.plan = std::move(plan)};
    if (IsDone(entry)) entry.state = State::kDone;
    entries_.push_back(std::move(entry));
  }
  CountRollouts();
  rollouts_before_ = progress().rollouts_done;
}

// The summary is written last.
bool Runner::IsDone(const Entry& entry) const {
  const auto there = PosixFileSystem()->Exists(folder_.run(entry.plan.name).summary());
  return there.ok() && *there;
}

const Runner::Entry* Runner::BaseOf(const Entry& entry) const {
  for (const Entry& other : entries_) {
    if (other.plan.arm < 0 && other.plan.seed == entry.plan.seed) return &other;
  }
  return nullptr;
}

bool Runner::MayBegin(const Entry& entry) const {
  if (entry.state != State::kPlanned) return false;
  return !entry.plan.needs_base || BaseOf(entry)->state == State::kDone;
}

absl::StatusOr<std::vector<std::string>> Runner::Command(const Entry& entry) const {
  const run::RunFolder folder = folder_.run(entry.plan.name);
  if (!folder.NeverBegan())
    return std::vector<std::string>{options_.drover, "train", "--quiet", "--resume", folder.path()};
  std::string base;
  if (entry.plan.needs_base) {
    const run::RunFolder from = folder_.run(BaseOf(entry)->plan.name);
    const auto step = from.NewestCheckpoint();
    if (!step.has_value())
      return absl::NotFoundError(absl::StrCat(from.path(), " has no checkpoint to begin from"));
    base = from.checkpoint(*step);
  }
  std::vector<std::string> command = {options_.drover, "train", "--quiet",    "--recipe",
                                      options_.recipe, "--out", folder.path()};
  for (const std::string& assignment : study::WithBase(entry.plan.overrides, base)) {
    command.push_back("--set");
    command.push_back(assignment);
  }
  return command;
}

absl::Status Runner::Begin(size_t entry) {
  const std::string& name = entries_[entry].plan.name;
  ASSIGN_OR_RETURN(std::vector<std::string> command, Command(entries_[entry]));
  ASSIGN_OR_RETURN(launch::Process process,
                   launch::Process::Start(
                       {.name = name, .argv = std::move(command), .output_file = folder_.run_log(name)}));
  children_.push_back({entry, std::move(process)});
  entries_[entry].state = State::kRunning;
  return absl::OkStatus();
}

absl::Status Runner::BeginWhatMay() {
  for (size_t i = 0; i < entries_.size() && children_.size() < static_cast<size_t>(options_.jobs); ++i) {
    if (MayBegin(entries_[i])) RETURN_IF_ERROR(Begin(i));
  }
  return absl::OkStatus();
}

absl::Status Runner::LookAfterChildren(
    const std::function<void(const std::string&, const Progress&)>& ended) {
  for (auto child = children_.begin(); child != children_.end();) {
    const auto exit = child->process.Poll();
    if (!exit.has_value()) {
      ++child;
      continue;
    }
    Entry& entry = entries_[child->entry];
    child = children_.erase(child);
    const bool done = exit->ok() && IsDone(entry);
    entry.state = done ? State::kDone : State::kPlanned;
    CountRollouts();
    if (!done) {
      return absl::InternalError(absl::StrCat("run ", entry.plan.name, " ", exit->ToString(), " (",
                                              folder_.run_log(entry.plan.name), "):\n",
                                              launch::LastWords("", folder_.run_log(entry.plan.name))));
    }
    ended(entry.plan.name, progress());
  }
  return absl::OkStatus();
}

// A run takes one signal as Ctrl-C and a second as "at once".
void Runner::EndInOrder(StopSignal& stop) {
  for (Child& child : children_) child.process.Signal(SIGINT);
  while (!children_.empty()) {
    if (stop.Wait(kTick) != 0) {
      for (Child& child : children_) child.process.Signal(SIGINT);
    }
    children_.remove_if([](Child& child) { return child.process.Poll().has_value(); });
  }
}

void Runner::CountRollouts() {
  for (Entry& entry : entries_) {
    const bool done = entry.state == State::kDone;
    entry.rollouts = done ? entry.plan.rollouts
                          : std::min(entry.plan.rollouts, Lines(folder_.run(entry.plan.name).metrics()));
  }
}

Progress Runner::progress() const {
  Progress progress{.runs = entries_.size(), .runs_going = children_.size()};
  for (const Entry& entry : entries_) {
    progress.runs_done += entry.state == State::kDone;
    if (entry.plan.arm < 0) continue;  // its time is pretraining's
    progress.rollouts += entry.plan.rollouts;
    progress.rollouts_done += entry.rollouts;
  }
  if (progress.rollouts_done > rollouts_before_) {
    const double each = absl::ToDoubleSeconds(absl::Now() - begun_) /
                        static_cast<double>(progress.rollouts_done - rollouts_before_);
    progress.left = absl::Seconds(each * static_cast<double>(progress.rollouts - progress.rollouts_done));
  }
  return progress;
}

absl::Status Runner::Run(StopSignal& stop, const std::function<void(const Progress&)>& shown,
                         const std::function<void(const std::string&, const Progress&)>& ended) {
  absl::Time next_count = absl::Now();
  while (true) {
    absl::Status going = LookAfterChildren(ended);
    if (going.ok()) going = BeginWhatMay();
    if (!going.ok()) {
      EndInOrder(stop);
      return going;
    }
    if (children_.empty()) return absl::OkStatus();
    if (absl::Now() >= next_count) {
      CountRollouts();
      shown(progress());
      next_count = absl::Now() + kBetweenCounts;
    }
    if (stop.Wait(kTick) == 0) continue;
    EndInOrder(stop);
    return absl::CancelledError("stopped");
  }
}

}  // namespace drover::study_command
