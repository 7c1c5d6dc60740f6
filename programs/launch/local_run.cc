#include "programs/launch/local_run.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "base/threads.h"
#include "programs/launch/held_port.h"
#include "programs/launch/last_words.h"
#include "programs/process/exit_status.h"
#include "programs/process/ports.h"

namespace drover::launch {
namespace {

constexpr int kMaxDeathsInARow = 5;
constexpr char kStartedAgain[] = "it is started again";
// Here actors are told to stop when the learner has ended: there is nobody left to hand anything to.
constexpr char kActorDrainSeconds[] = "1";
constexpr absl::Duration kYoung = absl::Seconds(10);  // a death before this age counts as 'in a row'
constexpr absl::Duration kOrderlyEnd =
    absl::Seconds(20);  // for actors and verifiers once the learner has ended

// Among an actor's processes: an end in disorder says more than one in order, which another's may have caused, and a wrong
// configuration most; else the first one counts.
int Weight(const Exit& exit) {
  if (exit.code == process::kExitConfiguration) return 2;
  return exit.ok() ? 0 : 1;
}

}  // namespace

// How a child ended, and what is told of it.
struct LocalRun::Ending {
  Exit exit;
  std::string story;
};

struct LocalRun::Child {
  enum class Role { kLearner, kActor, kVerifier };
  Role role;
  std::string name;
  std::vector<std::string> argv;
  std::optional<Process> process;
  std::optional<process::Ports> ports;  // once its port file is there
  absl::Time started;
  int deaths_in_a_row = 0;
  std::optional<absl::Time> restart_at;
  // After an end in order: said when it is started again, since at the run's end all end so.
  std::string farewell;
  bool ended = false;  // for good
  // An actor's processes but this one, which is its rank 0: they begin and end together.
  std::vector<std::unique_ptr<Child>> other_ranks;
  std::optional<HeldPort> rendezvous;  // of them
  // Since the start, of them and of this one: those that were looked at, the one that counts, and when the first came.
  std::vector<const Child*> ended_ranks;
  std::optional<Ending> ending;
  absl::Time first_ended;
};

LocalRun::LocalRun(LocalRunOptions options)
    : options_(std::move(options)), learner_alone_(!options_.recipe.sft().train().empty()) {}
LocalRun::~LocalRun() = default;

int LocalRun::Threads(uint32_t processes) const {
  if (options_.recipe.run().threads() > 0) return static_cast<int>(options_.recipe.run().threads());
  return std::max(1, Cores() / std::max(1, static_cast<int>(processes)));
}

std::vector<std::string> LocalRun::CommonFlags(const std::string& name) const {
  return {"--recipe",    options_.recipe_file, "--log-file",  options_.folder.log(name),
          "--log-level", options_.log_level,   "--port-file", options_.folder.port_file(name)};
}

absl::Status LocalRun::StartChild(Child& child) {
  std::error_code ignored;
  std::filesystem::remove(options_.folder.port_file(child.name), ignored);
  ProcessOptions process = {.name = child.name,
                            .argv = child.argv,
                            .environment = PatientThreads(),
                            .output_file = options_.folder.log(child.name + ".out")};
  ASSIGN_OR_RETURN(child.process, Process::Start(process));
  child.started = absl::Now();
  child.restart_at.reset();
  child.ended_ranks.clear();
  child.ending.reset();
  for (const auto& rank : child.other_ranks) RETURN_IF_ERROR(StartChild(*rank));
  return absl::OkStatus();
}

absl::Status LocalRun::StartVerifiers() {
  if (!options_.recipe.verifiers().addresses().empty()) return absl::OkStatus();  // others run them
  for (uint32_t i = 0; i < options_.recipe.verifiers().count(); ++i) {
    auto child = std::make_unique<Child>();
    child->role = Child::Role::kVerifier;
    child->name = absl::StrCat("verifier-", i);
    child->argv = {options_.programs + "/drover-verifier", "--listen", "127.0.0.1:0", "--metrics-listen",
                   "127.0.0.1:0"};
    for (std::string& flag : CommonFlags(child->name)) child->argv.push_back(std::move(flag));
    RETURN_IF_ERROR(StartChild(*child));
    children_.push_back(std::move(child));
  }
  return absl::OkStatus();
}

absl::Status LocalRun::StartLearner() {
  const uint32_t ranks = options_.recipe.learner().ranks();
  ASSIGN_OR_RETURN(HeldPort rendezvous, HeldPort::Take());
  rendezvous_.emplace(std::move(rendezvous));
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    auto child = std::make_unique<Child>();
    child->role = Child::Role::kLearner;
    child->name = absl::StrCat("learner-", rank);
    child->argv = {options_.programs + "/drover-learner",
                   "--run",
                   options_.folder.path(),
                   "--rank",
                   absl::StrCat(rank),
                   "--rendezvous",
                   absl::StrCat("127.0.0.1:", rendezvous_->port()),
                   "--threads",
                   absl::StrCat(Threads(ranks)),
                   "--rank-address",
                   "127.0.0.1",
                   "--started",
                   absl::StrFormat("%.3f", absl::ToDoubleSeconds(options_.started - absl::UnixEpoch())),
                   "--listen",
                   "127.0.0.1:0",
                   "--metrics-listen",
                   "127.0.0.1:0"};
    for (std::string& flag : CommonFlags(child->name)) child->argv.push_back(std::move(flag));
    RETURN_IF_ERROR(StartChild(*child));
    children_.push_back(std::move(child));
  }
  return absl::OkStatus();
}

