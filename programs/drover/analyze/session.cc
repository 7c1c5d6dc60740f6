#include "programs/drover/analyze/session.h"

#include <filesystem>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "data/templates.h"
#include "programs/drover/analyze/model_source.h"
#include "programs/drover/analyze/out_folder.h"

namespace drover::cli::analyze {
namespace {

using Json = nlohmann::ordered_json;
using analysis::JudgeItem;
using analysis::Judgement;
using analysis::Sample;

constexpr size_t kStretches = 20;  // of a run's steps

}  // namespace

absl::Status Session::Check() {
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
  own_progress_ = std::make_unique<AnalysisProgress>(CountThings());
  progress_ = own_progress_.get();
  shared_ = options_.out;
  return absl::OkStatus();
}

void Session::Join(AnalysisProgress* progress, const std::string& name, const std::string& out) {
  progress_ = progress;
  shown_before_ = absl::StrCat(name, ": ");
  shared_ = out;
}

absl::Status Session::Open() {
  ASSIGN_OR_RETURN(lock_, OpenOutFolder(options_.out, {.kind = KindName(kind_)}));
  return absl::OkStatus();
}

absl::Status Session::CheckFlags() const {
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
  return CheckTemplates();
}

absl::Status Session::CheckTemplates() const {
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

absl::Status Session::PrepareRun() {
  if (!options_.folders.empty() || !options_.model.endpoint.empty()) {
    return absl::InvalidArgumentError("--run brings its own model: leave --model and --endpoint out");
  }
  model_name_ = std::filesystem::path(options_.run).lexically_normal().string();
  if (options_.suite.empty()) {
    ASSIGN_OR_RETURN(stretches_, ReadRunSamples(options_.run, kStretches));
    return absl::OkStatus();
  }
  if (options_.temperatures.size() != 1 || options_.templates.size() != 1) {
    return absl::InvalidArgumentError("checkpoints are looked at with one --template and one --temperature");
  }
  ASSIGN_OR_RETURN(checkpoints_, Checkpoints(options_.run));
  return absl::OkStatus();
}

size_t Session::CountThings() const {
  size_t things = options_.templates.size() * options_.temperatures.size();
  if (!options_.run.empty()) things = options_.suite.empty() ? 0 : checkpoints_.size();
  if (judge_ == nullptr) return things;
  return things + (kind_ == Kind::kAnswering ? 2 : kind_ == Kind::kReflection ? 1 : 0);
}

absl::StatusOr<std::vector<Sample>> Session::AskOf(const ModelOptions& model, const std::string& weights,
                                                   evaluation::Responder& responder, const Setting& setting) {
  AnalyzeOptions options = options_;
  options.model = model;
  const auto show = [this](const Setting& at, const SettingProgress& progress) {
    Show(at.name, "questions", progress.done, progress.questions, progress.before);
  };
  return Responses({.options = options,
                    .suite = suite_,
                    .weights = weights,
                    .responder = responder,
                    .progress = show,
                    .stop = stop_},
                   setting);
}

absl::StatusOr<std::vector<Sample>> Session::Ask(const Setting& setting) {
  return AskOf(options_.model, weights_, *model_, setting);
}

absl::StatusOr<std::vector<Sample>> Session::AskCheckpoint(const Setting& setting,
                                                           const std::string& folder) {
  ModelOptions model = options_.model;
  model.folder = folder;
  ASSIGN_OR_RETURN(const std::unique_ptr<evaluation::Responder> responder, MakeModel(model));
  ASSIGN_OR_RETURN(const std::string weights, WeightsDigest(model));
  return AskOf(model, weights, *responder, setting);
}

void Session::Show(const std::string& name, const std::string& parts, size_t done, size_t all,
                   size_t before) {
  progress_->Show(absl::StrCat(shown_before_, name), parts, done, all, before);
}

absl::StatusOr<std::vector<Judgement>> Session::JudgeIn(const std::string& folder,
                                                        const analysis::JudgeTask& task,
                                                        const std::string& name,
                                                        const std::vector<JudgeItem>& items) {
  if (judge_ == nullptr) return std::vector<Judgement>();
  RETURN_IF_ERROR(MakeFolders(absl::StrCat(folder, "/judge")));
  std::optional<size_t> before;
  analysis::JudgeRunOptions options{.path = absl::StrCat(folder, "/judge/", name, ".jsonl"),
                                    .max_answer_tokens = options_.judge.max_answer_tokens};
  options.progress = [&](size_t done, size_t all) {
    if (!before.has_value()) before = done;
    Show(absl::StrCat("judging ", name), "responses", done, all, *before);
  };
  return analysis::RunJudge(task, items, *judge_, options, stop_);
}

absl::StatusOr<std::vector<Judgement>> Session::Judge(const analysis::JudgeTask& task,
                                                      const std::string& name,
                                                      const std::vector<Sample>& samples) {
  std::vector<JudgeItem> items;
  for (const Sample& sample : samples) items.push_back({sample.id, sample.problem, sample.text});
  return JudgeIn(options_.out, task, name, items);
}

absl::StatusOr<std::vector<Judgement>> Session::JudgeShared(const analysis::JudgeTask& task,
                                                            const std::string& name,
                                                            const std::vector<JudgeItem>& items) {
  return JudgeIn(shared_, task, name, items);
}

Json Session::SettingsJson() const {
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
  json["top_k"] = options_.top_k;
  json["min_p"] = options_.min_p;
  json["max_response_tokens"] = options_.max_response_tokens;
  json["seed"] = options_.seed;
  return json;
}

}  // namespace drover::cli::analyze
