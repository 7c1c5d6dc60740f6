#include "programs/drover/analyze/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/testing/temp_folder.h"

namespace drover::cli::analyze {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Names(const AnalyzeOptions& options) {
  const auto models = ModelsOf(options);
  EXPECT_TRUE(models.ok()) << models.status();
  std::vector<std::string> names;
  for (const NamedModel& model : models.value_or(std::vector<NamedModel>())) names.push_back(model.name);
  return names;
}

std::string Error(const AnalyzeOptions& options) {
  const absl::Status status = ModelsOf(options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

AnalyzeOptions Folders(const std::vector<std::string>& folders) {
  AnalyzeOptions options;
  options.folders = folders;
  return options;
}

TEST(ModelsTest, SnapshotsOfHuggingFacesCacheHaveTheirModelsNames) {
  const std::string hub = "/hub/models--";
  EXPECT_THAT(
      Names(Folders({hub + "Qwen--Qwen2.5-1.5B/snapshots/8faed761", hub + "gpt2/snapshots/607a30d7"})),
      ElementsAre("Qwen2.5-1.5B", "gpt2"));
  EXPECT_THAT(Names(Folders({hub + "gpt2/snapshots/607a30d7", hub + "gpt2/snapshots/11c5a3d5"})),
              ElementsAre("607a30d7/gpt2", "11c5a3d5/gpt2"));
}

TEST(ModelsTest, TheLastPartOfAPathIsAName) {
  EXPECT_THAT(Names(Folders({"/m/smollm2/", "qwen"})), ElementsAre("smollm2", "qwen"));
  const auto models = ModelsOf(Folders({"/m/smollm2/", "qwen"}));
  EXPECT_EQ((*models)[0].folder, "models/smollm2");
  EXPECT_EQ((*models)[0].model.folder, "/m/smollm2/");
  EXPECT_EQ((*models)[1].model.folder, "qwen");
}

TEST(ModelsTest, EqualNamesAreToldApartByTheirPaths) {
  EXPECT_THAT(Names(Folders({"/runs/a/checkpoints/step-10", "/runs/b/checkpoints/step-10",
                             "/runs/b/checkpoints/step-20"})),
              ElementsAre("a/checkpoints/step-10", "b/checkpoints/step-10", "step-20"));
  // One path is the end of the other.
  EXPECT_THAT(Names(Folders({"/m/x", "/n/m/x"})), ElementsAre("m/x", "n/m/x"));
  EXPECT_EQ(ModelsOf(Folders({"/m/x", "/n/x"})).value()[1].folder, "models/n__x");
}

TEST(ModelsTest, AServedModelIsOneMore) {
  AnalyzeOptions options = Folders({"/m/base"});
  options.model.endpoint = "http://127.0.0.1:8000/v1";
  options.model.endpoint_model = "org/tuned";
  options.model.dtype = "bfloat16";
  EXPECT_THAT(Names(options), ElementsAre("base", "tuned"));
  const auto models = ModelsOf(options).value();
  EXPECT_EQ(models[0].model.endpoint, "");
  EXPECT_EQ(models[0].model.dtype, "bfloat16");
  EXPECT_EQ(models[1].model.folder, "");
  EXPECT_EQ(models[1].model.endpoint_model, "org/tuned");
  options.model.endpoint_model = "base";
  EXPECT_THAT(Names(options), ElementsAre("m/base", "127.0.0.1:8000/base"));
  options.folders.clear();
  EXPECT_THAT(Names(options), ElementsAre("base"));
}

TEST(ModelsTest, FoldersAreNamesOnAnyFileSystem) {
  AnalyzeOptions options = Folders({"/m/a b&c"});
  options.model.endpoint = "http://host";
  options.model.endpoint_model = "..";
  const auto models = ModelsOf(options).value();
  EXPECT_EQ(models[0].folder, "models/a_b_c");
  EXPECT_EQ(models[1].folder, "models/_..");
  EXPECT_THAT(Error(Folders({"/m/a b", "/m/a_b"})),
              HasSubstr("the models a b and a_b would be kept in the same folder"));
}

TEST(ModelsTest, WhatCannotBeCompared) {
  EXPECT_THAT(Error({}), HasSubstr("give --model DIR, or --endpoint URL"));
  EXPECT_EQ(Error(Folders({"/m/x", "/m/x"})), "--model /m/x is given twice");
  std::vector<std::string> many;
  for (size_t i = 0; i <= kMostModels; ++i) many.push_back(absl::StrCat("/m/", i));
  EXPECT_EQ(Error(Folders(many)), "9 models are given; one analysis compares at most 8");
  many.pop_back();
  EXPECT_EQ(Names(Folders(many)).size(), kMostModels);
  AnalyzeOptions options = Folders({"/m/x", "/m/y"});
  options.model.endpoint = "http://host";
  EXPECT_THAT(Error(options), HasSubstr("needs --endpoint-model NAME"));
}

TEST(ModelsTest, LinksToOneFolderAreOneModel) {
  const testing::TempFolder folder;
  const std::string real = folder.path() + "/real", link = folder.path() + "/link";
  std::filesystem::create_directory(real);
  std::filesystem::create_directory_symlink(real, link);
  EXPECT_EQ(Error(Folders({real, link})),
            absl::StrCat("--model ", real, " and --model ", link, " are the same folder"));
  EXPECT_EQ(Error(Folders({real, real + "/"})),
            absl::StrCat("--model ", real, " and --model ", real, "/ are the same folder"));
}

}  // namespace
}  // namespace drover::cli::analyze
