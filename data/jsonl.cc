#include "data/jsonl.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "data/nested_key.h"
#include "model/jinja/chat_template.h"
#include "nlohmann/json.hpp"

namespace drover::data {
namespace {

// Keeps what stands at the two keys, numbers as they are written. (A parsed tree would have turned 1.50 into 1.5.)
class QuestionHandler {
 public:
  using Number = nlohmann::json;

  explicit QuestionHandler(const QuestionKeys& keys) : keys_(keys) {}

  bool null() { return Other("null"); }
  bool boolean(bool) { return Other("true or false"); }
  bool number_integer(Number::number_integer_t value) { return Scalar(absl::StrCat(value), "a number"); }
  bool number_unsigned(Number::number_unsigned_t value) { return Scalar(absl::StrCat(value), "a number"); }
  bool number_float(Number::number_float_t, const std::string& text) { return Scalar(text, "a number"); }
  bool string(std::string& text) { return Scalar(text, "a text"); }
  bool binary(Number::binary_t&) { return Other("binary data"); }

  bool start_object(size_t) {
    if (!open_.empty()) Other("an object");
    open_.push_back(path_.size());
    return true;
  }
  bool end_object() {
    path_.resize(open_.back());
    open_.pop_back();
    return true;
  }
  bool start_array(size_t) {
    if (!open_.empty() && lists_ == 0 && path_ == keys_.answer) {
      in_answer_list_ = answered_ = true;
    } else if (keys_.chats && !open_.empty() && InProblem()) {
      chat_ = true;
    } else {
      Other("a list");
    }
    ++lists_;
    open_.push_back(path_.size());
    return true;
  }
  bool end_array() {
    if (--lists_ == 0) in_answer_list_ = false;
    open_.pop_back();
    return true;
  }
  bool key(std::string& name) {
    path_.resize(open_.back());
    absl::StrAppend(&path_, path_.empty() ? "" : ".", name);
    if (lists_ > 0) return true;
    if (path_ == keys_.problem && std::exchange(problem_seen_, true)) Fail("has `", path_, "` twice");
    if (path_ == keys_.answer && std::exchange(answer_seen_, true)) Fail("has `", path_, "` twice");
    return true;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_ = absl::StrCat("is not JSON (byte ", position, ")");
    return false;
  }

  // The question is a list: what is in it is the caller's to read.
  bool chat() const { return chat_; }

  absl::StatusOr<Question> Finish() && {
    if (chat_) problem_ = "(a chat)";
    if (!problem_.has_value()) Fail("has no `", keys_.problem, "`");
    if (problem_.has_value() && absl::StripAsciiWhitespace(*problem_).empty()) {
      Fail("`", keys_.problem, "` is empty");
    }
    if (!answered_) Fail("has no `", keys_.answer, "`");
    if (entries_ == 0) Fail("`", keys_.answer, "` is an empty list");
    if (answers_.empty()) Fail("`", keys_.answer, "` is empty");
    if (!error_.empty()) return absl::InvalidArgumentError(error_);
    return Question{.text = *std::move(problem_), .gold = std::move(answers_)};
  }

 private:
  // The first error counts.
  template <typename... Parts>
  void Fail(const Parts&... parts) {
    if (error_.empty()) error_ = absl::StrCat(parts...);
  }

  bool InProblem() const { return lists_ == 0 && path_ == keys_.problem; }
  // Its value, or an entry of the list that it is.
  bool InAnswer() const {
    if (path_ != keys_.answer) return false;
    return lists_ == 0 || (lists_ == 1 && in_answer_list_);
  }

  bool Scalar(std::string text, const char* type) {
    if (open_.empty()) Fail("is ", type, ", must be an object");
    if (open_.empty()) return true;
    if (InProblem()) {
      if (type != std::string_view("a text")) return WrongType(type);
      problem_ = std::move(text);
    } else if (InAnswer()) {
      AddAnswer(absl::StripAsciiWhitespace(text));
    }
    return true;
  }

  void AddAnswer(absl::string_view answer) {
    answered_ = true;
    if (++entries_ > kMaxAnswers) return Fail("`", keys_.answer, "` has over ", kMaxAnswers, " entries");
    if (!answer.empty()) answers_.emplace_back(answer);
  }

  // A value that neither key may have.
  bool Other(const char* type) {
    if (open_.empty()) Fail("is ", type, ", must be an object");
    if (!open_.empty() && (InAnswer() || InProblem())) WrongType(type);
    return true;
  }

  bool WrongType(const char* type) {
    if (InProblem()) {
      Fail("`", keys_.problem, "` is ", type, ", must be a text");
    } else {
      Fail("`", keys_.answer, "` has ", type, ", may be a text, a number, or a list of these");
    }
    return true;
  }

  const QuestionKeys& keys_;
  // Of the value that comes next: names of the objects around it and its own, joined by dots.
  std::string path_;
  std::vector<size_t> open_;  // for each object and list around it: the length of that one's own path
  size_t lists_ = 0;          // how many of them are lists
  bool in_answer_list_ = false;
  bool chat_ = false;
  bool problem_seen_ = false, answer_seen_ = false, answered_ = false;
  std::optional<std::string> problem_;
  size_t entries_ = 0;
  std::vector<std::string> answers_;
  std::string error_;
};

using Json = model::jinja::Json;

// Reads the chat that the question of `line`, which is JSON, is.
absl::Status ReadChat(std::string_view line, const QuestionKeys& keys, Question& question) {
  const Json whole = Json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  const Json* messages = ValueAt(whole, keys.problem);
  if (messages == nullptr) return absl::InvalidArgumentError(absl::StrCat("has no `", keys.problem, "`"));
  const absl::Status valid = model::jinja::CheckMessages(*messages);
  if (!valid.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("`", keys.problem, "` ", valid.message()));
  }
  std::vector<std::string> contents;
  for (const Json& message : *messages) {
    if (message.at("role") != "system") contents.push_back(message.at("content").get<std::string>());
  }
  question.text = absl::StrJoin(contents, "\n");
  question.messages = messages->dump();
  if (!absl::StripAsciiWhitespace(question.text).empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("`", keys.problem, "` is empty"));
}

}  // namespace

absl::StatusOr<Question> ParseQuestion(std::string_view line, const QuestionKeys& keys) {
  if (line.size() > kMaxLineBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", line.size(), " bytes long, may be at most ", kMaxLineBytes));
  }
  QuestionHandler handler(keys);
  nlohmann::json::sax_parse(line.begin(), line.end(), &handler);
  const bool chat = handler.chat();
  ASSIGN_OR_RETURN(Question question, std::move(handler).Finish());
  if (chat) RETURN_IF_ERROR(ReadChat(line, keys, question));
  return question;
}

}  // namespace drover::data
