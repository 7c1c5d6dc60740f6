// The processes of one run started by hand, as on a cluster: nobody looks after them, each knows nothing but addresses,
// one recipe file and its environment.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "programs/launch/process.h"
#include "programs/process/ports.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {

// A port of loopback that was free a moment ago.
int FreePort();

class ClusterTest : public ::testing::Test {
 protected:
  using Strings = std::vector<std::string>;
  using Environment = std::map<std::string, std::string>;

  void SetUp() override;
  // Writes the recipe that all processes are given: Tiny with `more`.
  std::string WriteRecipe(const std::string& name, const Settings& more);

  // `flags` come after --port-file and --log-file. It runs in /proc, where nobody can write, without HOME.
  launch::Process Start(const std::string& program, const std::string& name, const Strings& flags,
                        const Environment& environment = {});
  // At fixed addresses, so that actors find one that starts again. `more` flags.
  launch::Process StartLearner(const Strings& more = {}, int rank = 0);
  launch::Process StartVerifier(const Strings& more = {});
  launch::Process StartActor(const std::string& name, const Strings& more = {});

  // The port of its /metrics, /livez and /readyz, once it listens.
  int MetricsPort(const std::string& name);
  // Waits until /readyz answers `body`; says what it answers otherwise.
  bool Answers(const std::string& name, const std::string& path, const std::string& body);
  std::string Log(const std::string& name) const;
  bool LogSays(const std::string& name, const std::string& text);

  // How it ends within half a minute; -1 when it does not.
  static int ExitCode(launch::Process& process);
  // The same after SIGTERM.
  static int Stop(launch::Process& process);
  bool StepsReached(size_t steps);
  // Waits until actors hold leases for training.
  bool LeasesAreHeld();

  TrainingRun run_{"run"};
  std::string recipe_;
  const int learner_port_ = FreePort();
  const int verifier_port_ = FreePort();
  const int rendezvous_port_ = FreePort();
};

}  // namespace drover::system_test
