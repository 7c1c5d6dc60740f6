#include "programs/drover/overview.h"

#include <CLI/CLI.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(OverviewTest, GroupsInTheOrderOfTheirCommands) {
  CLI::App app;
  app.add_subcommand("train", "Train a model");
  app.add_subcommand("grade", "Grade answers");
  app.add_subcommand("recipes", "List the recipes");
  app.add_subcommand("new", "Not described yet");
  Describe(app);
  const std::string text = Overview(app);
  EXPECT_THAT(text, StartsWith("Training:\n"
                               "  train    Train a model\n"
                               "             Example: drover train --recipe arithmetic --set run.steps=20\n"
                               "  recipes  List the recipes\n"
                               "             Example: drover recipes\n"
                               "\nGrading:\n"
                               "  grade    Grade answers\n"));
  EXPECT_THAT(text, HasSubstr("  new      Not described yet\n"));
}

}  // namespace
}  // namespace drover::cli
