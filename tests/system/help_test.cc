// What --help says: every program and every command of theirs, found by walking from one help to the next, shows its usage and
// an example.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "programs/launch/process.h"
#include "tests/system/command.h"

namespace drover::system_test {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr char kExample[] = "Example: ";

// What `PROGRAM COMMAND... --help` prints.
std::string Help(const std::string& program, const Words& command) {
  const std::string output = absl::StrCat(TestFolder(), "/", program, "-", absl::StrJoin(command, "-"));
  Words argv = {Program(program)};
  argv.insert(argv.end(), command.begin(), command.end());
  argv.push_back("--help");
  auto process =
      launch::Process::Start({.name = program, .argv = argv, .environment = {}, .output_file = output});
  EXPECT_TRUE(process.ok()) << process.status();
  const auto exit = process->Wait(absl::Seconds(60));
  EXPECT_TRUE(exit.has_value() && exit->ok()) << absl::StrJoin(argv, " ");
  return ReadFile(output).value_or("");
}

// The commands that a help lists: "  NAME   what it does" under a heading ("Grading:") that is not that of flags or operands.
Words CommandsIn(const std::string& help) {
  Words commands;
  bool listed = false;
  for (const absl::string_view line : absl::StrSplit(help, '\n')) {
    if (absl::EndsWith(line, ":") && !absl::StartsWith(line, " ")) {
      listed = line != "Options:" && line != "Positionals:";
    }
    const bool item = line.size() > 2 && absl::StartsWith(line, "  ") && line[2] != ' ' && line[2] != '-';
    if (listed && item) commands.emplace_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return commands;
}

std::string ExampleIn(const std::string& help) {
  const size_t at = help.find(kExample);
  return at == help.npos ? "" : help.substr(at + sizeof(kExample) - 1);
}

// Every flag that the example gives is one that the help explains.
void ExpectExplained(const std::string& example, const std::string& help) {
  const std::string flags = help.substr(0, help.find(kExample));
  for (const absl::string_view word : absl::StrSplit(example, absl::ByAnyChar(" \n="), absl::SkipEmpty())) {
    if (absl::StartsWith(word, "--")) {
      EXPECT_THAT(flags, HasSubstr(std::string(word))) << example;
    }
  }
}

// Looks at the help of a command (none: of the program itself), then at those of the commands that it lists; all that were
// seen, as they are called.
void Walk(const std::string& program, const Words& command, Words* seen) {
  const std::string called = absl::StrJoin(command, " ");
  const std::string whole = command.empty() ? program : absl::StrCat(program, " ", called);
  SCOPED_TRACE(whole);
  seen->push_back(whole);
  const std::string help = Help(program, command);
  EXPECT_THAT(help, HasSubstr(absl::StrCat("Usage: ", whole)));
  const std::string example = ExampleIn(help);
  // What drover-model does for drover may be shown as it is called there.
  const bool own = absl::StrContains(example, whole);
  EXPECT_TRUE(own || (program == "drover-model" && absl::StrContains(example, "drover " + called)))
      << "no example of its own: \"" << example << "\"\n"
      << help;
  const Words commands = CommandsIn(help);
  if (commands.empty()) ExpectExplained(example, help);
  for (const std::string& next : commands) {
    Words longer = command;
    longer.push_back(next);
    Walk(program, longer, seen);
  }
}

TEST(HelpTest, EveryCommandHasAnExample) {
  Words seen;
  Walk("drover", {}, &seen);
  EXPECT_THAT(seen, testing::IsSupersetOf({"drover train", "drover recipe show", "drover inspect journal",
                                           "drover bench generate", "drover analyze answering",
                                           "drover data mix", "drover fetch", "drover checkpoint export"}));
  EXPECT_GT(seen.size(), 40u);
}

TEST(HelpTest, EveryProgramHasAnExample) {
  Words seen;
  for (const char* program : {"drover-learner", "drover-actor", "drover-verifier", "drover-model"}) {
    Walk(program, {}, &seen);
  }
  EXPECT_THAT(seen, testing::IsSupersetOf({"drover-actor", "drover-model serve", "drover-model bench train",
                                           "drover-model token-weights"}));
}

TEST(HelpTest, ProgramsExplainTheirFlags) {
  for (const char* program : {"drover-learner", "drover-actor", "drover-verifier"}) {
    const std::string help = Help(program, {});
    for (const char* flag : {"--recipe", "--port-file", "--log-file", "--log-level", "DROVER_"}) {
      EXPECT_THAT(help, HasSubstr(flag)) << program;
    }
  }
}

TEST(HelpTest, FindsTheCommandsOfAHelp) {
  EXPECT_THAT(
      CommandsIn("Words: that are no heading\nUsage: p [OPTIONS] SUBCOMMAND\n\nPositionals:\n  run TEXT\n"
                 "\nOptions:\n  -h,--help    Help\n  --set TEXT\n               Sets\n\nOne group:\n"
                 "  first        Does this\n\nAnother:\n  second\n               Does that\n\n"
                 "Example: p first\n"),
      testing::ElementsAre("first", "second"));
}

}  // namespace
}  // namespace drover::system_test
