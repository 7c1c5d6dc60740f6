#include "evaluation/evaluation.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"
#include "evaluation/grading.h"
#include "evaluation/records.h"

namespace drover::evaluation {
namespace {

using nlohmann::ordered_json;

constexpr char kLockFile[] = "lock";

std::string In(const std::string& folder, const char* name) { return absl::StrCat(folder, "/", name); }

// The value at a dotted path as a message shows it.
std::string Shown(const ordered_json& settings, const std::string& path) {
  const ordered_json* value = &settings;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (!value->is_object() || !value->contains(std::string(name))) return "not there";
    value = &value->at(std::string(name));
  }
  std::string text = value->dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  if (text.size() > 80) text = absl::StrCat(text.substr(0, 80), "...");
  return text;
}

absl::Status Differ(const std::string& path, const ordered_json& there, const ordered_json& here) {
  std::vector<std::string> lines;
  for (const std::string& field : Differences(there, here)) {
    lines.push_back(absl::StrCat(field, " was ", Shown(there, field), " and is ", Shown(here, field)));
  }
  if (lines.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": the evaluation in this folder is of other settings: ", absl::StrJoin(lines, "; ")));
}

// Settings of a new folder are written; those of one that goes on must be ours.
absl::Status CheckSettings(const EvaluationOptions& options, absl::Span<const Benchmark> suite) {
  const ordered_json settings = ToJson(options.settings, suite);
  const std::string path = In(options.folder, kSettingsFile);
  const auto text = ReadFile(path, uint64_t{16} << 20, options.files);
  if (!absl::IsNotFound(text.status())) {
    RETURN_IF_ERROR(text.status());
    const ordered_json there = ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!there.is_object()) return absl::DataLossError(absl::StrCat(path, ": is no JSON object"));
    return Differ(path, there, settings);
  }
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, options.files->List(options.folder));
  for (const FolderEntry& entry : entries) {
    if (entry.name == kLockFile || entry.name.find(kSettingsFile) == 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(options.folder, ": has ", entry.name,
                                                   " and no evaluation; give a folder that is new or empty"));
  }
  return WriteFileAtomically(
      path, settings.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n", options.files);
}

// One start of an evaluation.
class Session {
 public:
  Session(const EvaluationOptions& options, absl::Span<const Benchmark> suite, const PromptBuilder& prompts)
      : options_(options), suite_(suite), prompts_(prompts) {}

