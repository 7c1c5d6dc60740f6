#include "tests/system/cluster.h"

#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "programs/launch/held_port.h"
#include "services/http/testing/client.h"
#include "tests/system/journal_view.h"

namespace drover::system_test {
namespace {

// "$0" is not used: exec keeps the process id, so that signals reach the program itself.
constexpr char kElsewhere[] = "cd /proc && unset HOME && exec \"$@\"";

}  // namespace

int FreePort() {
  const auto held = launch::HeldPort::Take();
  EXPECT_TRUE(held.ok()) << held.status();
  return held.ok() ? held->port() : 0;
}

void ClusterTest::SetUp() {
  recipe_ = WriteRecipe("recipe", {});
  ASSERT_TRUE(run_.folder().Create().ok());
}

std::string ClusterTest::WriteRecipe(const std::string& name, const Settings& more) {
  Strings arguments = {"recipe", "show", "arithmetic"};
  for (const std::string& setting : Tiny(1000) + more) {
    arguments.push_back("--set");
    arguments.push_back(setting);
  }
  const Answer shown = Drover(arguments);
  EXPECT_EQ(shown.status, 0) << shown.errors;
  const std::string path = absl::StrCat(TestFolder(), "/", name, ".textproto");
  EXPECT_TRUE(WriteFileAtomically(path, shown.output).ok());
  return path;
}

launch::Process ClusterTest::Start(const std::string& program, const std::string& name, const Strings& flags,
                                   const Environment& environment) {
  std::filesystem::remove(run_.folder().port_file(name));
  Strings argv = {"/bin/sh",
                  "-c",
                  kElsewhere,
                  "sh",
                  Program(program),
                  "--port-file",
                  run_.folder().port_file(name),
                  "--log-file",
                  run_.folder().log(name)};
  argv.insert(argv.end(), flags.begin(), flags.end());
  auto process = launch::Process::Start({.name = name,
                                         .argv = argv,
                                         .environment = environment,
                                         .output_file = run_.folder().log(name + ".out")});
  EXPECT_TRUE(process.ok()) << process.status();
  return std::move(*process);
}

launch::Process ClusterTest::StartLearner(const Strings& more, int rank) {
  Strings flags = {"--run", run_.folder().path(), "--recipe", recipe_, "--threads", "1"};
  if (rank == 0) {
    flags.push_back("--listen");
    flags.push_back(absl::StrCat("127.0.0.1:", learner_port_));
  }
  flags.insert(flags.end(), more.begin(), more.end());
  return Start("drover-learner", absl::StrCat("learner-", rank), flags,
               {{"DROVER_RANK", absl::StrCat(rank)},
                {"DROVER_RENDEZVOUS", absl::StrCat("localhost:", rendezvous_port_)},
                {"DROVER_RANK_ADDRESS", "127.0.0.1"}});
}

launch::Process ClusterTest::StartVerifier(const Strings& more) {
  Strings flags = {"--listen", absl::StrCat("0.0.0.0:", verifier_port_)};
  flags.insert(flags.end(), more.begin(), more.end());
  return Start("drover-verifier", "verifier-0", flags);
}

launch::Process ClusterTest::StartActor(const std::string& name, const Strings& more) {
  return Start("drover-actor", name, more,
               {{"DROVER_NAME", name},
                {"DROVER_LEARNER", absl::StrCat("localhost:", learner_port_)},
                {"DROVER_VERIFIER", absl::StrCat("localhost:", verifier_port_)},
                {"DROVER_THREADS", "1"},
                {"DROVER_DRAIN_SECONDS", more.empty() ? "2" : ""}});
}

int ClusterTest::MetricsPort(const std::string& name) {
  const std::string path = run_.folder().port_file(name);
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] { return process::ReadPorts(path).ok(); })) << name;
  return process::ReadPorts(path).value_or(process::Ports()).metrics;
}

bool ClusterTest::Answers(const std::string& name, const std::string& path, const std::string& body) {
  const int port = MetricsPort(name);
  std::string got;
  const bool answered = Eventually(absl::Seconds(30), [&] {
    got = http::Get(port, path).body;
    return got == body + "\n";
  });
  EXPECT_TRUE(answered) << name << " " << path << " answers: " << got;
  return answered;
}

std::string ClusterTest::Log(const std::string& name) const {
  return ReadFile(run_.folder().log(name)).value_or("");
}

bool ClusterTest::LogSays(const std::string& name, const std::string& text) {
  const bool says = Eventually(absl::Seconds(30), [&] { return Log(name).find(text) != std::string::npos; });
  EXPECT_TRUE(says) << name << " does not say '" << text << "':\n" << Log(name);
  return says;
}

int ClusterTest::ExitCode(launch::Process& process) {
  const auto exit = process.Wait(absl::Seconds(30));
  if (!exit.has_value()) return -1;
  return exit->signal != 0 ? 128 + exit->signal : exit->code;
}

int ClusterTest::Stop(launch::Process& process) {
  process.Signal(SIGTERM);
  return ExitCode(process);
}

bool ClusterTest::LeasesAreHeld() {
  return Eventually(absl::Seconds(60), [&] {
    return std::filesystem::exists(run_.folder().journal() + "/events.log") &&
           LeasesHeld(InspectJournal(run_.folder())) > 0;
  });
}

bool ClusterTest::StepsReached(size_t steps) {
  return Eventually(absl::Seconds(60), [&] { return run_.metrics().size() >= steps; });
}

}  // namespace drover::system_test
