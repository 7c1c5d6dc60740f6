#include "services/run/jsonl.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"

namespace drover::run {
namespace {

std::string Path() { return ::testing::TempDir() + "/drover_jsonl_test.jsonl"; }

TEST(JsonlTest, NumbersThatAreNotFiniteAreNull) {
  EXPECT_EQ(ToLine({{"a", std::nan("")}, {"b", 1.5}}), "{\"a\":null,\"b\":1.5}\n");
}

TEST(JsonlTest, StepsAboveAndATornLineGo) {
  ASSERT_TRUE(
      WriteFileAtomically(Path(), "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":2,\"torn").ok());
  EXPECT_EQ(KeepStepsUpTo(Path(), 2).value(), 1u);
  EXPECT_EQ(ReadFile(Path()).value(), "{\"step\":1}\n{\"step\":2}\n");
  EXPECT_EQ(KeepStepsUpTo(Path(), 0).value(), 0u);
  EXPECT_EQ(ReadFile(Path()).value(), "");
}

TEST(JsonlTest, DamageBeforeTheEndIsAnErrorWithItsLine) {
  ASSERT_TRUE(WriteFileAtomically(Path(), "{\"step\":1}\nnonsense\n{\"step\":3}\n").ok());
  const auto read = ReadJsonl(Path());
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(read.status().message().find("line 2"), absl::string_view::npos);
}

TEST(JsonlTest, WhatIsNoLineIsDroppedAndTheRestKeptWhole) {
  const std::string zeros(40, '\0');
  ASSERT_TRUE(WriteFileAtomically(Path(), "{\"step\":1}\n" + zeros + "\n{\"step\":2,\"rew{\"step\":3}\n" +
                                              "[4]\n{\"stop\":5}\n\n{\"step\":-1}\n{\"step\":6}\n" + zeros)
                  .ok());
  EXPECT_EQ(CountJsonl(Path())->records, 2u);
  EXPECT_EQ(CountJsonl(Path())->broken, 7u);
  EXPECT_EQ(KeepStepsUpTo(Path(), 9).value(), 7u);
  EXPECT_EQ(ReadFile(Path()).value(), "{\"step\":1}\n{\"step\":6}\n");
  EXPECT_EQ(KeepStepsUpTo(Path(), 9).value(), 0u);
}

TEST(JsonlTest, ALastLineWithoutItsEndGetsOne) {
  ASSERT_TRUE(WriteFileAtomically(Path(), "{\"step\":1}\n{\"step\":2}").ok());
  EXPECT_EQ(KeepStepsUpTo(Path(), 2).value(), 0u);
  EXPECT_EQ(ReadFile(Path()).value(), "{\"step\":1}\n{\"step\":2}\n");
}

TEST(JsonlTest, AMissingFileIsEmpty) {
  std::filesystem::remove(Path());
  EXPECT_TRUE(ReadJsonl(Path()).value().empty());
  EXPECT_TRUE(KeepStepsUpTo(Path(), 5).ok());
}

}  // namespace
}  // namespace drover::run
