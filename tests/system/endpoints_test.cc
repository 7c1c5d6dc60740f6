// What an operator sees of the processes of a run: metrics, liveness, readiness, gRPC health.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "programs/process/ports.h"
#include "services/http/testing/client.h"
#include "services/rpc/channel.h"
#include "services/rpc/testing/health.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

process::Ports PortsOf(const TrainingRun& run, const std::string& process) {
  const auto ports = process::ReadPorts(run.folder().port_file(process));
  EXPECT_TRUE(ports.ok()) << ports.status();
  return ports.value_or(process::Ports());
}

// The names that docs/reference/metrics.md lists under "## PROGRAM".
std::vector<std::string> DocumentedMetrics(const std::string& program) {
  const auto page = ReadFile("docs/reference/metrics.md");
  EXPECT_TRUE(page.ok()) << page.status();
  std::istringstream lines(page.value_or(""));
  std::vector<std::string> names;
  bool here = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("## ", 0) == 0) here = line == "## " + program;
    if (here && line.rfind("| `", 0) == 0) names.push_back(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_GT(names.size(), 5u) << program;
  return names;
}

void ExpectMetrics(int port, const std::string& program) {
  const http::Answer answer = http::Get(port, "/metrics");
  ASSERT_EQ(answer.code, 200);
  for (const std::string& section : {program, std::string("every process")}) {
    for (const std::string& name : DocumentedMetrics(section)) {
      EXPECT_NE(answer.body.find("# TYPE " + name + " "), std::string::npos) << program << ": " << name;
    }
  }
  EXPECT_NE(answer.body.find("drover_build_info{process=\"" + program + "\""), std::string::npos) << program;
}

// The value of a metric; `name` with its labels, when it has some.
double ValueOf(int port, const std::string& name) {
  const std::string body = "\n" + http::Get(port, "/metrics").body;
  const size_t at = body.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::atof(body.c_str() + at + name.size() + 2);
}

TEST(EndpointsTest, EveryProcessTellsHowItIs) {
  TrainingRun run("run");
  run.Start(Tiny(1000) + Settings{"evaluation.wait=true"});  // so that some time goes into evaluating
  ASSERT_TRUE(run.WaitForSteps(3));
  const process::Ports learner = PortsOf(run, "learner-0"), actor = PortsOf(run, "actor-0"),
                       verifier = PortsOf(run, "verifier-0");
  ExpectMetrics(learner.metrics, "drover-learner");
  ExpectMetrics(actor.metrics, "drover-actor");
  ExpectMetrics(verifier.metrics, "drover-verifier");
  for (const process::Ports& ports : {learner, actor, verifier}) {
    EXPECT_EQ(http::Get(ports.metrics, "/livez").code, 200);
    EXPECT_EQ(http::Get(ports.metrics, "/readyz").code, 200);
    EXPECT_EQ(http::Get(ports.metrics, "/nothing").code, 404);
    if (ports.grpc != 0) {
      EXPECT_EQ(rpc::CheckHealth(rpc::MakeChannel(absl::StrCat("127.0.0.1:", ports.grpc))),
                rpc::Health::kServing);
    }
  }
  EXPECT_GE(ValueOf(learner.metrics, "drover_learner_weight_version"), 3);
  EXPECT_GT(ValueOf(actor.metrics, "drover_actor_generated_tokens_total"), 0);
  EXPECT_EQ(ValueOf(learner.metrics, "drover_learner_ready"), 1);
  EXPECT_EQ(ValueOf(learner.metrics, "drover_learner_target_rollouts"), 1000);
  EXPECT_EQ(ValueOf(learner.metrics, "drover_experience_rollout_needed_groups"), 8);
  for (const char* activity :
       {"pretraining", "waiting", "training", "publishing", "evaluating", "checkpointing"}) {
    EXPECT_GT(ValueOf(learner.metrics,
                      absl::StrCat("drover_learner_activity_seconds_total{activity=\"", activity, "\"}")),
              0)
        << activity;
  }
  EXPECT_GT(ValueOf(learner.metrics, "drover_learner_progress_timestamp_seconds"), 1.6e9);
  EXPECT_GT(ValueOf(learner.metrics, "drover_weights_version_bytes"), 0);
  EXPECT_GT(ValueOf(learner.metrics, "drover_experience_submissions_total{outcome=\"accepted\"}"), 0);
  EXPECT_EQ(ValueOf(actor.metrics, "drover_actor_learner_up"), 1);
  EXPECT_GT(ValueOf(actor.metrics, "drover_actor_group_timestamp_seconds"), 1.6e9);
  EXPECT_GT(ValueOf(actor.metrics, "drover_actor_idle_seconds_total"), 0);
  EXPECT_GT(learner.grpc, 0);
  EXPECT_GT(verifier.grpc, 0);
  run.command().Signal(SIGINT);
  EXPECT_EQ(run.Wait(), 130);
}

TEST(EndpointsTest, TheCommandLineLinksNoLibTorch) {
  const auto program = ReadFile(Program("drover"));
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(program->find("libtorch_cpu.so"), std::string::npos);
  EXPECT_NE(ReadFile(Program("drover-learner"))->find("libtorch_cpu.so"), std::string::npos);
}

}  // namespace
}  // namespace drover::system_test