absl::Status LocalRun::Start() {
  if (!learner_alone_) RETURN_IF_ERROR(StartVerifiers());
  return StartLearner();
}

absl::Status LocalRun::StartActorsWhenPossible() {
  if (learner_alone_ || actors_started_ || stopping_) return absl::OkStatus();
  const auto& running = options_.recipe.verifiers().addresses();
  std::vector<std::string> verifiers(running.begin(), running.end());
  std::string learner;
  for (const auto& child : children_) {
    if (!child->ports.has_value()) {
      if (child->role == Child::Role::kVerifier || child->name == "learner-0") return absl::OkStatus();
      continue;
    }
    const std::string address = absl::StrCat("127.0.0.1:", child->ports->grpc);
    if (child->role == Child::Role::kVerifier) verifiers.push_back(address);
    if (child->name == "learner-0") learner = address;
  }
  actors_started_ = true;
  for (uint32_t i = 0; i < options_.recipe.actors().count(); ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<Child> child, MakeActor(i, learner, absl::StrJoin(verifiers, ",")));
    RETURN_IF_ERROR(StartChild(*child));
    children_.push_back(std::move(child));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<LocalRun::Child>> LocalRun::MakeActor(uint32_t index,
                                                                     const std::string& learner,
                                                                     const std::string& verifiers) {
  const uint32_t ranks = std::max<uint32_t>(1, options_.recipe.actors().tensor_parallel());
  const auto make = [&](const std::string& name, uint32_t rank) {
    auto child = std::make_unique<Child>();
    child->role = Child::Role::kActor;
    child->name = name;
    child->argv = {options_.programs + "/drover-actor",
                   "--name",
                   name,
                   "--learner",
                   learner,
                   "--verifier",
                   verifiers,
                   "--threads",
                   absl::StrCat(Threads(options_.recipe.actors().count() * ranks)),
                   "--place",
                   absl::StrCat(index * ranks + rank),
                   "--drain-seconds",
                   kActorDrainSeconds,
                   "--metrics-listen",
                   "127.0.0.1:0"};
    for (std::string& flag : CommonFlags(name)) child->argv.push_back(std::move(flag));
    return child;
  };
  std::unique_ptr<Child> actor = make(absl::StrCat("actor-", index), 0);
  if (ranks == 1) return actor;
  ASSIGN_OR_RETURN(HeldPort rendezvous, HeldPort::Take());
  actor->rendezvous.emplace(std::move(rendezvous));
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    if (rank > 0) actor->other_ranks.push_back(make(absl::StrCat("actor-", index, "-rank-", rank), rank));
    Child& child = rank == 0 ? *actor : *actor->other_ranks.back();
    for (const std::string& flag :
         {std::string("--rank"), absl::StrCat(rank), std::string("--ranks"), absl::StrCat(ranks),
          std::string("--rendezvous"), absl::StrCat("127.0.0.1:", actor->rendezvous->port()),
          std::string("--rank-address"), std::string("127.0.0.1"), std::string("--device"),
          options_.recipe.run().device()}) {
      child.argv.push_back(flag);
    }
  }
  return actor;
}

std::string LocalRun::Story(const Child& child, const Exit& exit) const {
  std::string words = LastWords(options_.folder.log(child.name), options_.folder.log(child.name + ".out"));
  std::error_code ignored;
  if (!std::filesystem::exists(options_.folder.path(), ignored)) {
    words = absl::StrCat("  (", options_.folder.path(), " is gone: somebody removed the run folder)\n");
  } else if (words.empty()) {
    words = "  (nothing)\n";
  }
  return absl::StrCat(child.name, " ", exit.ToString(), "; its last words:\n", words);
}

void LocalRun::Fail(std::string why) {
  if (outcome_ == RunOutcome::kFailed) return;
  outcome_ = RunOutcome::kFailed;
  failure_ = std::move(why);
  Kill();
}

void LocalRun::LookAfterLearner(Child& child) {
  const std::optional<Exit> exit = child.process->Poll();
  if (!exit.has_value()) return;
  // Our own signal, before it could handle any: it had not begun.
  const bool stopped_early = stopping_ && exit->signal == SIGTERM;
  if (stopped_early || (exit->signal == 0 && (exit->code == 0 || exit->code == process::kExitStopped))) {
    if (child.name == "learner-0") {
      outcome_ = exit->ok() ? RunOutcome::kDone : RunOutcome::kStopped;
      EndOthers();
    }
    return;
  }
  Fail(Story(child, *exit));
}

// A verifier that starts again must be found at the address that the actors know.
void KeepAddress(std::vector<std::string>& argv, const process::Ports& ports) {
  for (size_t i = 0; i + 1 < argv.size(); ++i) {
    if (argv[i] == "--listen") argv[i + 1] = absl::StrCat("127.0.0.1:", ports.grpc);
  }
}

