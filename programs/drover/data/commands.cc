#include "programs/drover/data/commands.h"

#include <cstdio>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "data/question_filter.h"
#include "programs/drover/data/inspect.h"
#include "programs/drover/data/output.h"
#include "verifier/grader.h"

namespace drover::cli {

absl::Status InspectData(const DataInspectOptions& options) {
  if (verifier::FindGrader(options.grader) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("--grader is \"", options.grader, "\"; it may be ",
                                                   absl::StrJoin(verifier::GraderNames(), ", ")));
  }
  ASSIGN_OR_RETURN(const data::QuestionFile file,
                   data::ReadQuestionFile(options.in.path, options.in.options));
  const QuestionSummary summary = Summarize(file, options.grader);
  const std::string& format = options.in.options.format;
  return WriteOutput("-", options.json ? ToJson(summary, options.in.path, format)
                                       : ToText(summary, options.in.path, format));
}

absl::Status ConvertData(const DataConvertOptions& options) {
  data::QuestionFilter filter;
  auto levels = data::ParseLevels(options.levels);
  if (!levels.ok()) return Annotate(levels.status(), "--levels");
  filter.levels = *std::move(levels);
  filter.subjects = options.subjects;
  ASSIGN_OR_RETURN(const data::QuestionFile file,
                   data::ReadQuestionFile(options.in.path, options.in.options));
  absl::flat_hash_set<std::string> seen;
  std::string lines;
  uint64_t written = 0, unwanted = 0, repeated = 0;
  for (const data::Question& question : file.questions) {
    if (!filter.Keeps(question)) {
      ++unwanted;
    } else if (options.unique && !seen.insert(data::QuestionKey(question.text)).second) {
      ++repeated;
    } else {
      ++written;
      lines += QuestionLine(question);
    }
  }
  if (written == 0) {
    return absl::InvalidArgumentError(absl::StrCat(options.in.path, ": none of its ", file.questions.size(),
                                                   " questions is of --levels and --subject"));
  }
  RETURN_IF_ERROR(WriteOutput(options.out, lines));
  std::fprintf(
      stderr, "%s\n",
      absl::StrCat(written, " questions written; left out: ", file.unanswered, " without an answer, ",
                   unwanted, " of other levels or subjects, ", repeated, " repeated")
          .c_str());
  return absl::OkStatus();
}

}  // namespace drover::cli
