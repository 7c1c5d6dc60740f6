#include "data/question_formats.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "data/trim.h"

namespace drover::data {
namespace {

using std::string_view;

// The first of `paths` that holds a text or a number which is not blank; empty without one.
string_view FirstText(const FlatJson& record, std::initializer_list<string_view> paths) {
  for (const string_view path : paths) {
    if (const string_view text = record.Text(path); !text.empty()) return text;
  }
  return {};
}

absl::Status Missing(std::initializer_list<string_view> paths) {
  return absl::InvalidArgumentError(absl::StrCat(
      "has no text in `",
      absl::StrJoin(paths, "` or `", [](std::string* out, string_view path) { out->append(path); }), "`"));
}

absl::Status Unanswered(string_view why) { return absl::FailedPreconditionError(ToAbsl(why)); }

Question MakeQuestion(string_view text, string_view answer) {
  Question question;
  question.text = std::string(text);
  question.gold.emplace_back(answer);
  return question;
}

// A question with its labels, or why it has no answer.
absl::StatusOr<Question> Answered(const FlatJson& record, string_view text, string_view answer) {
  if (answer.empty()) return Unanswered("has no answer");
  Question question = MakeQuestion(text, answer);
  RETURN_IF_ERROR(ReadLabels(record, question));
  return question;
}

absl::StatusOr<Question> ReadSolved(const FlatJson& record, std::initializer_list<string_view> problems,
                                    string_view answer) {
  const string_view problem = FirstText(record, problems);
  if (problem.empty()) return Missing(problems);
  if (!answer.empty()) return Answered(record, problem, answer);
  const string_view solution = FirstText(record, {"solution", "output"});
  const string_view boxed = LastBoxed(solution);
  if (boxed.empty())
    return Unanswered(solution.empty() ? "has no answer and no solution"
                                       : "has no \\boxed{} in its solution");
  return Answered(record, problem, boxed);
}

absl::StatusOr<Question> ReadMath(const FlatJson& record) {
  return ReadSolved(record, {"problem", "question"},
                    FirstText(record, {"answer", "gt_answer", "ground_truth_answer"}));
}

// NuminaMath-1.5 says of proofs and of answers that were not found that they are so.
absl::StatusOr<Question> ReadNumina(const FlatJson& record) {
  string_view answer = record.Text("answer");
  if (answer == "proof") return Unanswered("asks for a proof");
  if (answer == "notfound") answer = {};
  auto question = ReadSolved(record, {"problem"}, answer);
  if (question.ok() && question->subject.empty())
    question->subject = std::string(record.Text("problem_type"));
  return question;
}

// Without the calculator's marks: "48/2=<<48/2=24>>24" is "48/2=24".
std::string WithoutMarks(string_view text) {
  std::string plain(text);
  for (size_t begin = 0; (begin = plain.find("<<", begin)) != std::string::npos;) {
    const size_t end = plain.find(">>", begin);
    if (end == std::string::npos) break;
    plain.erase(begin, end + 2 - begin);
  }
  return plain;
}

// "1,000,000" without its commas; anything that is not digits in threes as it is.
std::string WithoutThousandsCommas(string_view number) {
  std::string plain;
  const size_t first = number.find(',');
  if (first == string_view::npos) return std::string(number);
  for (size_t i = 0; i < number.size(); ++i) {
    const bool separates =
        number[i] == ',' && i > 0 && absl::ascii_isdigit(static_cast<unsigned char>(number[i - 1]));
    if (!separates) {
      plain += number[i];
      continue;
    }
    const string_view group = number.substr(i + 1, 3);
    const bool digits = group.size() == 3 && std::all_of(group.begin(), group.end(), [](unsigned char c) {
                          return absl::ascii_isdigit(c);
                        });
    const bool ends =
        i + 4 >= number.size() || !absl::ascii_isdigit(static_cast<unsigned char>(number[i + 4]));
    if (!digits || !ends) return std::string(number);
  }
  return plain;
}

// An answer without ####, as in copies that kept the number alone, must be short enough to be one.
absl::StatusOr<Question> ReadGsm8k(const FlatJson& record) {
  constexpr size_t kLongestBareAnswer = 64;
  const string_view problem = FirstText(record, {"question", "problem"});
  if (problem.empty()) return Missing({"question", "problem"});
  const string_view solution = record.Text("answer");
  const size_t marks = solution.rfind("####");
  string_view answer = solution;
  if (marks != string_view::npos) {
    answer = Trim(solution.substr(marks + 4));
  } else if (solution.size() > kLongestBareAnswer || solution.find('\n') != string_view::npos) {
    return Unanswered("has no #### in its answer");
  }
  const std::string bare = WithoutThousandsCommas(Trim(WithoutMarks(answer)));
  return Answered(record, problem,
                  bare.starts_with("$") ? Trim(string_view(bare).substr(1)) : string_view(bare));
}

// "9 (apples)" is 9, "30 (apples); 5 (pears)" is 30, 5.
std::string WithoutUnits(string_view answer) {
  std::vector<std::string> parts;
  for (const auto piece : absl::StrSplit(ToAbsl(answer), ';')) {
    string_view part = Trim(ToStd(piece));
    const size_t open = part.rfind('(');
    if (open != string_view::npos && open > 0 && part.ends_with(")")) part = Trim(part.substr(0, open));
    if (!part.empty()) parts.push_back(WithoutThousandsCommas(part));
  }
  return absl::StrJoin(parts, ", ");
}

// Body and question are two texts of one problem; copies that joined them have `problem`.
absl::StatusOr<Question> ReadAsdiv(const FlatJson& record) {
  const string_view body = FirstText(record, {"body", "Body"});
  const string_view asked = FirstText(record, {"question", "Question", "problem"});
  if (asked.empty()) return Missing({"question", "problem"});
  const std::string problem =
      body.empty() ? std::string(asked) : absl::StrCat(ToAbsl(body), " ", ToAbsl(asked));
  auto question = Answered(record, problem, WithoutUnits(FirstText(record, {"answer", "Answer"})));
  if (!question.ok()) return question;
  const string_view grade = FirstText(record, {"grade", "Grade", "@Grade"});
  if (uint32_t level = 0; absl::SimpleAtoi(ToAbsl(grade), &level)) question->level = level;
  const string_view type = FirstText(record, {"solution_type", "Solution-Type"});
  if (!type.empty()) question->subject = std::string(type);
  return question;
}

// The list itself, the object {"0": ..., "1": ...} that some tools make of it, a list under `conversations`; of the evaluation
// files a list under `prompt`, with the answer beside it.
absl::StatusOr<Question> ReadOrz(const FlatJson& record) {
  const std::string prefix = record.Has("conversations.0") ? "conversations."
                             : record.Has("prompt.0")      ? "prompt."
                                                           : "";
  string_view problem, answer = record.Text("final_answer");
  for (int i = 0; record.Has(absl::StrCat(prefix, i)); ++i) {
    const std::string turn = absl::StrCat(prefix, i, ".");
    const string_view from = record.Text(turn + "from");
    if (absl::EqualsIgnoreCase(ToAbsl(from), "human") || absl::EqualsIgnoreCase(ToAbsl(from), "user"))
      problem = record.Text(turn + "value");
    if (record.Has(turn + "ground_truth"))
      answer = FirstText(record, {turn + "ground_truth.value", turn + "ground_truth"});
  }
  if (problem.empty()) return absl::InvalidArgumentError("has no turn with `from`: \"human\" and a `value`");
  return Answered(record, problem, answer);
}

// DAPO-Math-17k puts its instruction around each problem; what a run puts around it is the template's to say.
string_view WithoutInstruction(string_view prompt) {
  constexpr string_view kBefore =
      "Solve the following math problem step by step. The last line of your response should be of the form "
      "Answer:";
  constexpr string_view kAfter = "Remember to put your answer on its own line after \"Answer:\".";
  string_view problem = Trim(prompt);
  if (const size_t end = problem.find("\n\n"); problem.starts_with(kBefore) && end != string_view::npos) {
    problem = Trim(problem.substr(end));
  }
  if (problem.ends_with(kAfter)) problem = Trim(problem.substr(0, problem.size() - kAfter.size()));
  return problem;
}

// The last message of a user, or the text that the prompt is.
string_view AskedIn(const FlatJson& record) {
  string_view asked = FirstText(record, {"prompt", "problem"});
  for (int i = 0; record.Has(absl::StrCat("prompt.", i)); ++i) {
    const std::string message = absl::StrCat("prompt.", i, ".");
    if (record.Text(message + "role") == "user") asked = record.Text(message + "content");
  }
  return asked;
}

absl::StatusOr<Question> ReadDapo(const FlatJson& record) {
  const string_view problem = WithoutInstruction(AskedIn(record));
  if (problem.empty())
    return absl::InvalidArgumentError("has no text in `prompt` and no message of a user there");
  auto question = Answered(record, problem,
                           FirstText(record, {"reward_model.ground_truth", "label", "answer", "solution"}));
  if (question.ok() && question->source.empty()) question->source = std::string(record.Text("data_source"));
  return question;
}

absl::StatusOr<Question> ReadBigMath(const FlatJson& record) {
  const string_view problem = record.Text("problem");
  if (problem.empty()) return Missing({"problem"});
  auto question = Answered(record, problem, record.Text("answer"));
  if (!question.ok()) return question;
  if (question->subject.empty()) question->subject = std::string(FirstText(record, {"domain.0", "domain"}));
  const string_view rate = record.Text("llama8b_solve_rate");
  if (double value = 0;
      !question->pass_rate && absl::SimpleAtod(ToAbsl(rate), &value) && value >= 0 && value <= 1) {
    question->pass_rate = value;
  }
  return question;
}

// MATH writes "Level 5", and "Level ?" of a few; others the number.
uint32_t LevelOf(string_view text) {
  if (text.starts_with("Level")) text = Trim(text.substr(5));
  uint32_t level = 0;
  return absl::SimpleAtoi(ToAbsl(text), &level) ? level : 0;
}

}  // namespace

const std::vector<QuestionFormat>& QuestionFormats() {
  static const auto& formats = *new std::vector<QuestionFormat>{
      {kJsonl, "a question and its answer, under keys of your choice", false, nullptr},
      {"asdiv", "ASDiv: units in brackets after the answer", false, ReadAsdiv},
      {"big_math", "Big-Math: with the solve rate of Llama-3.1-8B", false, ReadBigMath},
      {"dapo", "DAPO-Math-17k and other files of verl", false, ReadDapo},
      {"gsm8k", "GSM8K: the answer after ####", false, ReadGsm8k},
      {"math", "MATH: levels, the answer in the solution's last box", false, ReadMath},
      {"numina", "NuminaMath: the answer in the solution's last box", false, ReadNumina},
      {"orz", "Open-Reasoner-Zero: lists of turns", true, ReadOrz},
  };
  return formats;
}

absl::StatusOr<const QuestionFormat*> FindQuestionFormat(string_view name) {
  std::vector<std::string> names;
  for (const QuestionFormat& format : QuestionFormats()) {
    if (format.name == name) return &format;
    names.emplace_back(format.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("got `", ToAbsl(name), "`, may be ", absl::StrJoin(names, ", ")));
}

string_view LastBoxed(string_view solution) {
  size_t box = string_view::npos, after = 0;
  for (const string_view command : {string_view("\\boxed"), string_view("\\fbox")}) {
    const size_t at = solution.rfind(command);
    if (at == string_view::npos || (box != string_view::npos && at < box)) continue;
    box = at;
    after = at + command.size();
  }
  if (box == string_view::npos) return {};
  const size_t content = solution.find_first_not_of(" \n", after);
  if (content == string_view::npos) return {};
  if (solution[content] != '{') {
    if (content == after) return {};  // a longer command
    return Trim(solution.substr(content, solution.find_first_of("$\n", content) - content));
  }
  int depth = 0;
  for (size_t i = content; i < solution.size(); ++i) {
    if (solution[i] == '{') ++depth;
    if (solution[i] == '}' && --depth == 0) return Trim(solution.substr(content + 1, i - content - 1));
  }
  return {};
}

absl::Status ReadLabels(const FlatJson& record, Question& question) {
  question.level = LevelOf(record.Text("level"));
  question.subject = std::string(FirstText(record, {"subject", "type"}));
  question.source = std::string(record.Text("source"));
  const JsonLeaf* rate = record.Find("pass_rate");
  if (rate == nullptr || rate->text == "null") return absl::OkStatus();
  double value = 0;
  if (rate->kind != JsonLeaf::Kind::kNumber || !absl::SimpleAtod(rate->text, &value) || value < 0 ||
      value > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("has a `pass_rate` of ", rate->text, ", may be a number from 0 to 1"));
  }
  question.pass_rate = value;
  return absl::OkStatus();
}

}  // namespace drover::data