  absl::Status Open() {
    RETURN_IF_ERROR(MakeFolders(options_.folder, options_.files));
    ASSIGN_OR_RETURN(lock_, options_.files->TryLock(In(options_.folder, kLockFile)));
    if (lock_ == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat(options_.folder, ": another process evaluates into this folder"));
    }
    RETURN_IF_ERROR(CheckSettings(options_, suite_));
    for (const Benchmark& benchmark : suite_) {
      for (const SuiteQuestion& question : benchmark.questions) {
        missing_[question.id] = {.benchmark = &benchmark, .question = &question};
      }
    }
    progress_.questions = missing_.size();
    return OpenRecords();
  }

  absl::Status AskMissing(Responder& responder, const std::atomic<bool>& stop) {
    progress_.questions_before = progress_.questions_done;
    options_.progress(progress_);
    std::vector<Ask> asks;
    for (const Benchmark& benchmark : suite_) {
      for (const SuiteQuestion& question : benchmark.questions) {
        if (missing_.count(question.id) == 0) continue;
        ASSIGN_OR_RETURN(asks.emplace_back(), prompts_.Build(question, options_.settings.n));
      }
    }
    if (asks.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(CheckAsks(asks));
    GradingThreads grading(options_.settings.grading, options_.grading_threads,
                           [this](QuestionRecord record) { return Keep(record); });
    const absl::Status answered = responder.Respond(
        asks, options_.settings.sampling,
        [&](const Ask& ask, std::vector<Response> responses) {
          return grading.Add(Ungraded(ask, std::move(responses)));
        },
        stop);
    const absl::Status graded = grading.Finish();  // what was answered is kept whatever became of the others
    return answered.ok() || absl::IsCancelled(answered) ? FirstError(graded, answered) : answered;
  }

  absl::StatusOr<Evaluated> Conclude() const {
    if (progress_.questions_done != progress_.questions) {
      return absl::InternalError(absl::StrCat(progress_.questions - progress_.questions_done,
                                              " questions were not answered, and nobody says why"));
    }
    std::vector<std::string> names;
    for (const Benchmark& benchmark : suite_) names.push_back(benchmark.name);
    Evaluated evaluated = {
        .settings = options_.settings, .results = tally_.Summarise(names), .questions = tally_.questions()};
    const std::string text = ToJson(options_.settings, evaluated.results)
                                 .dump(1, ' ', false, ordered_json::error_handler_t::replace);
    RETURN_IF_ERROR(WriteFileAtomically(In(options_.folder, kResultsFile), text + "\n", options_.files));
    return evaluated;
  }

 private:
  struct Place {
    const Benchmark* benchmark = nullptr;
    const SuiteQuestion* question = nullptr;
  };

  static absl::Status FirstError(const absl::Status& first, const absl::Status& second) {
    return first.ok() ? second : first;
  }

  absl::Status OpenRecords() {
    const std::string path = In(options_.folder, kResponsesFile);
    auto opened = RecordWriter::Open(
        path, [this](const QuestionRecord& record) { return Found(record); }, options_.files);
    if (!opened.ok()) return opened.status();
    records_ = std::make_unique<RecordWriter>(*std::move(opened));
    if (records_->dropped_bytes() > 0) {
      options_.notice(
          absl::StrCat(path, ": ", records_->dropped_bytes(),
                       " bytes that are no whole record were dropped; their questions are asked again"));
    }
    if (progress_.questions_done > 0) {
      options_.notice(absl::StrCat(progress_.questions_done, " of ", progress_.questions,
                                   " questions were answered before"));
    }
    return absl::OkStatus();
  }

  // A record that is in the file.
  absl::Status Found(const QuestionRecord& record) {
    const auto place = missing_.find(record.id);
    if (place == missing_.end() || place->second.question->digest != record.digest ||
        record.responses.size() != options_.settings.n) {
      return absl::DataLossError(
          absl::StrCat(In(options_.folder, kResponsesFile), ": the record of ", record.id,
                       " is there twice, or is of another question or number of responses"));
    }
    missing_.erase(place);
    Count(record);
    return absl::OkStatus();
  }

  void Count(const QuestionRecord& record) {
    tally_.Add(record);
    ++progress_.questions_done;
    progress_.responses = tally_.responses();
    progress_.correct = tally_.correct();
    for (const GradedResponse& graded : record.responses) progress_.tokens += graded.response.tokens;
  }

  // Called by one grading thread at a time, beside Ungraded.
  absl::Status Keep(const QuestionRecord& record) {
    RETURN_IF_ERROR(records_->Append(record));
    Count(record);
    options_.progress(progress_);
    return absl::OkStatus();
  }

  QuestionRecord Ungraded(const Ask& ask, std::vector<Response> responses) const {
    const Place& place = missing_.at(ask.id);
    QuestionRecord record = {.benchmark = place.benchmark->name,
                             .id = ask.id,
                             .digest = place.question->digest,
                             .level = place.question->level,
                             .subject = place.question->subject,
                             .problem = place.question->question.text,
                             .gold = place.question->question.gold,
                             .prompt = ask.prompt,
                             .messages = ask.messages};
    for (Response& response : responses) record.responses.push_back({.response = std::move(response)});
    return record;
  }

  const EvaluationOptions& options_;
  const absl::Span<const Benchmark> suite_;
  const PromptBuilder& prompts_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<RecordWriter> records_;
  std::map<std::string, Place> missing_;  // by id; not changed while questions are asked
  Tally tally_;
  Progress progress_;
};

}  // namespace

absl::StatusOr<Evaluated> Evaluate(const EvaluationOptions& options, absl::Span<const Benchmark> suite,
                                   const PromptBuilder& prompts, Responder& responder,
                                   const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(options.settings.Validate());
  Session session(options, suite, prompts);
  RETURN_IF_ERROR(session.Open());
  RETURN_IF_ERROR(session.AskMissing(responder, stop));
  return session.Conclude();
}

}  // namespace drover::evaluation
