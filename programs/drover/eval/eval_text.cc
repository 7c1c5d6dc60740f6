#include "programs/drover/eval/eval_text.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluation/published.h"
#include "programs/drover/display.h"

namespace drover::cli {
namespace {

using evaluation::Accuracy;
using evaluation::BenchmarkResults;
using evaluation::Evaluated;

// Columns of text, the first one flush left and the others right, two spaces apart.
class Table {
 public:
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string Text() const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows_) {
      for (size_t i = 0; i < row.size(); ++i) {
        const int width = static_cast<int>(widths[i]);
        if (i == 0) {
          absl::StrAppendFormat(&text, "%-*s", width, row[i]);
        } else {
          absl::StrAppendFormat(&text, "  %*s", width, row[i]);
        }
      }
      text.erase(text.find_last_not_of(' ') + 1);
      text += '\n';
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string Percent(double share) { return absl::StrFormat("%.1f %%", 100 * share); }
std::string Range(const statistics::Interval& interval) {
  return absl::StrFormat("[%.1f, %.1f]", 100 * interval.low, 100 * interval.high);
}
std::string Tokens(const std::optional<double>& tokens) {
  return tokens ? absl::StrFormat("%.0f", *tokens) : "-";
}

std::vector<std::string> Header(const Evaluated& evaluated) {
  std::vector<std::string> header = {"benchmark", "questions", "accuracy", "95 %"};
  for (const auto& [k, value] : evaluated.results.benchmarks.front().pass_at_k) {
    if (k > 1) header.push_back(absl::StrCat("pass@", k));
  }
  for (const char* column : {"tokens", "right", "wrong", "formatted", "truncated"})
    header.emplace_back(column);
  return header;
}

// `columns`: the k that the header has; a benchmark that was cut short may have others.
std::vector<std::string> Row(const BenchmarkResults& results, const std::map<uint32_t, double>& columns) {
  std::vector<std::string> row = {results.name, absl::StrCat(results.all.questions),
                                  Percent(results.all.accuracy), Range(results.all.interval)};
  for (const auto& [k, unused] : columns) {
    const auto found = results.pass_at_k.find(k);
    if (k > 1) row.push_back(found == results.pass_at_k.end() ? "-" : Percent(found->second));
  }
  for (const auto& tokens : {results.tokens, results.tokens_correct, results.tokens_incorrect}) {
    row.push_back(Tokens(tokens));
  }
  row.push_back(Percent(results.formatted));
  row.push_back(Percent(results.truncated));
  return row;
}

void AddGroups(const std::string& benchmark, const char* what, const std::map<std::string, Accuracy>& groups,
               Table& table) {
  for (const auto& [name, group] : groups) {
    table.Add({absl::StrCat(benchmark, ", ", what, " ", name), absl::StrCat(group.questions),
               Percent(group.accuracy), Range(group.interval)});
  }
}

std::string GroupsText(const Evaluated& evaluated) {
  Table table;
  bool any = false;
  for (const BenchmarkResults& benchmark : evaluated.results.benchmarks) {
    any = any || !benchmark.levels.empty() || !benchmark.subjects.empty();
    AddGroups(benchmark.name, "level", benchmark.levels, table);
    AddGroups(benchmark.name, "subject", benchmark.subjects, table);
  }
  return any ? absl::StrCat("\n", table.Text()) : "";
}

// "0.031"; "0.0000001" would say nothing.
std::string PValue(double p) { return p < 0.0001 ? "< 0.0001" : absl::StrFormat("%.4f", p); }

std::vector<std::string> Row(const evaluation::Difference& difference) {
  return {difference.name,
          absl::StrCat(difference.questions),
          Percent(difference.a),
          Percent(difference.b),
          absl::StrFormat("%+.1f", 100 * difference.difference),
          Range(difference.interval),
          PValue(difference.p),
          absl::StrCat(difference.only_a),
          absl::StrCat(difference.only_b),
          difference.test};
}

}  // namespace

std::string FleetText(const FleetOptions::Progress& progress) {
  if (progress.actors == 0) return "no actor is here yet";
  return absl::StrCat(progress.answered, " of ", progress.asked, " questions answered by ", progress.actors,
                      progress.actors == 1 ? " actor" : " actors");
}

std::string ProgressText(const evaluation::Progress& progress, absl::Duration elapsed) {
  std::string text = absl::StrFormat("%d of %d questions", progress.questions_done, progress.questions);
  if (progress.responses > 0) {
    const double responses = static_cast<double>(progress.responses);
    absl::StrAppendFormat(&text, ", %s right, %.0f tokens a response",
                          Percent(static_cast<double>(progress.correct) / responses),
                          static_cast<double>(progress.tokens) / responses);
  }
  const uint64_t done = progress.questions_done - progress.questions_before;
  if (done > 0) {
    const double left = static_cast<double>(progress.questions - progress.questions_done);
    absl::StrAppend(&text, ", ", ClockText(absl::ToDoubleSeconds(elapsed) / static_cast<double>(done) * left),
                    " left");
  }
  return text;
}

std::string ResultsText(const Evaluated& evaluated) {
  Table table;
  table.Add(Header(evaluated));
  const std::map<uint32_t, double>& columns = evaluated.results.benchmarks.front().pass_at_k;
  for (const BenchmarkResults& benchmark : evaluated.results.benchmarks) table.Add(Row(benchmark, columns));
  if (evaluated.results.benchmarks.size() > 1) {
    table.Add({absl::StrCat("mean of ", evaluated.results.benchmarks.size()), "",
               Percent(evaluated.results.mean), Range(evaluated.results.mean_interval)});
  }
  return absl::StrCat(table.Text(), GroupsText(evaluated));
}

std::string PublishedText(const Evaluated& evaluated) {
  const evaluation::Published& published = evaluation::PublishedScores();
  std::vector<std::string> header = {"published", "template"}, own = {"this evaluation", ""};
  std::vector<std::string> names;
  for (const BenchmarkResults& benchmark : evaluated.results.benchmarks) {
    if (published.models.front().scores.count(benchmark.name) == 0) continue;
    names.push_back(benchmark.name);
    header.push_back(benchmark.name);
    own.push_back(Percent(benchmark.all.accuracy));
  }
  if (names.empty()) return "";
  own[1] = evaluated.settings.prompt_template.name;
  Table table;
  table.Add(header);
  for (const evaluation::PublishedModel& model : published.models) {
    std::vector<std::string> row = {model.name, model.prompt_template.empty() ? "?" : model.prompt_template};
    for (const std::string& name : names) row.push_back(Percent(model.scores.at(name)));
    table.Add(row);
  }
  table.Add(own);
  std::string notes;
  for (const evaluation::PublishedModel& model : published.models) {
    if (!model.note.empty())
      absl::StrAppend(&notes, model.name, " (", model.prompt_template, "): ", model.note, "\n");
  }
  return absl::StrCat(table.Text(), notes, "Source: ", published.source, ": ", published.how, "\n");
}

std::string ComparisonText(const evaluation::Comparison& comparison) {
  Table table;
  table.Add({"benchmark", "questions", "A", "B", "B - A", "95 %", "p", "A better", "B better", "test"});
  for (const evaluation::Difference& benchmark : comparison.benchmarks) table.Add(Row(benchmark));
  if (comparison.benchmarks.size() > 1) table.Add(Row(comparison.overall));
  std::string text = table.Text();
  if (comparison.left_out > 0) {
    absl::StrAppend(&text, comparison.left_out, " questions that one of them alone answered are left out\n");
  }
  return text;
}

}  // namespace drover::cli
