#include "programs/learner/testing/run_world.h"

#include <prometheus/registry.h>

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::learner_process::testing_support {
namespace {

constexpr size_t kKeep = 2;

v1::Group MakeGroup(uint64_t number, std::vector<double> rewards, v1::FinishReason finish) {
  v1::Group group;
  group.set_group(number);
  for (const double reward : rewards) {
    v1::Response& response = *group.add_responses();
    response.set_reward(reward);
    response.set_finish_reason(finish);
    for (int t = 0; t < 3; ++t) response.add_token_ids(1);
  }
  return group;
}

}  // namespace

class RunWorld::Trainer : public RunTrainer {
 public:
  explicit Trainer(RunWorld* world) : world_(*world) {}

  absl::Status Pretrain(const std::function<absl::Status(uint64_t, double)>& progress) override {
    for (uint64_t done = 1; done <= world_.recipe.pretrain().batches(); ++done) {
      world_.now += absl::Seconds(1);
      RETURN_IF_ERROR(world_.Do(absl::StrCat("pretrain ", done)));
      RETURN_IF_ERROR(progress(done, 1.0 / static_cast<double>(done)));
    }
    return absl::OkStatus();
  }
  absl::Status BeginReinforcement() override {
    world_.weights.clear();
    world_.optimizer_steps = 0;
    return world_.Do("begin");
  }
  absl::StatusOr<learner::UpdateStats> Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                              uint64_t version, double rate_scale) override {
    world_.rate_scales.push_back(rate_scale);
    if (rollout != version || groups.size() != 2) return absl::InternalError("another rollout than the next");
    RETURN_IF_ERROR(world_.Do(absl::StrCat("train ", rollout)));
    ASSIGN_OR_RETURN(learner::UpdateStats stats, world_.update(rollout));
    world_.weights.push_back(rollout);
    world_.optimizer_steps = stats.last_step;
    return stats;
  }
  absl::Status KeepAlive() override { return world_.Do("keep alive"); }
  uint64_t optimizer_steps() const override { return world_.optimizer_steps; }

 private:
  RunWorld& world_;
};

class RunWorld::Checkpoints : public RunCheckpoints {
 public:
  explicit Checkpoints(RunWorld* world) : world_(*world) {}

  bool Any() const override { return !world_.checkpoints.empty(); }
  absl::StatusOr<ResumePoint> Restore() override {
    ResumePoint point;
    for (auto it = world_.checkpoints.rbegin(); it != world_.checkpoints.rend(); ++it) {
      if (world_.damaged.count(it->first) > 0) {
        point.passed_over.push_back({Place(it->first), "torn"});
        continue;
      }
      RETURN_IF_ERROR(world_.Do(absl::StrCat("load ", it->first)));
      std::tie(world_.weights, world_.optimizer_steps) = it->second;
      point.place = Place(it->first);
      point.version = it->first;
      return point;
    }
    return absl::FailedPreconditionError("none is whole");
  }
  absl::StatusOr<std::vector<uint64_t>> Steps() const override {
    std::vector<uint64_t> steps;
    for (const auto& [step, state] : world_.checkpoints) steps.push_back(step);
    return steps;
  }
  absl::Status SetAside(uint64_t step) override {
    RETURN_IF_ERROR(world_.Do(absl::StrCat("set aside ", step)));
    world_.checkpoints.erase(step);
    return absl::OkStatus();
  }
  // Written at once, or only after so many looks as the test says; told by Take in any case.
  void Begin(uint64_t version, const History&) override {
    if (saving_ || outcome_) world_.Do("two saves at once").IgnoreError();
    saving_ = {version, {world_.weights, world_.optimizer_steps}};
    looks_ = 0;
    if (world_.slow_saves == 0) Write();
  }
  std::optional<SaveOutcome> Take(absl::Duration timeout) override {
    if (saving_ && looks_++ < world_.slow_saves) {
      world_.now += timeout;
      return std::nullopt;
    }
    if (saving_) Write();
    return std::exchange(outcome_, std::nullopt);
  }

 private:
  using State = std::pair<std::vector<uint64_t>, uint64_t>;

