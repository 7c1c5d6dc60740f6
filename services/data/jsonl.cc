#include "services/data/jsonl.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace drover::data {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

// Keeps `problem` and `answer` of the outermost object, numbers as they are written. (A parsed tree would
// have turned 1.50 into 1.5.)
class QuestionHandler {
 public:
  using Number = nlohmann::json;

  bool null() { return Other("null"); }
  bool boolean(bool) { return Other("true or false"); }
  bool number_integer(Number::number_integer_t value) { return Scalar(absl::StrCat(value), "a number"); }
  bool number_unsigned(Number::number_unsigned_t value) { return Scalar(absl::StrCat(value), "a number"); }
  bool number_float(Number::number_float_t, const std::string& text) { return Scalar(text, "a number"); }
  bool string(std::string& text) { return Scalar(text, "a text"); }
  bool binary(Number::binary_t&) { return Other("binary data"); }

  bool start_object(size_t) {
    if (depth_ > 0) Other("an object");
    ++depth_;
    return true;
  }
  bool end_object() {
    --depth_;
    return true;
  }
  bool start_array(size_t) {
    if (depth_ == 1 && key_ == "answer") {
      in_answer_list_ = answered_ = true;
    } else {
      Other("a list");
    }
    ++depth_;
    return true;
  }
  bool end_array() {
    if (--depth_ == 1) in_answer_list_ = false;
    return true;
  }
  bool key(std::string& name) {
    if (depth_ == 1) key_ = name;
    return true;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_ = absl::StrCat("is not JSON (byte ", position, ")");
    return false;
  }

  absl::StatusOr<Question> Finish() && {
    if (!error_.empty()) return absl::InvalidArgumentError(error_);
    if (!problem_.has_value()) return absl::InvalidArgumentError("has no `problem`");
    if (problem_->empty()) return absl::InvalidArgumentError("`problem` is empty");
    if (!answered_) return absl::InvalidArgumentError("has no `answer`");
    if (answers_.empty()) return absl::InvalidArgumentError("`answer` is an empty list");
    return Question{.text = *std::move(problem_), .gold = std::move(answers_)};
  }

 private:
  bool InAnswer() const { return (depth_ == 1 && key_ == "answer") || (depth_ == 2 && in_answer_list_); }

  bool Scalar(std::string text, const char* type) {
    if (depth_ == 0) error_ = absl::StrCat("is ", type, ", must be an object");
    if (depth_ == 1 && key_ == "problem") {
      if (type != std::string_view("a text")) return WrongType(type);
      problem_ = std::move(text);
    } else if (InAnswer()) {
      if (answers_.size() == kMaxAnswers) {
        error_ = absl::StrCat("`answer` has over ", kMaxAnswers, " entries");
        return true;
      }
      answered_ = true;
      answers_.push_back(std::move(text));
    }
    return true;
  }

  // A value that neither key may have.
  bool Other(const char* type) {
    if (depth_ == 0) error_ = absl::StrCat("is ", type, ", must be an object");
    if (InAnswer() || (depth_ == 1 && key_ == "problem")) WrongType(type);
    return true;
  }

  bool WrongType(const char* type) {
    if (!error_.empty()) return true;
    error_ = key_ == "problem"
                 ? absl::StrCat("`problem` is ", type, ", must be a text")
                 : absl::StrCat("`answer` has ", type, ", may be a text, a number, or a list of these");
    return true;
  }

  int depth_ = 0;
  bool in_answer_list_ = false;
  bool answered_ = false;
  std::string key_;
  std::optional<std::string> problem_;
  std::vector<std::string> answers_;
  std::string error_;
};

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

absl::StatusOr<Question> ParseQuestion(std::string_view line) {
  if (line.size() > kMaxLineBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", line.size(), " bytes long, may be at most ", kMaxLineBytes));
  }
  QuestionHandler handler;
  nlohmann::json::sax_parse(line.begin(), line.end(), &handler);
  return std::move(handler).Finish();
}

absl::StatusOr<std::vector<Question>> ReadQuestions(const std::string& path, size_t limit) {
  ASSIGN_OR_RETURN(const std::string file, ReadFile(path, kMaxFileBytes));
  std::vector<Question> questions;
  std::string_view rest = file;
  for (size_t number = 1; !rest.empty() && questions.size() < limit; ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (IsBlank(line)) continue;
    absl::StatusOr<Question> question = ParseQuestion(line);
    if (!question.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": the line ", question.status().message()));
    }
    question->index = questions.size();
    questions.push_back(*std::move(question));
  }
  if (questions.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no question"));
  return questions;
}

}  // namespace drover::data
