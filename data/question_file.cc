#include "data/question_file.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "data/records.h"

namespace drover::data {
namespace {

// Labels are extra: a record that is a question stays one though something else in it could not be read.
absl::StatusOr<Question> ReadPlain(std::string_view text, const QuestionKeys& keys) {
  ASSIGN_OR_RETURN(Question question, ParseQuestion(text, keys));
  if (const auto flat = FlatJson::Parse(text); flat.ok()) RETURN_IF_ERROR(ReadLabels(*flat, question));
  return question;
}

absl::StatusOr<Question> ReadNamed(std::string_view text, const QuestionFormat& format) {
  if (text.size() > kMaxLineBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", text.size(), " bytes long, may be at most ", kMaxLineBytes));
  }
  ASSIGN_OR_RETURN(const FlatJson flat, FlatJson::Parse(text));
  return format.read(flat);
}

class Collector {
 public:
  Collector(const QuestionFormat& format, const QuestionKeys& keys) : format_(format), keys_(keys) {}

  absl::Status Add(const Record& record) {
    auto question = format_.read == nullptr ? ReadPlain(record.text, keys_) : ReadNamed(record.text, format_);
    if (absl::IsFailedPrecondition(question.status())) {
      if (file_.unanswered++ == 0) {
        file_.unanswered_example = absl::StrCat(record.line, ": ", question.status().message());
      }
      return absl::OkStatus();
    }
    if (!question.ok()) {
      const char* what = format_.read == nullptr ? "the line " : "the record ";
      return absl::InvalidArgumentError(absl::StrCat(what, question.status().message()));
    }
    if (file_.questions.size() == kMaxQuestions) {
      return absl::InvalidArgumentError(
          absl::StrCat("is one more than ", kMaxQuestions, " questions; give the file in parts"));
    }
    question->index = file_.questions.size();
    file_.questions.push_back(*std::move(question));
    return absl::OkStatus();
  }

  absl::StatusOr<QuestionFile> Finish() && {
    if (!file_.questions.empty()) return std::move(file_);
    if (file_.unanswered == 0) return absl::InvalidArgumentError("has no question");
    return absl::InvalidArgumentError(
        absl::StrCat("has no question with an answer; line ", file_.unanswered_example));
  }

 private:
  const QuestionFormat& format_;
  const QuestionKeys& keys_;
  QuestionFile file_;
};

}  // namespace

absl::StatusOr<QuestionFile> ParseQuestionFile(std::string_view bytes, const QuestionFileOptions& options) {
  ASSIGN_OR_RETURN(const QuestionFormat* format, FindQuestionFormat(options.format));
  Collector collector(*format, options.keys);
  RETURN_IF_ERROR(ForEachRecord(bytes, {.list_records = format->list_records},
                                [&](const Record& record) { return collector.Add(record); }));
  return std::move(collector).Finish();
}

absl::StatusOr<QuestionFile> ReadQuestionFile(const std::string& path, const QuestionFileOptions& options) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  auto file = ParseQuestionFile(bytes, options);
  if (file.ok()) return file;
  const std::string message(file.status().message());
  const bool has_line = !message.empty() && absl::ascii_isdigit(static_cast<unsigned char>(message[0]));
  return absl::Status(file.status().code(), absl::StrCat(path, has_line ? ":" : ": ", message));
}

}  // namespace drover::data
