#include "programs/drover/data/inspect.h"

#include <algorithm>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "programs/drover/data/output.h"
#include "verifier/grader.h"

namespace drover::cli {
namespace {

constexpr size_t kShownOdd = 20;
constexpr size_t kShownNames = 20;

uint64_t Characters(std::string_view text) {
  return static_cast<uint64_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool IsNumber(std::string_view text) {
  const size_t sign = text.find_first_not_of("+-");
  return sign <= 1 && text.find_first_not_of("0123456789.,", sign) == std::string_view::npos;
}

// From the plainest to the oddest.
enum class GoldKind { kNumber, kExpression, kText, kOdd };

verifier::Reason ReasonOf(const std::string& gold, const std::string& answer,
                          const verifier::Grader& grader) {
  return grader.Grade({.golds = {gold}, .response = answer, .question = {}, .already_extracted = true}, {})
      .reason;
}

std::string_view WithoutDollars(std::string_view text) {
  const bool around = text.size() > 2 && text.front() == '$' && text.back() == '$';
  return around ? text.substr(1, text.size() - 2) : text;
}

// A gold is compared by value when it also equals itself in brackets, which is another text. (The gold of `countdown` is a
// task, and is read or not.)
GoldKind KindOf(const std::string& gold, const verifier::Grader& grader, bool is_math, std::string* reason) {
  constexpr char kSomeNumber[] = "123457";
  const verifier::Reason foreign = ReasonOf(gold, kSomeNumber, grader);
  if (foreign == verifier::Reason::kUnparsedGold || foreign == verifier::Reason::kInvalidRequest) {
    *reason = verifier::ReasonName(foreign);
    return GoldKind::kOdd;
  }
  if (IsNumber(gold)) return GoldKind::kNumber;
  if (!is_math) return GoldKind::kText;
  const std::string_view bare = WithoutDollars(gold);
  const verifier::Reason bracketed = ReasonOf(gold, std::string("(").append(bare).append(")"), grader);
  if (bracketed == verifier::Reason::kEqualText) return GoldKind::kText;
  if (verifier::ReasonIsEqual(bracketed)) return GoldKind::kExpression;
  *reason = "as_written";
  return GoldKind::kOdd;
}

void AddAnswers(const data::Question& question, const verifier::Grader& grader, bool is_math,
                QuestionSummary& summary) {
  GoldKind worst = GoldKind::kNumber;
  for (const std::string& gold : question.gold) {
    std::string reason;
    const GoldKind kind = KindOf(gold, grader, is_math, &reason);
    if (kind == GoldKind::kOdd) summary.odd.push_back({question.index, gold, reason});
    worst = std::max(worst, kind);
  }
  summary.numbers += worst == GoldKind::kNumber;
  summary.expressions += worst == GoldKind::kExpression;
  summary.texts += worst == GoldKind::kText;
  summary.odd_questions += worst == GoldKind::kOdd;
}

void AddLabels(const data::Question& question, QuestionSummary& summary) {
  ++summary.levels[question.level];
  ++summary.subjects[question.subject];
  ++summary.sources[question.source];
  if (!question.pass_rate) return;
  ++summary.rated;
  summary.rates += *question.pass_rate;
  ++summary.rate_bins[std::min<size_t>(9, static_cast<size_t>(*question.pass_rate * 10))];
}

// Of a summary that has lengths: the one that `share` of them are below.
uint64_t Quantile(const std::vector<uint64_t>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

// Names by how often they come; nothing where none is said.
std::string Names(const std::map<std::string, uint64_t>& counts) {
  std::vector<std::pair<uint64_t, std::string>> ordered;
  for (const auto& [name, count] : counts) ordered.emplace_back(count, name.empty() ? "not said" : name);
  if (counts.size() == 1 && counts.begin()->first.empty()) return "";
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> parts;
  for (const auto& [count, name] : ordered) {
    if (parts.size() == kShownNames) break;
    parts.push_back(absl::StrCat(name, " ", count));
  }
  if (ordered.size() > kShownNames)
    parts.push_back(absl::StrCat("and ", ordered.size() - kShownNames, " more"));
  return absl::StrJoin(parts, ", ");
}

std::string Levels(const std::map<uint32_t, uint64_t>& counts) {
  if (counts.size() == 1 && counts.begin()->first == 0) return "";
  return absl::StrJoin(counts, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.first == 0 ? "not said" : absl::StrCat(entry.first), ": ", entry.second);
  });
}

void AddRow(std::string& text, const char* name, const std::string& value) {
  if (!value.empty()) absl::StrAppendFormat(&text, "  %-10s %s\n", name, value);
}

std::string Rates(const QuestionSummary& summary) {
  if (summary.rated == 0) return "";
  std::vector<std::string> bins;
  for (size_t i = 0; i < summary.rate_bins.size(); ++i) {
    bins.push_back(absl::StrFormat("%.1f: %d", static_cast<double>(i) / 10, summary.rate_bins[i]));
  }
  return absl::StrFormat("of %d, %.3f on average; from %s", summary.rated,
                         summary.rates / static_cast<double>(summary.rated), absl::StrJoin(bins, ", "));
}

}  // namespace

QuestionSummary Summarize(const data::QuestionFile& file, const std::string& grader) {
  const verifier::Grader& grades = *verifier::FindGrader(grader);
  QuestionSummary summary;
  summary.questions = file.questions.size();
  summary.unanswered = file.unanswered;
  summary.unanswered_example = file.unanswered_example;
  absl::flat_hash_map<std::string, const data::Question*> first;
  for (const data::Question& question : file.questions) {
    summary.lengths.push_back(Characters(question.text));
    const auto [entry, is_new] = first.try_emplace(data::QuestionKey(question.text), &question);
    summary.repeated += !is_new;
    summary.repeated_otherwise += entry->second->gold != question.gold;
    AddAnswers(question, grades, grader == "math", summary);
    AddLabels(question, summary);
  }
  std::sort(summary.lengths.begin(), summary.lengths.end());
  return summary;
}

std::string ToText(const QuestionSummary& summary, const std::string& path, const std::string& format) {
  std::string text = absl::StrCat(path, ": ", summary.questions, " questions (", format, ")\n");
  if (summary.unanswered > 0) {
    AddRow(text, "left out",
           absl::StrCat(summary.unanswered, " records without an answer; the first is line ",
                        summary.unanswered_example));
  }
  if (!summary.lengths.empty()) {
    AddRow(text, "characters",
           absl::StrCat(summary.lengths.front(), " shortest, ", Quantile(summary.lengths, 0.5), " median, ",
                        Quantile(summary.lengths, 0.9), " at nine tenths, ", summary.lengths.back(),
                        " longest"));
  }
  AddRow(text, "repeated",
         absl::StrCat(summary.repeated, " questions, ", summary.repeated_otherwise,
                      " of them with another answer"));
  AddRow(text, "answers",
         absl::StrCat(summary.numbers, " numbers, ", summary.expressions, " expressions, ", summary.texts,
                      " words, ", summary.odd_questions, " odd"));
  for (size_t i = 0; i < std::min(summary.odd.size(), kShownOdd); ++i) {
    const OddGold& gold = summary.odd[i];
    AddRow(text, "",
           absl::StrCat("question ", gold.question + 1, ": ", Shown(gold.gold), " (", gold.reason, ")"));
  }
  if (summary.odd.size() > kShownOdd) AddRow(text, "", "... all of them with --json");
  AddRow(text, "levels", Levels(summary.levels));
  AddRow(text, "subjects", Names(summary.subjects));
  AddRow(text, "sources", Names(summary.sources));
  AddRow(text, "pass rate", Rates(summary));
  return text;
}

std::string ToJson(const QuestionSummary& summary, const std::string& path, const std::string& format) {
  nlohmann::ordered_json json = {{"file", path},
                                 {"format", format},
                                 {"questions", summary.questions},
                                 {"unanswered", summary.unanswered}};
  json["characters"] = nullptr;
  if (!summary.lengths.empty()) {
    json["characters"] = {{"shortest", summary.lengths.front()},
                          {"median", Quantile(summary.lengths, 0.5)},
                          {"nine_tenths", Quantile(summary.lengths, 0.9)},
                          {"longest", summary.lengths.back()}};
  }
  json["repeated"] = summary.repeated;
  json["repeated_otherwise"] = summary.repeated_otherwise;
  json["answers"] = {{"numbers", summary.numbers},
                     {"expressions", summary.expressions},
                     {"texts", summary.texts},
                     {"odd", summary.odd_questions}};
  json["odd"] = nlohmann::ordered_json::array();
  for (const OddGold& gold : summary.odd) {
    json["odd"].push_back({{"question", gold.question}, {"gold", gold.gold}, {"reason", gold.reason}});
  }
  json["levels"] = nlohmann::ordered_json::object();
  for (const auto& [level, count] : summary.levels) json["levels"][std::to_string(level)] = count;
  json["subjects"] = summary.subjects;
  json["sources"] = summary.sources;
  json["pass_rate"] = nullptr;
  if (summary.rated > 0) {
    json["pass_rate"] = {{"questions", summary.rated},
                         {"mean", summary.rates / static_cast<double>(summary.rated)},
                         {"bins", summary.rate_bins}};
  }
  return json.dump() + "\n";
}

}  // namespace drover::cli
