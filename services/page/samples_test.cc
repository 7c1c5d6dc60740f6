#include "services/page/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/testing/memory_file_system.h"

namespace drover::page {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::ordered_json;

std::string Group(int step, const std::string& text) {
  return Json({{"step", step},
               {"prompt", "p"},
               {"responses", Json::array({{{"text", text}, {"reward", 1.0}}})}})
             .dump() +
         "\n";
}

std::vector<int> Steps(const Samples& samples) {
  std::vector<int> steps;
  for (const Json& group : samples.groups) steps.push_back(group["step"]);
  return steps;
}

TEST(SpreadOrder, TakesEachOnceFromTheEndsInwards) {
  EXPECT_THAT(SpreadOrder(0), ElementsAre());
  EXPECT_THAT(SpreadOrder(1), ElementsAre(0U));
  EXPECT_THAT(SpreadOrder(5), ElementsAre(4U, 0U, 2U, 1U, 3U));
  std::vector<size_t> order = SpreadOrder(1000);
  std::sort(order.begin(), order.end());
  ASSERT_EQ(order.size(), 1000U);
  for (size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i);
}

class ChooseSamplesTest : public ::testing::Test {
 protected:
  Samples Choose(const std::string& text, const SampleLimits& limits = {}) {
    EXPECT_TRUE(WriteFileAtomically("/s", text, &files_).ok());
    const auto samples = ChooseSamples(&files_, "/s", limits);
    EXPECT_TRUE(samples.ok()) << samples.status();
    return samples.value_or(Samples());
  }
  testing::MemoryFileSystem files_;
};

TEST_F(ChooseSamplesTest, AllWhereTheyFit) {
  const Samples samples = Choose(Group(1, "a") + Group(1, "b") + Group(2, "c"));
  EXPECT_THAT(Steps(samples), ElementsAre(1, 1, 2));
  EXPECT_EQ(samples.groups_in_file, 3U);
}

TEST_F(ChooseSamplesTest, TheBudgetIsSpreadOverTheRunAndKept) {
  std::string text;
  for (int step = 1; step <= 100; ++step) text += Group(step, std::string(1000, 'x'));
  SampleLimits limits;
  limits.max_bytes = 5 * 1200;
  const Samples samples = Choose(text, limits);
  EXPECT_LE(samples.groups.dump().size(), limits.max_bytes + 100);
  EXPECT_THAT(Steps(samples), ElementsAre(1, 25, 50, 75, 100));
  EXPECT_EQ(samples.groups_in_file, 100U);
}

TEST_F(ChooseSamplesTest, LongTextsAreCutAtACharacter) {
  SampleLimits limits;
  limits.max_text_bytes = 4;
  const Samples samples = Choose(Group(1, "abcé and more"), limits);
  EXPECT_EQ(samples.groups[0]["responses"][0]["text"], "abc");
  EXPECT_EQ(samples.groups[0]["responses"][0]["text_bytes"], 14);
  EXPECT_EQ(samples.cut_texts, 1U);
}

TEST_F(ChooseSamplesTest, OddLinesArePassedOver) {
  const std::string odd =
      "\n{\"step\":1}\n{\"step\":2,\"responses\":7}\n{\"step\":x\nnull\n{\"step\":3,\"responses\":[1,{"
      "\"text\":5,"
      "\"token_chars\":[\"<b>\"],\"reward\":\"<b>\"}]}\n{\"step\":99999999999999999999,\"responses\":[]}\n";
  const Samples samples = Choose(odd + Group(4, "good") + "{\"step\":5,\"resp");
  EXPECT_THAT(Steps(samples), ElementsAre(3, 4));
  EXPECT_EQ(samples.groups[0]["responses"], Json::parse("[{},{}]"));
}

TEST_F(ChooseSamplesTest, LinesOverTheLimitAreCountedAndLeftOut) {
  SampleLimits limits;
  limits.max_line_bytes = 500;
  const Samples samples = Choose(Group(1, std::string(1000, 'x')) + Group(2, "y"), limits);
  EXPECT_THAT(Steps(samples), ElementsAre(2));
  EXPECT_EQ(samples.groups_in_file, 2U);
}

}  // namespace
}  // namespace drover::page
