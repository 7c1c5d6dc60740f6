#include "programs/drover/grading/explain_command.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status.h"
#include "services/grading/grade_lines.h"
#include "services/grading/grade_one.h"
#include "services/grading/line_reader.h"
#include "verifier/grader.h"
#include "verifier/utf8.h"

namespace drover::grading {
namespace {

constexpr size_t kShownBytes = 1000;

// `id` is JSON text: the string "a" is also found as a.
bool IsId(const std::string& id, const std::string& wanted) {
  return id == wanted || id == absl::StrCat("\"", wanted, "\"");
}

absl::StatusOr<v1::GradeRequest> FindLine(const ExplainOptions& options) {
  std::ifstream in(options.in, std::ios::binary);
  if (!in) return ErrnoError(options.in, "open");
  LineReader reader(in);
  size_t lines = 0;
  for (std::string text;;) {
    const absl::StatusOr<bool> more = reader.Next(&text);
    const std::string where = absl::StrCat(options.in, ":", reader.number());
    if (!more.ok()) return Annotate(more.status(), where);
    if (!*more) break;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    ++lines;
    auto line = ParseGradeLine(
        text, {.format = options.format, .grader = options.grader, .options = options.options});
    if (!line.ok()) return Annotate(line.status(), where);
    if (IsId(line->id, options.id)) return std::move(line->request);
  }
  return absl::NotFoundError(
      absl::StrCat(options.in, ": none of its ", lines, " lines has the id ", options.id));
}

absl::StatusOr<std::string> ReadResponse(const std::string& path) {
  if (path != "-") return ReadFile(path);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

absl::StatusOr<v1::GradeRequest> FromFlags(const ExplainOptions& options) {
  const int given =
      options.response.has_value() + options.answer.has_value() + !options.response_file.empty();
  if (options.golds.empty() || given != 1) {
    return absl::InvalidArgumentError(
        "give --gold and exactly one of --response, --answer and --response-file, or --in and --id");
  }
  v1::GradeRequest request;
  for (const std::string& gold : options.golds) request.add_gold(gold);
  request.set_format(options.format);
  request.set_grader(options.grader);
  *request.mutable_options() = options.options;
  request.set_question(options.question);
  request.set_already_extracted(options.answer.has_value());
  if (options.response_file.empty()) {
    request.set_response(options.answer.has_value() ? *options.answer : *options.response);
    return request;
  }
  ASSIGN_OR_RETURN(std::string response, ReadResponse(options.response_file));
  request.set_response(std::move(response));
  return request;
}

absl::StatusOr<v1::GradeRequest> Find(const ExplainOptions& options) {
  if (options.in.empty() && options.id.empty()) return FromFlags(options);
  const bool both = !options.in.empty() && !options.id.empty();
  const bool flags = !options.golds.empty() || options.response.has_value() || options.answer.has_value() ||
                     !options.response_file.empty();
  if (!both || flags) {
    return absl::InvalidArgumentError("--in and --id go together, and instead of --gold and a response");
  }
  return FindLine(options);
}

// Graders other than math have no trees to show.
std::string ExplainOther(const v1::GradeRequest& request) {
  const v1::GradeResult result = GradeOne(request);
  const auto line = [](const char* label, std::string_view text) {
    return absl::StrCat("  ", label, verifier::Printable(text, kShownBytes), "\n");
  };
  std::string out = absl::StrCat(result.reason(), ": reward ", result.reward(), "\n");
  out += line("grader        ", request.grader());
  out += line("answer        ", result.extracted().empty() ? "(none found)" : result.extracted());
  for (const std::string& gold : request.gold()) out += line("gold          ", gold);
  return out;
}

}  // namespace

absl::StatusOr<std::string> ExplainToText(const ExplainOptions& options) {
  ASSIGN_OR_RETURN(const v1::GradeRequest request, Find(options));
  RETURN_IF_ERROR(CheckRequest(request));
  if (request.grader() != "math") return ExplainOther(request);
  return verifier::ExplainGrade(ToVerifier(request), OptionsOf(request));
}

}  // namespace drover::grading
