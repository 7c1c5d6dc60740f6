#include "services/run/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/memory_file_system.h"
#include "drover/v1/tensorboard.pb.h"
#include "services/run/tfrecord.h"

namespace drover::run {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::ordered_json;

Json Step(int step) {
  return {{"step", step},
          {"steps", 9},
          {"reward", 0.125 * step},
          {"accuracy", nullptr},
          {"seconds", 10.0 * step}};
}
Json Held(int step) {
  return {{"step", step}, {"accuracy", 0.5}, {"seconds", 0}, {"accuracy_interval", {0.4, 0.6}}};
}

class EventFileTest : public ::testing::Test {
 protected:
  EventFileTest() { EXPECT_TRUE(MakeFolders("/run", &files_).ok()); }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const std::vector<FolderEntry> entries = *files_.List("/run/tensorboard");
    for (const FolderEntry& entry : entries) names.push_back(entry.name);
    return names;
  }

  // Every whole record of a file.
  std::vector<v1::TensorBoardEvent> Events(const std::string& path) {
    std::string text = *ReadFile(path, kMaxFileBytes, &files_);
    std::vector<v1::TensorBoardEvent> events;
    while (text.size() >= 16) {
      const size_t bytes = static_cast<unsigned char>(text[0]) + 256 * static_cast<unsigned char>(text[1]);
      const std::string data = text.substr(12, bytes);
      EXPECT_EQ(TfRecord(data), text.substr(0, 16 + bytes));
      EXPECT_TRUE(events.emplace_back().ParseFromString(data));
      text.erase(0, 16 + bytes);
    }
    EXPECT_EQ(text, "");
    return events;
  }

  testing::MemoryFileSystem files_;
};

TEST_F(EventFileTest, ScalarsByTagAndStep) {
  EventFile events("/run/tensorboard", &files_);
  ASSERT_TRUE(events.Rewrite({}, {}, 1000).ok());
  ASSERT_TRUE(events.AppendEvaluation(Held(0), 1001).ok());
  ASSERT_TRUE(events.AppendMetrics(Step(1), 1002.5).ok());
  const auto read = Events(events.path());
  ASSERT_EQ(read.size(), 4U);
  EXPECT_EQ(read[0].file_version(), "brain.Event:2");
  EXPECT_EQ(read[1].session_log().status(), v1::TENSOR_BOARD_SESSION_STATUS_START);
  EXPECT_EQ(read[2].ShortDebugString(),
            "wall_time: 1001 summary { value { tag: \"evaluation/accuracy\" simple_value: 0.5 } value { tag: "
            "\"evaluation/seconds\" simple_value: 0 } }");
  EXPECT_EQ(
      read[3].ShortDebugString(),
      "wall_time: 1002.5 step: 1 summary { value { tag: \"reward/reward\" simple_value: 0.125 } value { tag: "
      "\"time/seconds\" simple_value: 10 } }");
}

TEST_F(EventFileTest, AStartBeginsOneFileWithWhatStays) {
  EventFile before("/run/tensorboard", &files_);
  ASSERT_TRUE(before.Rewrite({}, {}, 1000).ok());
  for (int step = 1; step <= 3; ++step) ASSERT_TRUE(before.AppendMetrics(Step(step), 1000 + step).ok());
  ASSERT_TRUE(WriteFileAtomically("/run/tensorboard/events.out.tfevents.1.mine", "a person's", &files_).ok());

  EventFile after("/run/tensorboard", &files_);
  std::vector<Json> metrics, evaluations;
  for (int step = 1; step <= 2; ++step) metrics.push_back(Step(step));
  for (int step : {0, 2}) evaluations.push_back(Held(step));
  ASSERT_TRUE(after.Rewrite(metrics, evaluations, 1000).ok());
  EXPECT_THAT(Names(), ElementsAre("events.out.tfevents.0000001001.drover", "events.out.tfevents.1.mine"));
  std::vector<std::pair<int64_t, double>> steps;
  for (const auto& event : Events(after.path())) {
    if (event.has_summary()) steps.emplace_back(event.step(), event.wall_time());
  }
  // Times as far apart as they were.
  EXPECT_THAT(steps,
              ElementsAre(std::pair(0, 990.), std::pair(1, 990.), std::pair(2, 1000.), std::pair(2, 1000.)));
}

TEST_F(EventFileTest, AFileThatIsAppendedToFirstIsBegun) {
  EventFile events("/run/tensorboard", &files_);
  ASSERT_TRUE(events.AppendMetrics(Step(1), 5).ok());
  EXPECT_EQ(Events(events.path()).size(), 3U);
}

TEST(EventTags, EveryFieldHasOne) {
  EXPECT_EQ(MetricTag("grad_norm"), "optimizer/grad_norm");
  EXPECT_EQ(MetricTag("of_the_future"), "other/of_the_future");
  EXPECT_EQ(EvaluationTag("accuracy"), "evaluation/accuracy");
}

}  // namespace
}  // namespace drover::run