  void Write() {
    const auto [step, state] = *saving_;
    saving_.reset();
    world_.now += absl::Seconds(2);
    outcome_ = SaveOutcome{.status = world_.Do(absl::StrCat("save ", step)), .place = Place(step)};
    if (!outcome_->status.ok()) return;
    world_.checkpoints[step] = state;
    while (world_.checkpoints.size() > kKeep) world_.checkpoints.erase(world_.checkpoints.begin());
    outcome_->oldest = Place(world_.checkpoints.begin()->first);
  }

  static CheckpointPlace Place(uint64_t step) { return {step, absl::StrCat("step-", step)}; }
  RunWorld& world_;
  std::optional<std::pair<uint64_t, State>> saving_;
  std::optional<SaveOutcome> outcome_;
  int looks_ = 0;
};

class RunWorld::Reports : public RunReports {
 public:
  explicit Reports(RunWorld* world) : world_(*world) {}

  absl::StatusOr<History> GoBackTo(uint64_t step) override {
    RETURN_IF_ERROR(world_.Do(absl::StrCat("go back to ", step)));
    const auto after = [step](const auto& line) { return line.step > step; };
    auto& reports = world_.reports;
    auto& evaluations = world_.evaluations;
    reports.erase(std::remove_if(reports.begin(), reports.end(), after), reports.end());
    evaluations.erase(std::remove_if(evaluations.begin(), evaluations.end(), after), evaluations.end());
    world_.samples.resize(std::min<size_t>(world_.samples.size(), step));
    world_.summary.reset();
    auto& benchmarks = world_.benchmarks;
    benchmarks.erase(
        std::remove_if(benchmarks.begin(), benchmarks.end(), [step](uint64_t s) { return s > step; }),
        benchmarks.end());
    History history{.seconds = world_.clock, .evaluations = evaluations, .notices = world_.notices};
    if (!benchmarks.empty()) history.benchmarks_step = benchmarks.back();
    world_.guard_events = EventsUpTo(world_.guard_events, step);
    history.guard_events = world_.guard_events;
    for (const run::StepReport& report : reports) {
      history.rewards.push_back(report.rollout.reward);
      history.rollouts.push_back({.step = report.step,
                                  .entropy = report.entropy,
                                  .reward = report.rollout.reward,
                                  .kl = LargerKl(report.kl, report.old_kl),
                                  .grad_norm = report.grad_norm,
                                  .identical_share = report.rollout.identical_share()});
      history.tokens_generated = report.tokens_generated;
    }
    return history;
  }
  absl::Status KeepRecipe(const v1::Recipe& recipe) override {
    RETURN_IF_ERROR(world_.Do("keep recipe"));
    world_.kept_steps = recipe.run().steps();
    return absl::OkStatus();
  }
  absl::Status Append(const run::StepReport& report) override {
    RETURN_IF_ERROR(world_.Do(absl::StrCat("report ", report.step)));
    world_.reports.push_back(report);
    return absl::OkStatus();
  }
  absl::Status Append(uint64_t step, uint64_t, const std::vector<v1::Group>&,
                      const std::vector<std::vector<double>>& advantages, size_t) override {
    if (advantages.size() != 2) return absl::InternalError("no advantages");
    RETURN_IF_ERROR(world_.Do(absl::StrCat("samples ", step)));
    world_.samples.push_back(step);
    return absl::OkStatus();
  }
  absl::Status Append(const Evaluation& evaluation) override {
    RETURN_IF_ERROR(world_.Do(absl::StrCat("evaluated ", evaluation.step)));
    world_.evaluations.push_back(evaluation);
    return absl::OkStatus();
  }
  absl::Status Append(const GuardEvent& event) override {
    RETURN_IF_ERROR(
        world_.Do(absl::StrCat("guard ", GuardName(event.kind), " ", v1::GuardAction_Name(event.action))));
    world_.guard_events.push_back(event);
    return absl::OkStatus();
  }
  absl::Status AppendBenchmarks(uint64_t step, double, const SuiteReport& report) override {
    RETURN_IF_ERROR(world_.Do(absl::StrCat("benchmarks ", step, " ", report.results.dump())));
    world_.benchmarks.push_back(step);
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> FreeBytes() const override { return 1000; }
  absl::Status WriteClock(double seconds) override {
    world_.clock = seconds;
    return absl::OkStatus();
  }
  absl::Status WriteSummary(const run::Summary& summary) override {
    RETURN_IF_ERROR(world_.Do("summary"));
    world_.summary = summary;
    return absl::OkStatus();
  }
  absl::Status WriteCurve(const std::string&, const History&) override { return world_.Do("curve"); }

 private:
  RunWorld& world_;
};

class RunWorld::Store : public experience::RolloutStore, public experience::StoreView {
 public:
  explicit Store(RunWorld* world) : world_(*world) {}

