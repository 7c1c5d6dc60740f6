#include "programs/drover/data/contamination_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "programs/drover/data/output.h"

namespace drover::cli {
namespace {

constexpr size_t kShown = 10;  // questions of a pair, as text

ContaminationPair CompareOne(const NamedQuestions& train, const data::TrainingText& text,
                             const NamedQuestions& eval) {
  ContaminationPair pair = {
      .train = train.path, .eval = eval.path, .questions = eval.questions.size(), .found = {}};
  for (const data::Question& question : eval.questions) {
    const data::OverlapResult overlap = text.Find(question.text);
    if (overlap.kind == data::Overlap::kNone) continue;
    ++(overlap.kind == data::Overlap::kSame ? pair.same : pair.runs);
    pair.found.push_back({question.index, question.text, overlap});
  }
  return pair;
}

std::string FoundLine(const FoundQuestion& found) {
  const std::string how = found.overlap.kind == data::Overlap::kSame
                              ? "the same as"
                              : absl::StrFormat("%.0f %% of its runs, first in", 100 * found.overlap.share);
  return absl::StrCat("    question ", found.question + 1, " ", Shown(found.text), ": ", how, " question ",
                      found.overlap.training + 1, "\n");
}

}  // namespace

std::vector<ContaminationPair> Compare(const std::vector<NamedQuestions>& train,
                                       const std::vector<NamedQuestions>& eval,
                                       const data::OverlapOptions& options) {
  std::vector<ContaminationPair> pairs;
  for (const NamedQuestions& set : train) {
    data::TrainingText text(options);
    for (const data::Question& question : set.questions) text.Add(question.text, question.index);
    for (const NamedQuestions& asked : eval) pairs.push_back(CompareOne(set, text, asked));
  }
  return pairs;
}

std::string ToText(const std::vector<ContaminationPair>& pairs, const data::OverlapOptions& options) {
  std::string text;
  for (const ContaminationPair& pair : pairs) {
    absl::StrAppend(&text, pair.eval, " in ", pair.train, ": of ", pair.questions, " questions ", pair.same,
                    " are the same (", Percent(pair.same, pair.questions), "), ", pair.runs, " more have ",
                    absl::StrFormat("%.0f %%", 100 * options.threshold), " of their runs of ", options.words,
                    " words there\n");
    for (size_t i = 0; i < pair.found.size() && i < kShown; ++i)
      absl::StrAppend(&text, FoundLine(pair.found[i]));
    if (pair.found.size() > kShown)
      absl::StrAppend(&text, "    ... and ", pair.found.size() - kShown, " more, all of them with --json\n");
  }
  return text;
}

std::string ToJson(const std::vector<ContaminationPair>& pairs, const data::OverlapOptions& options) {
  nlohmann::ordered_json json = {
      {"words", options.words}, {"threshold", options.threshold}, {"pairs", nlohmann::ordered_json::array()}};
  for (const ContaminationPair& pair : pairs) {
    nlohmann::ordered_json found = nlohmann::ordered_json::array();
    for (const FoundQuestion& each : pair.found) {
      found.push_back({{"question", each.question},
                       {"training", each.overlap.training},
                       {"kind", each.overlap.kind == data::Overlap::kSame ? "same" : "runs"},
                       {"share", each.overlap.share}});
    }
    json["pairs"].push_back({{"eval", pair.eval},
                             {"train", pair.train},
                             {"questions", pair.questions},
                             {"same", pair.same},
                             {"runs", pair.runs},
                             {"found", found}});
  }
  return json.dump() + "\n";
}

}  // namespace drover::cli
