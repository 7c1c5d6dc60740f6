#include "analysis/reflection_rows.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/markdown.h"

namespace drover::analysis {
namespace {

std::string QuestionsText(const Found& found) {
  return absl::StrCat(found.questions, " of ", found.of, ", ",
                      PercentWith(QuestionShare(found), found.questions_interval));
}

std::string SideText(uint64_t count, const statistics::ClusteredShare& accuracy) {
  if (count == 0) return "no response";
  return absl::StrCat(PercentWith(accuracy.share, accuracy.interval), " of ", count);
}

std::vector<std::string> CompareRow(const char* name, const WithAndWithout& compared) {
  return {name,
          SideText(compared.with, compared.accuracy_with),
          SideText(compared.without, compared.accuracy_without),
          PercentWith(compared.difference, compared.interval),
          compared.both_kinds == 0 ? "no question has both"
                                   : absl::StrCat(PercentWith(compared.within, compared.within_interval),
                                                  " over ", compared.both_kinds),
          absl::StrCat(Fixed(compared.tokens_with, 0), " / ", Fixed(compared.tokens_without, 0))};
}

}  // namespace

const char kFoundExplained[] =
    "A response counts by keywords when one of the words below is in it, in any case; of a question, when at "
    "least one of its "
    "responses does. Intervals are 95 %, of responses clustered by question.\n";
const char kCompareExplained[] =
    "The difference compares all responses of the two kinds, so also different questions: hard ones may make "
    "a model reflect and "
    "fail. Within questions only those count that have responses of both kinds. An interval that holds 0 "
    "says that the difference "
    "may be chance.\n";

std::string PlaceText(double x) { return absl::StrFormat("%g", x); }

double QuestionShare(const Found& found) {
  return found.of == 0 ? std::numeric_limits<double>::quiet_NaN()
                       : static_cast<double>(found.questions) / static_cast<double>(found.of);
}

std::vector<FoundBy> FoundByAll(const ReflectionGroup& group) {
  std::vector<FoundBy> all = {{"keywords", &group.by_keywords}};
  if (group.by_judge.has_value()) all.push_back({"judge", &*group.by_judge});
  if (group.by_both.has_value()) all.push_back({"both", &*group.by_both});
  return all;
}

const WithAndWithout& Compared(const ReflectionGroup& group) {
  return group.judge_accuracy.has_value() ? *group.judge_accuracy : group.keywords_accuracy;
}

std::vector<std::string> FoundHead() {
  return {"responses", "found by", "of the responses", "of the questions"};
}

std::vector<std::vector<std::string>> FoundRows(const ReflectionGroup& group) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, found] : FoundByAll(group)) {
    rows.push_back({absl::StrCat(group.responses), name,
                    PercentWith(found->responses.share, found->responses.interval), QuestionsText(*found)});
  }
  return rows;
}

std::vector<std::string> CompareHead() {
  return {"found by",   "right, with reflection",      "right, without",
          "difference", "difference within questions", "tokens with / without"};
}

std::vector<std::vector<std::string>> CompareRows(const ReflectionGroup& group) {
  std::vector<std::vector<std::string>> rows = {CompareRow("keywords", group.keywords_accuracy)};
  if (group.judge_accuracy.has_value()) rows.push_back(CompareRow("judge", *group.judge_accuracy));
  return rows;
}

std::vector<std::string> CategoryHead() {
  std::vector<std::string> head = ReflectionTask().verdicts;
  head.push_back("not understood");
  return head;
}

std::vector<std::vector<std::string>> CategoryRows(const ReflectionGroup& group) {
  std::vector<std::string> row;
  for (uint64_t count : group.categories) row.push_back(absl::StrCat(count));
  row.push_back(absl::StrCat(group.not_understood));
  return {row};
}

plot::XyPoint SharePoint(double x, const Found& found, bool questions) {
  const statistics::Interval& interval = questions ? found.questions_interval : found.responses.interval;
  return {x, questions ? QuestionShare(found) : found.responses.share,
          plot::Interval{interval.low, interval.high}};
}

plot::Bar AccuracyBar(const statistics::ClusteredShare& accuracy) {
  return {accuracy.share, plot::Interval{accuracy.interval.low, accuracy.interval.high}};
}

}  // namespace drover::analysis