  absl::Status StartIncarnation(uint64_t version) override {
    if (version > world_.trained) return absl::FailedPreconditionError("the journal never got there");
    RETURN_IF_ERROR(world_.Do(absl::StrCat("incarnation ", world_.incarnation + 1, " from ", version)));
    ++world_.incarnation;
    world_.trained = version;
    world_.leasing = true;
    evaluated_.reset();
    evaluating_ = false;
    return absl::OkStatus();
  }
  absl::Status GoBack(uint64_t version) override {
    RETURN_IF_ERROR(world_.Do(absl::StrCat("give up all after ", version)));
    return StartIncarnation(version);
  }
  absl::Status Publish(uint64_t version) override {
    if (version != world_.trained) return absl::FailedPreconditionError("not the trained version");
    return world_.Do(absl::StrCat("lease for ", version));
  }
  absl::StatusOr<std::vector<v1::Group>> WaitForRollout(uint64_t rollout, absl::Duration timeout) override {
    if (rollout != world_.trained) return absl::FailedPreconditionError("not the next rollout");
    RETURN_IF_ERROR(Wait(timeout, world_.waits, &waited_));
    world_.now += absl::Seconds(4);
    RETURN_IF_ERROR(world_.Do(absl::StrCat("collect ", rollout)));
    const auto finish = world_.response_cut ? v1::FINISH_REASON_LENGTH : v1::FINISH_REASON_STOP;
    return std::vector<v1::Group>{MakeGroup(2 * rollout, {1, 0}, finish),
                                  MakeGroup(2 * rollout + 1, {0, 0}, finish)};
  }
  absl::Status MarkTrained(uint64_t rollout, uint64_t version, uint64_t first, uint64_t last) override {
    if (rollout != world_.trained || version != rollout + 1) return absl::FailedPreconditionError("order");
    RETURN_IF_ERROR(world_.Do(absl::StrCat("trained ", rollout, ", steps ", first, "-", last)));
    world_.trained = version;
    return absl::OkStatus();
  }
  absl::Status MarkCheckpoint(uint64_t version, const std::string& path) override {
    return world_.Do(absl::StrCat("covered to ", version, " by ", path));
  }
  absl::Status BeginEvaluation(experience::EvaluationPlan plan, std::vector<v1::Prompt> prompts) override {
    if (plan.version != world_.trained && plan.version != evaluated_) {
      return absl::FailedPreconditionError("not the published version");
    }
    if (evaluating_) return absl::FailedPreconditionError("two evaluations at once");
    if (!world_.weights_kept) return absl::FailedPreconditionError("weights that nobody keeps");
    evaluated_ = plan.version;
    evaluating_ = true;
    questions_ = prompts.size();
    return world_.Do(absl::StrCat("evaluate at ", plan.version));
  }
  absl::StatusOr<std::vector<v1::Group>> WaitForEvaluation(absl::Duration timeout) override {
    if (!evaluating_) return absl::FailedPreconditionError("no evaluation is in progress");
    RETURN_IF_ERROR(Wait(timeout, world_.evaluation_waits.value_or(world_.waits), &evaluation_waited_));
    evaluating_ = false;
    world_.now += absl::Seconds(1);
    std::vector<v1::Group> groups;  // the first half of the questions is answered right
    for (size_t i = 0; i < questions_; ++i) {
      groups.push_back(MakeGroup(i, {i < questions_ / 2 ? 1.0 : 0.0}, v1::FINISH_REASON_STOP));
    }
    return groups;
  }
  void Finish() override {
    world_.leasing = false;
    world_.Do("finish").IgnoreError();
  }
  void StopLeasing() override {
    world_.leasing = false;
    world_.Do("stop leasing").IgnoreError();
  }

  v1::LeaseCounts Counts() const override {
    v1::LeaseCounts counts;
    counts.set_trained(2 * world_.trained);
    return counts;
  }
  v1::LeaseCounts EvaluationCounts() const override { return {}; }
  v1::LeaseCounts EndedSinceStep() const override { return {}; }
  experience::Progress GetProgress() const override {
    experience::Progress progress;
    progress.incarnation = world_.incarnation;
    progress.groups_accepted = 1;
    progress.evaluation_done = 1;
    progress.actors = 3;
    return progress;
  }
  absl::Status Health() const override { return absl::OkStatus(); }

