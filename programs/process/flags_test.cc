#include "programs/process/flags.h"

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "programs/process/exit_status.h"

namespace drover::process {
namespace {

struct Parsed {
  CommonFlags flags;
  bool go_on = false;
  int exit_code = -1;
};

Parsed ParseArguments(std::vector<std::string> arguments) {
  Parsed parsed;
  CLI::App app{"a program", "program"};
  AddCommonFlags(app, parsed.flags);
  arguments.insert(arguments.begin(), "program");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  parsed.go_on = Parse(app, static_cast<int>(argv.size()), argv.data(), &parsed.exit_code);
  testing::internal::GetCapturedStderr();
  testing::internal::GetCapturedStdout();
  return parsed;
}

TEST(FlagsTest, EveryFlagHasAnEnvironmentVariable) {
  EXPECT_EQ(EnvironmentName("--metrics-listen"), "DROVER_METRICS_LISTEN");
  ::setenv("DROVER_LOG_LEVEL", "debug", 1);
  ::setenv("DROVER_LIVE_SECONDS", "7", 1);
  const Parsed parsed = ParseArguments({});
  EXPECT_TRUE(parsed.go_on);
  EXPECT_EQ(parsed.flags.log_level, "debug");
  EXPECT_EQ(parsed.flags.live_seconds, 7);
  EXPECT_EQ(ParseArguments({"--log-level", "error"}).flags.log_level, "error") << "the flag wins";
  ::unsetenv("DROVER_LOG_LEVEL");
  ::setenv("DROVER_LIVE_SECONDS", "soon", 1);
  const Parsed wrong = ParseArguments({});
  EXPECT_FALSE(wrong.go_on);
  EXPECT_EQ(wrong.exit_code, kExitConfiguration) << "as for a flag";
  ::unsetenv("DROVER_LIVE_SECONDS");
}

TEST(FlagsTest, HelpIsStatusZeroAndAnUnknownFlagTwo) {
  EXPECT_EQ(ParseArguments({"--help"}).exit_code, 0);
  EXPECT_EQ(ParseArguments({"--no-such-flag"}).exit_code, kExitConfiguration);
}

TEST(FlagsTest, WhatProtobufSaysGoesToTheLogAndNoPeerFillsIt) {
  CommonFlags flags;
  flags.log_file = testing::TempDir() + "drover_flags_test.log";
  std::remove(flags.log_file.c_str());
  ASSERT_TRUE(StartLog(flags, "test").ok());
  testing::internal::CaptureStderr();
  google::protobuf::StringValue text;
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(text.ParseFromString("\x0a\x02\xff\xff"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  const std::string logged = ReadFile(flags.log_file).value_or("");
  EXPECT_THAT(logged, testing::HasSubstr("UTF-8"));
  EXPECT_LE(std::count(logged.begin(), logged.end(), '\n'), 2);
}

TEST(FlagsTest, StatusesSayWhetherToTryAgain) {
  EXPECT_EQ(Conclude(absl::OkStatus()), kExitDone);
  EXPECT_EQ(Conclude(absl::InvalidArgumentError("a flag")), kExitConfiguration);
  EXPECT_EQ(Conclude(absl::FailedPreconditionError("no GPU")), kExitConfiguration);
  EXPECT_EQ(Conclude(absl::UnavailableError("a peer is away")), kExitTryAgain);
  EXPECT_EQ(Conclude(absl::DataLossError("a torn file")), kExitTryAgain);
}

}  // namespace
}  // namespace drover::process
