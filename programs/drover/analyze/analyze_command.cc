#include "programs/drover/analyze/analyze_command.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/answering.h"
#include "analysis/exploration.h"
#include "analysis/labelled.h"
#include "analysis/reflection.h"
#include "base/file.h"
#include "base/status.h"
#include "data/templates.h"
#include "evaluation/suite.h"
#include "programs/drover/analyze/model_source.h"
#include "programs/drover/analyze/out_folder.h"
#include "programs/drover/analyze/progress.h"
#include "programs/drover/analyze/run_samples.h"
#include "programs/drover/analyze/settings_run.h"

namespace drover::cli::analyze {
namespace {

using Json = nlohmann::ordered_json;
using analysis::JudgeItem;
using analysis::Judgement;
using analysis::Sample;

constexpr size_t kStretches = 20;  // of a run's steps

// What is written at the end.
struct Report {
  Json json;
  std::string markdown;
  std::map<std::string, std::string> plots;  // by file name
};

std::vector<JudgeItem> ItemsOf(const std::vector<Sample>& samples) {
  std::vector<JudgeItem> items;
  for (const Sample& sample : samples) items.push_back({sample.id, sample.problem, sample.text});
  return items;
}

// One start of an analysis.
class Analysis {
 public:
  Analysis(Kind kind, const AnalyzeOptions& options, const std::atomic<bool>& stop)
      : kind_(kind), options_(options), stop_(stop) {}

  // All that can be wrong with what a person gave, before anything is asked or written.
  absl::Status Prepare() {
    RETURN_IF_ERROR(CheckFlags());
    ASSIGN_OR_RETURN(judge_, MakeJudge(options_.judge));
    if (!options_.run.empty()) {
      RETURN_IF_ERROR(PrepareRun());
    } else {
      ASSIGN_OR_RETURN(model_, MakeModel(options_.model));
      ASSIGN_OR_RETURN(weights_, WeightsDigest(options_.model));
      model_name_ = model_->Describe();
    }
    if (!options_.suite.empty()) {
      ASSIGN_OR_RETURN(suite_,
                       evaluation::LoadSuite(
                           {.path = options_.suite, .names = options_.benchmarks, .limit = options_.limit}));
    }
    progress_ = std::make_unique<AnalysisProgress>(CountThings());
    ASSIGN_OR_RETURN(lock_, OpenOutFolder(options_.out, KindName(kind_)));
    return absl::OkStatus();
  }

  absl::StatusOr<Report> Run() {
    switch (kind_) {
      case Kind::kAnswering:
        return Answering();
      case Kind::kExploration:
        return Exploration();
      case Kind::kReflection:
        return options_.run.empty()     ? Reflection()
               : options_.suite.empty() ? RunReflection()
                                        : CheckpointReflection();
    }
    return absl::InternalError("no such analysis");
  }