 private:
  // DEADLINE_EXCEEDED so often as the test says, then OK.
  absl::Status Wait(absl::Duration timeout, int times, int* waited) {
    if (!world_.leasing) return absl::FailedPreconditionError("nothing is leased any more");
    if (*waited >= times) {
      *waited = 0;
      return absl::OkStatus();
    }
    ++*waited;
    world_.now += timeout;
    RETURN_IF_ERROR(world_.Do("wait"));
    return absl::DeadlineExceededError("not yet");
  }

  RunWorld& world_;
  size_t questions_ = 0;
  std::optional<uint64_t> evaluated_;
  bool evaluating_ = false;
  int waited_ = 0;
  int evaluation_waited_ = 0;
};

RunWorld::RunWorld()
    : trainer_(std::make_unique<Trainer>(this)),
      checkpoints_(std::make_unique<Checkpoints>(this)),
      reports_(std::make_unique<Reports>(this)),
      store_(std::make_unique<Store>(this)) {
  recipe.set_name("small");
  recipe.mutable_run()->set_steps(4);
  recipe.mutable_run()->set_checkpoint_every(2);
  recipe.mutable_evaluation()->set_every(2);
  recipe.mutable_evaluation()->set_wait(true);
  recipe.mutable_rollout()->set_prompts(2);
  heldout.prompts.resize(2);
  heldout.plan = [](uint64_t version) { return experience::EvaluationPlan{.version = version}; };
  update = [this](uint64_t) -> absl::StatusOr<learner::UpdateStats> {
    now += absl::Seconds(10);
    learner::UpdateStats stats;
    stats.loss = 0.5;
    stats.advantages = {{0.5, -0.5}, {0, 0}};
    stats.first_step = optimizer_steps + 1;
    stats.last_step = optimizer_steps + 2;
    return stats;
  };
  publish = [](const model::WeightVersion&) { return absl::OkStatus(); };
}

RunWorld::~RunWorld() = default;

absl::StatusOr<RunEnd> RunWorld::Start() {
  status = std::make_unique<RunStatus>();
  metrics = std::make_unique<metrics::LearnerMetrics>();
  readiness = std::make_unique<process::Readiness>();
  RunParts parts;
  parts.recipe = recipe;
  parts.heldout = heldout;
  parts.suite = suite;
  parts.trainer = trainer_.get();
  parts.publish = [this](const model::WeightVersion& version) {
    RETURN_IF_ERROR(Do(absl::StrCat("publish ", version.number)));
    return publish(version);
  };
  parts.keep_weights = [this](bool keep) { weights_kept = keep; };
  parts.checkpoints = checkpoints_.get();
  parts.reports = reports_.get();
  parts.store = store_.get();
  parts.progress = store_.get();
  parts.metrics = metrics.get();
  parts.status = status.get();
  parts.readiness = readiness.get();
  parts.stop = [this] { return stop; };
  parts.beat = [this](absl::Duration work) {
    if (work > absl::ZeroDuration()) beats.push_back(work);
  };
  parts.now = [this] { return now; };
  parts.started = now;
  return RunLoop(std::move(parts)).Run();
}

absl::Status RunWorld::Do(const std::string& event) {
  events.push_back(event);
  return on_event ? on_event(event) : absl::OkStatus();
}

int RunWorld::Count(const std::string& event) const {
  return static_cast<int>(std::count(events.begin(), events.end(), event));
}

double RunWorld::Total(const std::string& counter) const {
  for (const prometheus::MetricFamily& family : metrics->registry()->Collect()) {
    if (family.name == counter) return family.metric.front().counter.value;
  }
  return -1;
}

double RunWorld::Spent(const std::string& activity) const {
  for (const prometheus::MetricFamily& family : metrics->registry()->Collect()) {
    if (family.name != "drover_learner_activity_seconds_total") continue;
    for (const prometheus::ClientMetric& metric : family.metric) {
      if (metric.label.front().value == activity) return metric.counter.value;
    }
  }
  return -1;
}

}  // namespace drover::learner_process::testing_support
