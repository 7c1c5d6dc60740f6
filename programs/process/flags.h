// The flags that the long-running programs have in common, and how any flag also comes from the environment.
#pragma once

#include <CLI/CLI.hpp>
#include <cctype>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace drover::process {

// "--metrics-listen" may also be given as DROVER_METRICS_LISTEN.
std::string EnvironmentName(std::string_view flag);

// Adds option `name` ("--metrics-listen") for `value`, whose present value is the default that --help shows.
template <typename T>
CLI::Option* AddFlag(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  return app.add_option(name, value, help)->envname(EnvironmentName(name))->capture_default_str();
}

struct CommonFlags {
  std::string metrics_listen = "127.0.0.1:0";
  std::string port_file;
  std::string log_file;
  std::string log_level = "info";
  double live_seconds = 600;  // silence of a loop after which /livez says that it is stuck
};
void AddCommonFlags(CLI::App& app, CommonFlags& flags);

// True to go on; false to end with *exit_code: 0 after --help, 2 for flags that are wrong (said on standard error).
bool Parse(CLI::App& app, int argc, char** argv, int* exit_code);

// Sets up the log of `process` ("actor-0"), which protobuf's own messages go to as well, one in ten seconds at most.
absl::Status StartLog(const CommonFlags& flags, const std::string& process);

// Says in the log why the process ends; its exit status: 0 when OK, kExitConfiguration for an error of the
// configuration's kind (INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, UNIMPLEMENTED), else kExitTryAgain.
int Conclude(const absl::Status& status);

// Writes the port file, unless it is not asked for. `grpc_port` 0: the process serves no gRPC.
absl::Status WritePortFile(const CommonFlags& flags, int grpc_port, int metrics_port);

}  // namespace drover::process