 private:
  absl::Status CheckFlags() const {
    if (options_.suite.empty() && options_.run.empty()) {
      return absl::InvalidArgumentError("give --suite FOLDER, the questions to be asked");
    }
    if (kind_ == Kind::kExploration && (options_.k == 0 || options_.k > options_.n)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--k is ", options_.k, ", must be from 1 to --n, which is ", options_.n));
    }
    if (kind_ == Kind::kReflection && options_.run.empty() && options_.templates.size() != 1) {
      return absl::InvalidArgumentError("reflection looks at one --template at a time");
    }
    std::set<std::string> names;
    for (const std::string& name : options_.templates) {
      const absl::Status found = data::FindTemplate(name).status();
      if (!found.ok()) return Annotate(found, "--template");
      for (double temperature : options_.temperatures) {
        if (!names.insert(SettingOf(name, temperature).name).second) {
          return absl::InvalidArgumentError(
              absl::StrCat("template ", name, " at temperature ", temperature, " is given twice"));
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status PrepareRun() {
    if (!options_.model.folder.empty() || !options_.model.endpoint.empty()) {
      return absl::InvalidArgumentError("--run brings its own model: leave --model and --endpoint out");
    }
    model_name_ = std::filesystem::path(options_.run).lexically_normal().string();
    if (options_.suite.empty()) {
      ASSIGN_OR_RETURN(stretches_, ReadRunSamples(options_.run, kStretches));
      return absl::OkStatus();
    }
    if (options_.temperatures.size() != 1 || options_.templates.size() != 1) {
      return absl::InvalidArgumentError(
          "checkpoints are looked at with one --template and one --temperature");
    }
    ASSIGN_OR_RETURN(checkpoints_, Checkpoints(options_.run));
    return absl::OkStatus();
  }

  size_t CountThings() const {
    size_t things = options_.templates.size() * options_.temperatures.size();
    if (!options_.run.empty()) things = options_.suite.empty() ? 0 : checkpoints_.size();
    if (judge_ == nullptr) return things;
    return things + (kind_ == Kind::kAnswering ? 2 : kind_ == Kind::kReflection ? 1 : 0);
  }

  absl::StatusOr<std::vector<Sample>> Ask(const Setting& setting, const ModelOptions& model,
                                          const std::string& weights, evaluation::Responder& responder) {
    AnalyzeOptions options = options_;
    options.model = model;
    const auto show = [this](const Setting& at, const SettingProgress& progress) {
      progress_->Show(at.name, "questions", progress.done, progress.questions, progress.before);
    };
    return Responses({.options = options,
                      .suite = suite_,
                      .weights = weights,
                      .responder = responder,
                      .progress = show,
                      .stop = stop_},
                     setting);
  }

  // Empty without a judge.
  absl::StatusOr<std::vector<Judgement>> Judge(const analysis::JudgeTask& task, const std::string& name,
                                               const std::vector<JudgeItem>& items) {
    if (judge_ == nullptr) return std::vector<Judgement>();
    RETURN_IF_ERROR(MakeFolders(absl::StrCat(options_.out, "/judge")));
    std::optional<size_t> before;
    analysis::JudgeRunOptions options{.path = absl::StrCat(options_.out, "/judge/", name, ".jsonl"),
                                      .max_answer_tokens = options_.judge.max_answer_tokens};
    options.progress = [&](size_t done, size_t all) {
      if (!before.has_value()) before = done;
      progress_->Show(absl::StrCat("judging ", name), "responses", done, all, *before);
    };
    return analysis::RunJudge(task, items, *judge_, options, stop_);
  }

  absl::StatusOr<Report> Answering() {
    analysis::AnsweringResults results{.model = model_name_, .settings = SettingsJson()};
    std::map<std::string, std::vector<Sample>> samples;  // by setting
    std::vector<Sample> all;
    std::vector<Setting> settings;
    for (const std::string& name : options_.templates) {
      for (double temperature : options_.temperatures) {
        settings.push_back(SettingOf(name, temperature));
        ASSIGN_OR_RETURN(samples[settings.back().name],
                         Ask(settings.back(), options_.model, weights_, *model_));
        const std::vector<Sample>& asked = samples[settings.back().name];
        all.insert(all.end(), asked.begin(), asked.end());
      }
    }
    ASSIGN_OR_RETURN(const std::vector<Judgement> judgements,
                     Judge(analysis::AnsweringTask(), "answering", ItemsOf(all)));
    size_t begin = 0;
    for (const Setting& setting : settings) {
      const std::vector<Sample>& asked = samples[setting.name];
      analysis::JudgedBy judged;
      if (judge_ != nullptr) {
        const auto from = judgements.begin() + static_cast<std::ptrdiff_t>(begin);
        judged = {judge_->Describe(), {from, from + static_cast<std::ptrdiff_t>(asked.size())}};
      }
      begin += asked.size();
      const std::string name = options_.temperatures.size() == 1 ? setting.prompt_template : setting.name;
      results.templates.push_back(
          analysis::MeasureTemplate(name, asked, judge_ == nullptr ? nullptr : &judged));
    }
    if (judge_ != nullptr) {
      results.judge = judge_->Describe();
      results.rules_judge = analysis::RulesAndJudge(all, judgements);
      RETURN_IF_ERROR(JudgeLabels(results));
    }
    return Report{analysis::ToJson(results),
                  analysis::ToMarkdown(results),
                  {{"answering.svg", analysis::AnsweringSvg(results)}}};
  }

  // How far the judge can be believed: the labelled responses.
  absl::Status JudgeLabels(analysis::AnsweringResults& results) {
    std::vector<JudgeItem> items;
    for (const analysis::LabelledAnswer& answer : analysis::LabelledAnswers()) {
      items.push_back({answer.id, answer.question, answer.response});
    }
    ASSIGN_OR_RETURN(const std::vector<Judgement> judgements,
                     Judge(analysis::AnsweringTask(), "labelled", items));
    std::vector<std::pair<size_t, size_t>> pairs;
    for (size_t i = 0; i < items.size(); ++i) {
      if (!judgements[i].verdict.has_value()) {
        ++results.labels_not_understood;
        continue;
      }
      const bool answers = analysis::LabelledAnswers()[i].answers;
      pairs.emplace_back(answers ? analysis::kJudgedAnswers : analysis::kJudgedContinues,
                         *judgements[i].verdict);
    }
    results.labels_judge = analysis::MeasureAgreement(pairs, analysis::AnsweringTask().verdicts);
    return absl::OkStatus();
  }

  absl::StatusOr<Report> Exploration() {
    analysis::ExplorationResults results{.model = model_name_, .settings = SettingsJson()};
    for (const std::string& name : options_.templates) {
      for (double temperature : options_.temperatures) {
        ASSIGN_OR_RETURN(const std::vector<Sample> samples,
                         Ask(SettingOf(name, temperature), options_.model, weights_, *model_));
        results.points.push_back(analysis::MeasurePoint(name, temperature, options_.k, samples));
      }
    }
    return Report{analysis::ToJson(results),
                  analysis::ToMarkdown(results),
                  {{"exploration.svg", analysis::ExplorationSvg(results)},
                   {"accuracy.svg", analysis::AccuracySvg(results)}}};
  }

  absl::StatusOr<Report> Reflection() {
    std::vector<std::pair<double, std::vector<Sample>>> groups;
    for (double temperature : options_.temperatures) {
      ASSIGN_OR_RETURN(std::vector<Sample> samples,
                       Ask(SettingOf(options_.templates[0], temperature), options_.model, weights_, *model_));
      groups.emplace_back(temperature, std::move(samples));
    }
    return ReflectionReport("temperature", groups);
  }

  absl::StatusOr<Report> RunReflection() {
    std::vector<std::pair<double, std::vector<Sample>>> groups;
    for (StepSamples& stretch : stretches_) {
      groups.emplace_back(static_cast<double>(stretch.last), std::move(stretch.samples));
    }
    return ReflectionReport("step", groups);
  }

  absl::StatusOr<Report> CheckpointReflection() {
    std::vector<std::pair<double, std::vector<Sample>>> groups;
    for (const auto& [step, folder] : checkpoints_) {
      ModelOptions model = options_.model;
      model.folder = folder;
      ASSIGN_OR_RETURN(const std::unique_ptr<evaluation::Responder> responder, MakeModel(model));
      Setting setting = SettingOf(options_.templates[0], options_.temperatures[0]);
      setting.name = absl::StrFormat("step-%06d-%s", step, setting.name);
      ASSIGN_OR_RETURN(const std::string weights, WeightsDigest(model));
      ASSIGN_OR_RETURN(std::vector<Sample> samples, Ask(setting, model, weights, *responder));
      groups.emplace_back(static_cast<double>(step), std::move(samples));
    }
    return ReflectionReport("step", groups);
  }

  absl::StatusOr<Report> ReflectionReport(const std::string& axis,
                                          const std::vector<std::pair<double, std::vector<Sample>>>& groups) {
    std::vector<Sample> all;
    for (const auto& [x, samples] : groups) all.insert(all.end(), samples.begin(), samples.end());
    ASSIGN_OR_RETURN(const std::vector<Judgement> judgements,
                     Judge(analysis::ReflectionTask(), "reflection", ItemsOf(all)));
    analysis::ReflectionResults results{.model = model_name_, .settings = SettingsJson(), .axis = axis};
    if (judge_ != nullptr) results.judge = judge_->Describe();
    size_t begin = 0;
    for (const auto& [x, samples] : groups) {
      absl::Span<const Judgement> judged;
      if (judge_ != nullptr) judged = absl::MakeConstSpan(judgements).subspan(begin, samples.size());
      begin += samples.size();
      results.groups.push_back(analysis::MeasureReflection(x, samples, judged));
    }
    return Report{analysis::ToJson(results), analysis::ToMarkdown(results),
                  analysis::ReflectionPlots(results)};
  }

  Json SettingsJson() const {
    Json json = {{"analysis", KindName(kind_)}, {"model", model_name_}};
    if (judge_ != nullptr) json["judge"] = judge_->Describe();
    if (!options_.run.empty()) json["run"] = options_.run;
    if (suite_.empty()) return json;
    json["suite"] = options_.suite;
    for (const evaluation::Benchmark& benchmark : suite_)
      json["questions"][benchmark.name] = benchmark.questions.size();
    json["templates"] = options_.templates;
    json["temperatures"] = options_.temperatures;
    json["n"] = options_.n;
    json["top_p"] = options_.top_p;
    json["max_response_tokens"] = options_.max_response_tokens;
    json["seed"] = options_.seed;
    return json;
  }

  const Kind kind_;
  const AnalyzeOptions& options_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<evaluation::Responder> model_, judge_;
  std::string model_name_, weights_;
  std::vector<evaluation::Benchmark> suite_;
  std::vector<StepSamples> stretches_;
  std::vector<std::pair<int64_t, std::string>> checkpoints_;
  std::unique_ptr<AnalysisProgress> progress_;
  std::unique_ptr<FileLock> lock_;  // of the folder
};

absl::Status Write(const AnalyzeOptions& options, Kind kind, const Report& report) {
  const auto in_out = [&](const std::string& name) { return absl::StrCat(options.out, "/", name); };
  for (const auto& [name, svg] : report.plots) RETURN_IF_ERROR(WriteFileAtomically(in_out(name), svg));
  RETURN_IF_ERROR(WriteFileAtomically(in_out("report.md"), report.markdown));
  return WriteFileAtomically(in_out(absl::StrCat(KindName(kind), ".json")),
                             report.json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kAnswering:
      return "answering";
    case Kind::kExploration:
      return "exploration";
    case Kind::kReflection:
      return "reflection";
  }
  return "";
}

void FillDefaults(Kind kind, AnalyzeOptions& options) {
  if (options.templates.empty()) {
    options.templates = kind == Kind::kReflection ? std::vector<std::string>{"r1"}
                                                  : std::vector<std::string>{"r1", "qwen_math", "none"};
  }
  if (!options.temperatures.empty()) return;
  switch (kind) {
    case Kind::kAnswering:
      options.temperatures = {0};
      break;
    case Kind::kExploration:
      options.temperatures = {0.2, 0.4, 0.6, 0.8, 1.0, 1.2};
      break;
    case Kind::kReflection:
      options.temperatures =
          options.run.empty() ? std::vector<double>{0.4, 0.6, 0.8, 1.0} : std::vector<double>{1.0};
      break;
  }
}

absl::Status RunAnalysis(Kind kind, const AnalyzeOptions& given, const std::atomic<bool>& stop) {
  AnalyzeOptions options = given;
  FillDefaults(kind, options);
  Analysis analysis(kind, options, stop);
  RETURN_IF_ERROR(analysis.Prepare());
  ASSIGN_OR_RETURN(const Report report, analysis.Run());
  RETURN_IF_ERROR(Write(options, kind, report));
  if (options.json) {
    std::printf("%s\n", report.json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return absl::OkStatus();
  }
  std::printf("%s\n%s/report.md has all of it\n",
              report.markdown.substr(0, report.markdown.find("\n![")).c_str(), options.out.c_str());
  return absl::OkStatus();
}

}  // namespace drover::cli::analyze
