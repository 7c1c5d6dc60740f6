// The responses of a model under one setting (a template and a temperature), asked for where they are not yet there.
//
//   OUT/responses/SETTING/     an evaluation's folder (evaluation/evaluation.h): resumable, with every response and its grade
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/sample.h"
#include "evaluation/responder.h"
#include "evaluation/suite.h"
#include "programs/drover/analyze/analyze_options.h"

namespace drover::cli::analyze {

struct Setting {
  std::string name;  // of its folder: "r1-t0.6", "step-000010-r1-t0.6"
  std::string prompt_template;
  double temperature = 0;
};

// "r1-t0.6"; a template that is a text of its own is named by its digest.
Setting SettingOf(const std::string& prompt_template, double temperature);

struct SettingProgress {
  uint64_t questions = 0, done = 0, before = 0;  // before: done before this start
};

struct SettingsRun {
  const AnalyzeOptions& options;
  const std::vector<evaluation::Benchmark>& suite;
  const std::string weights;  // WeightsDigest
  evaluation::Responder& responder;
  std::function<void(const Setting&, const SettingProgress&)> progress;
  const std::atomic<bool>& stop;
};

// All responses, in the order of the suite's questions. The errors of evaluation::Evaluate.
absl::StatusOr<std::vector<analysis::Sample>> Responses(const SettingsRun& run, const Setting& setting);

}  // namespace drover::cli::analyze
