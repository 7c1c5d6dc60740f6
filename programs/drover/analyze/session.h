// One start of an analysis of one model: what was asked for, checked, and those who are asked. The analyses themselves (analyses.h) are
// functions of it.
#pragma once

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/judge.h"
#include "analysis/judge_run.h"
#include "analysis/sample.h"
#include "base/file_system.h"
#include "evaluation/responder.h"
#include "evaluation/suite.h"
#include "programs/drover/analyze/analyze_options.h"
#include "programs/drover/analyze/kind.h"
#include "programs/drover/analyze/progress.h"
#include "programs/drover/analyze/run_samples.h"
#include "programs/drover/analyze/settings_run.h"

namespace drover::cli::analyze {

// Not thread-safe.
class Session {
 public:
  // `options` have their defaults, and one model or a run; `stop` outlives it.
  Session(Kind kind, AnalyzeOptions options, const std::atomic<bool>& stop)
      : kind_(kind), options_(std::move(options)), stop_(stop) {}

  // All that can be wrong with what a person gave, before anything is asked or written. Once, first.
  absl::Status Check();
  // Takes the folder. Once, after Check.
  absl::Status Open();

  // Between the two, of one of several models: progress is shown on theirs, behind `name`, and what a judge is asked whatever the model
  // is kept in `out`, where the next finds it. `progress` outlives the session.
  void Join(AnalysisProgress* progress, const std::string& name, const std::string& out);
  // How many things (AnalysisProgress) there are to be done.
  size_t CountThings() const;

  // The responses under a setting, of the model or of another one that is evaluated like it.
  absl::StatusOr<std::vector<analysis::Sample>> Ask(const Setting& setting);
  absl::StatusOr<std::vector<analysis::Sample>> AskCheckpoint(const Setting& setting,
                                                              const std::string& folder);

  // The judge's verdicts, one a sample, kept in OUT/judge/NAME.jsonl; empty without a judge.
  absl::StatusOr<std::vector<analysis::Judgement>> Judge(const analysis::JudgeTask& task,
                                                         const std::string& name,
                                                         const std::vector<analysis::Sample>& samples);
  // The same of items that are no model's, kept where all of several models find them.
  absl::StatusOr<std::vector<analysis::Judgement>> JudgeShared(const analysis::JudgeTask& task,
                                                               const std::string& name,
                                                               const std::vector<analysis::JudgeItem>& items);
  bool has_judge() const { return judge_ != nullptr; }
  std::string judge() const { return judge_->Describe(); }

  const AnalyzeOptions& options() const { return options_; }
  const std::string& model() const { return model_name_; }
  // Of a run alone: its samples in stretches of steps, or the steps and folders of its checkpoints.
  std::vector<StepSamples>& stretches() { return stretches_; }
  const std::vector<std::pair<int64_t, std::string>>& checkpoints() const { return checkpoints_; }

  // What the results say of how they came to be.
  nlohmann::ordered_json SettingsJson() const;

 private:
  absl::Status CheckFlags() const;
  absl::Status CheckTemplates() const;
  absl::Status PrepareRun();
  absl::StatusOr<std::vector<analysis::Judgement>> JudgeIn(const std::string& folder,
                                                           const analysis::JudgeTask& task,
                                                           const std::string& name,
                                                           const std::vector<analysis::JudgeItem>& items);
  void Show(const std::string& name, const std::string& parts, size_t done, size_t all, size_t before);
  absl::StatusOr<std::vector<analysis::Sample>> AskOf(const ModelOptions& model, const std::string& weights,
                                                      evaluation::Responder& responder,
                                                      const Setting& setting);

  const Kind kind_;
  const AnalyzeOptions options_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<evaluation::Responder> model_, judge_;
  std::string model_name_, weights_;
  std::vector<evaluation::Benchmark> suite_;
  std::vector<StepSamples> stretches_;
  std::vector<std::pair<int64_t, std::string>> checkpoints_;
  std::unique_ptr<AnalysisProgress> own_progress_;
  AnalysisProgress* progress_ = nullptr;
  std::string shown_before_;        // of several models: "NAME: "
  std::string shared_;              // their folder; of one model its own
  std::unique_ptr<FileLock> lock_;  // of the folder
};

}  // namespace drover::cli::analyze
