#include "programs/learner/supervised_loop.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/tokenizer.h"

namespace drover::learner_process {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A run of which everything but the loop is in memory, and outlives it as a disk does. The "weights" are the examples that
// were learned, in their order.
class SupervisedLoopTest : public testing::Test,
                           public SupervisedTrainer,
                           public RunCheckpoints,
                           public SupervisedReports {
 protected:
  SupervisedLoopTest() {
    recipe_.set_name("test");
    recipe_.mutable_run()->set_seed(3);
    recipe_.mutable_run()->set_checkpoint_every(2);
    v1::SupervisedSettings& sft = *recipe_.mutable_sft();
    sft.set_train("file");
    sft.set_epochs(2);
    sft.set_batch_examples(2);
    sft.set_evaluate_every(2);
    sft.set_learning_rate(1);
    sft.set_schedule(v1::LINEAR);
    for (uint32_t i = 0; i < 5; ++i) data_.train.Add({10 + i, 1, 2}, {0, 1, 1});
    data_.heldout.Add({3, 4, 5}, {0, 0, 1});
  }

  absl::StatusOr<RunEnd> Start() {
    stop_ = false;
    weights_.clear();
    metrics::LearnerMetrics metrics;
    process::Readiness readiness;
    SupervisedParts parts;
    parts.recipe = recipe_;
    parts.data = &data_;
    parts.trainer = this;
    parts.checkpoints = this;
    parts.reports = this;
    parts.metrics = &metrics;
    parts.readiness = &readiness;
    parts.stop = [this] { return stop_; };
    parts.beat = [](absl::Duration) {};
    parts.now = [this] { return now_ += absl::Seconds(1); };
    parts.started = now_;
    return SupervisedLoop(std::move(parts)).Run();
  }

  void Happened(const std::string& event) {
    events_.push_back(event);
    if (event == stop_at_) stop_ = true;
  }

  // SupervisedTrainer
  absl::StatusOr<learner::StepStats> Step(const std::vector<learner::SupervisedExample>& examples,
                                          const learner::SupervisedOptions& options) override {
    std::vector<uint32_t> first;
    for (const auto& example : examples) first.push_back(example.prompt_token_ids.front());
    weights_.push_back(absl::StrJoin(first, "+"));
    rates_.push_back(options.learning_rate);
    Happened(absl::StrCat("step ", weights_.size()));
    return learner::StepStats{.loss = 10.0 / static_cast<double>(weights_.size()), .grad_norm = 1};
  }
  absl::StatusOr<learner::SupervisedLoss> Measure(const std::vector<learner::SupervisedExample>& examples,
                                                  int64_t) override {
    Happened(absl::StrCat("measure after ", weights_.size()));
    return learner::SupervisedLoss{.nats = 8.0, .tokens = static_cast<int64_t>(examples.size()) * 4};
  }
  absl::Status KeepAlive() override { return absl::OkStatus(); }

  // RunCheckpoints
  bool Any() const override { return !checkpoints_.empty(); }
  absl::StatusOr<ResumePoint> Restore() override {
    weights_ = checkpoints_.rbegin()->second;
    return ResumePoint{.place = {checkpoints_.rbegin()->first, "there"},
                       .version = checkpoints_.rbegin()->first};
  }
  absl::StatusOr<std::vector<uint64_t>> Steps() const override { return std::vector<uint64_t>{}; }
  absl::Status SetAside(uint64_t) override { return absl::OkStatus(); }
  void Begin(uint64_t version, const History&) override {
    saved_ = SaveOutcome{.place = {version, "there"}};
    if (disk_is_full_) {
      saved_->status = absl::ResourceExhaustedError("no space");
      return;
    }
    checkpoints_[version] = weights_;
    Happened(absl::StrCat("save ", version));
  }
  std::optional<SaveOutcome> Take(absl::Duration) override { return std::exchange(saved_, std::nullopt); }

  // SupervisedReports
  absl::StatusOr<SupervisedHistory> GoBackTo(uint64_t step) override {
    SupervisedHistory history;
    std::erase_if(reports_, [&](const SupervisedReport& report) { return report.step > step; });
    std::erase_if(evaluations_, [&](const HeldoutLoss& each) { return each.step > step; });
    for (const SupervisedReport& report : reports_) {
      history.losses.push_back(report.loss);
      history.tokens_seen = report.tokens_seen;
      history.seconds = report.seconds;
    }
    history.evaluations = evaluations_;
    return history;
  }
  absl::Status KeepRecipe(const v1::Recipe& recipe) override {
    kept_every_ = recipe.run().checkpoint_every();
    return absl::OkStatus();
  }
  absl::Status Append(const SupervisedReport& report) override {
    reports_.push_back(report);
    return absl::OkStatus();
  }
  absl::Status Append(const HeldoutLoss& evaluation) override {
    evaluations_.push_back(evaluation);
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<nlohmann::ordered_json>> ReadData() override { return data_json_; }
  absl::Status WriteData(const nlohmann::ordered_json& data) override {
    data_json_ = data;
    return absl::OkStatus();
  }
  absl::Status WriteSummary(const nlohmann::ordered_json& summary) override {
    summary_ = summary;
    return absl::OkStatus();
  }

  v1::Recipe recipe_;
  data::SupervisedData data_;
  std::string stop_at_;
  bool stop_ = false;
  absl::Time now_ = absl::UnixEpoch();
  std::vector<std::string> events_, weights_;
  std::vector<double> rates_;
  std::map<uint64_t, std::vector<std::string>> checkpoints_;
  std::optional<SaveOutcome> saved_;
  bool disk_is_full_ = false;
  std::vector<SupervisedReport> reports_;
  std::vector<HeldoutLoss> evaluations_;
  std::optional<nlohmann::ordered_json> data_json_;
  uint64_t kept_every_ = 0;  // run.checkpoint_every of the recipe that was kept
  nlohmann::ordered_json summary_;
};

TEST_F(SupervisedLoopTest, ARunInItsOrder) {
  const auto end = Start();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, RunEnd::kDone);
  EXPECT_THAT(events_,
              ElementsAre("measure after 0", "step 1", "step 2", "measure after 2", "save 2", "step 3",
                          "step 4", "measure after 4", "save 4", "step 5", "measure after 5", "save 5"));
  EXPECT_THAT(rates_,
              ElementsAre(1.0, 0.8, testing::DoubleEq(0.6), testing::DoubleEq(0.4), testing::DoubleEq(0.2)));
  ASSERT_EQ(reports_.size(), 5u);
  EXPECT_EQ(reports_[1].epoch, 0.8);
  EXPECT_EQ(reports_[4].epoch, 2.0);
  EXPECT_EQ(reports_[1].tokens, 6u);
  EXPECT_EQ(reports_[1].learned_tokens, 4u);
  EXPECT_EQ(reports_[4].tokens_seen, 30u);
  EXPECT_EQ(kept_every_, recipe_.run().checkpoint_every());
  EXPECT_EQ(summary_.at("steps"), 5);
  EXPECT_EQ(summary_.at("heldout_loss_before"), 2.0);
  EXPECT_EQ(summary_.at("heldout_loss_after"), 2.0);
  EXPECT_EQ(summary_.at("tokens_seen"), 30);
}

// Wherever it is stopped, the next start ends with the same weights, reports and evaluations.
TEST_F(SupervisedLoopTest, AStopAnywhereLosesNothing) {
  ASSERT_TRUE(Start().ok());
  const std::vector<std::string> events = events_, weights = weights_;
  const std::vector<SupervisedReport> straight = reports_;
  for (const std::string& event : events) {
    checkpoints_.clear();
    reports_.clear();
    evaluations_.clear();
    data_json_.reset();
    stop_at_ = event;
    auto end = Start();
    ASSERT_TRUE(end.ok()) << event << ": " << end.status();
    stop_at_.clear();
    if (*end == RunEnd::kStopped) end = Start();
    ASSERT_TRUE(end.ok() && *end == RunEnd::kDone) << event;
    EXPECT_EQ(weights_, weights) << event;
    ASSERT_EQ(reports_.size(), straight.size()) << event;
    for (size_t i = 0; i < reports_.size(); ++i) {
      EXPECT_EQ(reports_[i].loss, straight[i].loss);
      EXPECT_EQ(reports_[i].learning_rate, straight[i].learning_rate);
      EXPECT_EQ(reports_[i].tokens_seen, straight[i].tokens_seen);
    }
    ASSERT_EQ(evaluations_.size(), 4u) << event;
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(evaluations_[i].step, std::vector<uint64_t>({0, 2, 4, 5})[i]);
  }
}

// A crash: nothing is saved at the end, so the steps after the newest checkpoint are taken again.
TEST_F(SupervisedLoopTest, ACrashGoesBackToTheCheckpoint) {
  ASSERT_TRUE(Start().ok());
  const std::vector<std::string> weights = weights_;
  checkpoints_.erase(5);
  checkpoints_.erase(4);
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(weights_, weights);
  EXPECT_EQ(reports_.size(), 5u);
}

// A full disk costs checkpoints, not the run; but the last one is what the run is for.
TEST_F(SupervisedLoopTest, ACheckpointThatCannotBeWrittenIsSkipped) {
  disk_is_full_ = true;
  EXPECT_EQ(Start().status(), absl::ResourceExhaustedError("no space"));
  EXPECT_EQ(reports_.size(), 5u);
}

TEST_F(SupervisedLoopTest, OtherDataIsRefusedOnAResume) {
  stop_at_ = "step 3";
  ASSERT_TRUE(Start().ok());
  stop_at_.clear();
  data_.train.Add({9, 9}, {0, 1});
  const auto end = Start();
  EXPECT_EQ(end.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(end.status().message()),
              HasSubstr("other data than when the run began (train_digest"));
  EXPECT_EQ(weights_.size(), 0u);
}

TEST_F(SupervisedLoopTest, WithoutHeldoutExamplesNothingIsMeasured) {
  data_.heldout = {};
  ASSERT_TRUE(Start().ok());
  EXPECT_TRUE(evaluations_.empty());
  EXPECT_TRUE(summary_.at("heldout_loss_after").is_null());
}

TEST(ExampleOf, BeginsAtTheFirstLearnedTokenAndEndsAtTheLast) {
  data::SupervisedSet set;
  set.Add({5, 6, 7, 8}, {0, 0, 1, 1});
  set.Add({5, 6, 7, 8, 9, 4}, {0, 1, 0, 0, 1, 0});
  learner::SupervisedExample example = ExampleOf(set, 0);
  EXPECT_THAT(example.prompt_token_ids, ElementsAre(5, 6));
  EXPECT_THAT(example.response_token_ids, ElementsAre(7, 8));
  EXPECT_THAT(example.learned, ElementsAre());
  example = ExampleOf(set, 1);
  EXPECT_THAT(example.prompt_token_ids, ElementsAre(5));
  EXPECT_THAT(example.response_token_ids, ElementsAre(6, 7, 8, 9));
  EXPECT_THAT(example.learned, ElementsAre(1, 0, 0, 1));
}

}  // namespace
}  // namespace drover::learner_process