void LocalRun::StartAgain(Child& child) {
  if (absl::Now() < *child.restart_at) return;
  std::error_code ignored;
  const bool run_over = std::filesystem::exists(options_.folder.summary(), ignored);
  if (stopping_ || (!child.farewell.empty() && run_over)) {
    child.ended = true;
    child.restart_at.reset();
    return;
  }
  if (!child.farewell.empty()) messages_.push_back(std::exchange(child.farewell, "") + kStartedAgain);
  if (absl::Status started = StartChild(child); !started.ok()) Fail(std::string(started.message()));
}

void LocalRun::NoteEnding(Child& child, const Child& rank, const Exit& exit) {
  if (std::find(child.ended_ranks.begin(), child.ended_ranks.end(), &rank) != child.ended_ranks.end()) return;
  if (child.ended_ranks.empty()) child.first_ended = absl::Now();
  child.ended_ranks.push_back(&rank);
  if (child.ending.has_value() && Weight(exit) <= Weight(child.ending->exit)) return;
  child.ending = Ending{exit, Story(rank, exit)};
}

// Once it has ended with all its other ranks. The first that ends is missed by the others, which then end; those that do not
// hear it, as while they wait for it to join, are killed after a while, or at once where starting again would not help.
std::optional<LocalRun::Ending> LocalRun::EndOf(Child& child) {
  std::vector<Child*> running;
  const auto look = [&](Child& one) {
    const std::optional<Exit> exit = one.process->Poll();
    if (!exit.has_value()) {
      running.push_back(&one);
    } else {
      NoteEnding(child, one, *exit);
    }
  };
  look(child);
  for (const auto& rank : child.other_ranks) look(*rank);
  if (running.empty()) return child.ending;
  if (!child.ending.has_value()) return std::nullopt;
  const bool hopeless = child.ending->exit.code == process::kExitConfiguration;
  if (hopeless || absl::Now() >= child.first_ended + options_.until_missed) {
    for (Child* one : running) one->process->Signal(SIGKILL);
  }
  return std::nullopt;
}

void LocalRun::LookAfter(Child& child) {
  if (child.restart_at.has_value()) return StartAgain(child);
  std::optional<Ending> ending = EndOf(child);
  if (!ending.has_value() || stopping_ || child.ended) return;
  child.deaths_in_a_row = child.first_ended - child.started < kYoung ? child.deaths_in_a_row + 1 : 1;
  const Exit* const exit = &ending->exit;
  std::string story = std::move(ending->story);
  if (exit->code == process::kExitConfiguration || child.deaths_in_a_row >= kMaxDeathsInARow)
    return Fail(std::move(story));
  const absl::Duration pause = absl::Milliseconds(250) * (1 << child.deaths_in_a_row);
  child.restart_at = absl::Now() + pause;
  if (child.ports.has_value() && child.role == Child::Role::kVerifier) KeepAddress(child.argv, *child.ports);
  if (exit->ok()) {
    child.farewell = std::move(story);
  } else {
    messages_.push_back(story + kStartedAgain);
  }
}

RunOutcome LocalRun::Poll() {
  if (outcome_ != RunOutcome::kRunning) return outcome_;
  for (const auto& child : children_) {
    if (!child->ports.has_value()) {
      if (auto ports = process::ReadPorts(options_.folder.port_file(child->name)); ports.ok())
        child->ports = *ports;
      if (child->name == "learner-0" && child->ports.has_value()) {
        learner_port_ = child->ports->grpc;
        page_port_ = child->ports->metrics;
      }
    }
    if (child->role == Child::Role::kLearner) {
      LookAfterLearner(*child);
    } else {
      LookAfter(*child);
    }
    if (outcome_ != RunOutcome::kRunning) return outcome_;
  }
  if (absl::Status started = StartActorsWhenPossible(); !started.ok()) Fail(std::string(started.message()));
  return outcome_;
}

std::vector<std::string> LocalRun::TakeMessages() { return std::exchange(messages_, {}); }

void LocalRun::StopInOrder() {
  stopping_ = true;
  for (const auto& child : children_) {
    if (child->role == Child::Role::kLearner && child->process.has_value()) child->process->Signal(SIGTERM);
  }
}

template <typename Action>
void LocalRun::ForEachProcess(const Action& action) {
  for (const auto& child : children_) {
    if (child->process.has_value()) action(*child->process);
    for (const auto& rank : child->other_ranks) {
      if (rank->process.has_value()) action(*rank->process);
    }
  }
}

void LocalRun::EndOthers() {
  ForEachProcess([](Process& process) { process.Signal(SIGTERM); });
  const absl::Time deadline = absl::Now() + kOrderlyEnd;
  ForEachProcess([&](Process& process) {
    if (!process.Wait(deadline - absl::Now()).has_value()) process.Signal(SIGKILL);
  });
}

void LocalRun::Kill() {
  ForEachProcess([](Process& process) { process.Signal(SIGKILL); });
  ForEachProcess([](Process& process) { process.Wait(absl::Seconds(5)); });
}

}  // namespace drover::launch
