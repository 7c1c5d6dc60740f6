#include "evaluation/records.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "model/json.h"

namespace drover::evaluation {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kMaxLine = size_t{1} << 30;
constexpr uint64_t kMaxFile = uint64_t{64} << 30;

ordered_json OrNull(const std::string& text) { return text.empty() ? ordered_json() : ordered_json(text); }

ordered_json ToJson(const GradedResponse& graded) {
  return {{"text", graded.response.text},
          {"tokens", graded.response.tokens},
          {"truncated", graded.response.truncated},
          {"reward", graded.reward},
          {"formatted", graded.formatted},
          {"extracted", OrNull(graded.extracted)},
          {"reason", graded.reason}};
}

// A text that may be null.
absl::StatusOr<std::string> TextOrNull(const model::JsonFields& fields, std::string_view name) {
  return fields.String(name, "");
}

absl::StatusOr<GradedResponse> ParseResponse(const json& value, std::string path) {
  ASSIGN_OR_RETURN(const model::JsonFields fields, model::JsonFields::Of(value, path));
  GradedResponse graded;
  ASSIGN_OR_RETURN(graded.response.text, fields.String("text"));
  ASSIGN_OR_RETURN(const int64_t tokens, fields.Int("tokens", 0, int64_t{1} << 40));
  graded.response.tokens = static_cast<uint64_t>(tokens);
  ASSIGN_OR_RETURN(graded.response.truncated, fields.Bool("truncated", false));
  const json* reward = fields.Find("reward");
  if (reward == nullptr || !reward->is_number()) return fields.Wrong("reward", "a number");
  graded.reward = reward->get<double>();
  ASSIGN_OR_RETURN(graded.formatted, fields.Bool("formatted", false));
  ASSIGN_OR_RETURN(graded.extracted, TextOrNull(fields, "extracted"));
  ASSIGN_OR_RETURN(graded.reason, fields.String("reason"));
  return graded;
}

absl::Status ParsePrompt(const model::JsonFields& fields, QuestionRecord& record) {
  const json* prompt = fields.Find("prompt");
  if (prompt == nullptr) return fields.Wrong("prompt", "a text or a list of messages");
  if (prompt->is_string()) {
    record.prompt = prompt->get<std::string>();
  } else {
    record.messages = prompt->dump();
  }
  return absl::OkStatus();
}

}  // namespace

std::string FormatRecord(const QuestionRecord& record) {
  ordered_json line = {{"benchmark", record.benchmark}, {"id", record.id}, {"digest", record.digest}};
  line["level"] = OrNull(record.level);
  line["subject"] = OrNull(record.subject);
  line["problem"] = record.problem;
  line["gold"] = record.gold;
  line["prompt"] = record.prompt.empty() ? ordered_json::parse(record.messages) : ordered_json(record.prompt);
  ordered_json& responses = line["responses"] = ordered_json::array();
  for (const GradedResponse& graded : record.responses) responses.push_back(ToJson(graded));
  return line.dump(-1, ' ', /*ensure_ascii=*/false, ordered_json::error_handler_t::replace);
}

absl::StatusOr<QuestionRecord> ParseRecord(std::string_view line) {
  ASSIGN_OR_RETURN(const json value, model::ParseJson(line, {.max_bytes = kMaxLine}));
  ASSIGN_OR_RETURN(const model::JsonFields fields, model::JsonFields::Of(value, ""));
  QuestionRecord record;
  ASSIGN_OR_RETURN(record.benchmark, fields.String("benchmark"));
  ASSIGN_OR_RETURN(record.id, fields.String("id"));
  ASSIGN_OR_RETURN(record.digest, fields.String("digest"));
  ASSIGN_OR_RETURN(record.level, TextOrNull(fields, "level"));
  ASSIGN_OR_RETURN(record.subject, TextOrNull(fields, "subject"));
  ASSIGN_OR_RETURN(record.problem, fields.String("problem"));
  RETURN_IF_ERROR(ParsePrompt(fields, record));
  const json* gold = fields.Find("gold");
  if (gold == nullptr || !gold->is_array()) return fields.Wrong("gold", "a list of texts");
  for (const json& answer : *gold) {
    if (!answer.is_string()) return fields.Wrong("gold", "a list of texts");
    record.gold.push_back(answer.get<std::string>());
  }
  const json* responses = fields.Find("responses");
  if (responses == nullptr || !responses->is_array() || responses->empty()) {
    return fields.Wrong("responses", "a list of at least one response");
  }
  for (size_t i = 0; i < responses->size(); ++i) {
    ASSIGN_OR_RETURN(record.responses.emplace_back(),
                     ParseResponse((*responses)[i], absl::StrCat("responses[", i, "].")));
  }
  return record;
}

absl::StatusOr<uint64_t> ReadRecords(const std::string& path,
                                     const std::function<absl::Status(QuestionRecord)>& record,
                                     FileSystem* files) {
  const auto file = ReadFile(path, kMaxFile, files);
  if (absl::IsNotFound(file.status())) return 0;
  RETURN_IF_ERROR(file.status());
  uint64_t whole = 0;
  while (whole < file->size()) {
    const size_t end = file->find('\n', whole);
    if (end == std::string::npos) break;
    auto parsed = ParseRecord(std::string_view(*file).substr(whole, end - whole));
    if (!parsed.ok()) break;
    RETURN_IF_ERROR(record(*std::move(parsed)));
    whole = end + 1;
  }
  return whole;
}

absl::StatusOr<RecordWriter> RecordWriter::Open(const std::string& path,
                                                const std::function<absl::Status(QuestionRecord)>& record,
                                                FileSystem* files) {
  ASSIGN_OR_RETURN(const uint64_t whole, ReadRecords(path, record, files));
  ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file, files->OpenForAppending(path));
  const uint64_t dropped = file->size() - whole;
  if (dropped > 0) {
    file.reset();
    RETURN_IF_ERROR(files->Truncate(path, whole));
    ASSIGN_OR_RETURN(file, files->OpenForAppending(path));
  }
  // Records that were read may never have been synced, nor the file's name.
  RETURN_IF_ERROR(file->Sync());
  RETURN_IF_ERROR(files->SyncFolder(std::filesystem::path(path).parent_path().string()));
  return RecordWriter(std::move(file), dropped);
}

absl::Status RecordWriter::Append(const QuestionRecord& record) {
  RETURN_IF_ERROR(failed_);
  failed_ = file_->Append(absl::StrCat(FormatRecord(record), "\n"));
  if (failed_.ok()) failed_ = file_->Sync();
  return failed_;
}

}  // namespace drover::evaluation
