#include "services/page/run_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/testing/memory_file_system.h"

namespace drover::page {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

class RunDataTest : public ::testing::Test {
 protected:
  RunDataTest() { EXPECT_TRUE(MakeFolders("/runs/one", &files_).ok()); }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically("/runs/one/" + name, text, &files_).ok());
  }
  absl::StatusOr<Json> Read(const RunLimits& limits = {}) {
    return ReadRun(run::RunFolder("/runs/one", &files_), limits);
  }
  testing::MemoryFileSystem files_;
};

TEST_F(RunDataTest, EverythingOfARun) {
  Write("recipe.textproto", "name: \"n\" run { seed: 3 } data { stop: \"a\" stop: \"b\" }");
  Write("metrics.jsonl", "{\"step\":1,\"reward\":0.5}\n{\"step\":2,\"reward\":0.75}\n{\"step\":3,\"rew");
  Write("evaluations.jsonl", "{\"step\":0,\"accuracy\":0.25,\"accuracy_interval\":[0.1,0.4]}\n");
  Write("samples.jsonl", "{\"step\":1,\"prompt\":\"q\",\"responses\":[]}\n");
  Write("summary.json", "{\"steps\":2}");
  const auto run = Read();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(
      run->dump(),
      R"({"name":"one","recipe":{"run.seed":"3","data.stop[0]":"\"a\"","data.stop[1]":"\"b\"","name":"\"n\""},)"
      R"("summary":{"steps":2},"metrics":{"step":[1,2],"reward":[0.5,0.75]},)"
      R"("evaluations":{"step":[0],"accuracy":[0.25],"accuracy_interval_low":[0.1],"accuracy_interval_high":[0.4]},)"
      R"("samples":[{"step":1,"prompt":"q","responses":[]}],"notes":[]})");
}

TEST_F(RunDataTest, ARunThatHasOnlyBegun) {
  Write("recipe.textproto", "name: \"n\" a_field_of_the_future { x: 1 }");
  const auto run = Read();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)["recipe"], Json({{"name", "\"n\""}}));
  EXPECT_EQ((*run)["metrics"], Json::object());
}

TEST_F(RunDataTest, SaysWhatWasLeftOut) {
  std::string metrics, samples;
  for (int step = 1; step <= 50; ++step) {
    absl::StrAppend(&metrics, "{\"step\":", step, "}\n");
    absl::StrAppend(&samples, "{\"step\":", step, ",\"responses\":[{\"text\":\"", std::string(1000, 'x'),
                    "\"}]}\n");
  }
  Write("metrics.jsonl", metrics);
  Write("samples.jsonl", samples);
  RunLimits limits;
  limits.max_points = 20;
  limits.samples.max_bytes = 10000;
  limits.samples.max_text_bytes = 500;
  const auto run = Read(limits);
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ((*run)["notes"].size(), 3U);
  EXPECT_THAT((*run)["notes"][0].get<std::string>(), HasSubstr("Of 50 steps one of every 4"));
  EXPECT_THAT((*run)["notes"][1].get<std::string>(), HasSubstr("Of 50 sampled groups"));
}

TEST_F(RunDataTest, WrongFoldersAreNamed) {
  EXPECT_EQ(Read().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadRun(run::RunFolder("/runs/none", &files_), {}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RunDataTest, WhatACrashLeftIsPassedOverAndTold) {
  Write("metrics.jsonl", "{\"step\":1}\n{\"step\":\n" + std::string(100, '\0') + "\n{\"step\":2}\n");
  const auto run = Read();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)["metrics"], Json({{"step", {1, 2}}}));
  EXPECT_EQ((*run)["notes"], Json::array({"2 lines of the steps are no JSON object and passed over."}));
}

}  // namespace
}  // namespace drover::page
