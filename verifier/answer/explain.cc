// ExplainGrade, which grader.h declares.
#include <algorithm>

#include "verifier/answer/decide.h"
#include "verifier/grader.h"
#include "verifier/rules.h"
#include "verifier/utf8.h"

namespace drover::verifier {
namespace {

constexpr size_t kShownBytes = 1000;

std::string Line(std::string_view label, std::string_view text) {
  std::string line = "  ";
  line += label;
  line.resize(std::max(line.size() + 1, size_t{16}), ' ');
  return line + Printable(text, kShownBytes) + "\n";
}

std::string SideLines(std::string_view name, const Explanation::Side& side) {
  std::string out = Line(name, side.answer);
  out += Line("  tree", side.tree.empty() ? "(not read as mathematics)" : side.tree);
  if (!side.tree.empty())
    out += Line("  normal form", side.normal_form.empty() ? "(none)" : side.normal_form);
  return out;
}

}  // namespace

std::string ExplainGrade(const GradeRequest& request, const Options& options) {
  Options whole = options;
  whole.max_extracted_bytes = request.response.size();
  const Verdict verdict = Grade(request, whole);
  std::string out =
      std::string(ReasonName(verdict.reason)) + ": reward " + (verdict.reward > 0 ? "1" : "0") + "\n";
  const bool found = !verdict.extracted.empty();
  out += Line("answer", found ? verdict.extracted : "(none found)");
  if (!request.already_extracted) {
    out += Line("format", std::string(RewardFormatName(request.format)) +
                              (verdict.formatted ? ", which the response keeps to"
                                                 : ", which the response does not keep to"));
  }
  if (request.truncated) out += Line("truncated", "the response was cut at the length limit: reward 0");
  if (!found) return out;
  for (const std::string& gold : request.golds) {
    Explanation explanation;
    const Reason reason = Decide(gold, verdict.extracted, request.already_extracted, options, &explanation);
    out += "\nagainst " + Printable(gold, 200) + ": " + std::string(ReasonName(reason)) + "\n";
    const RuleInfo& rule = InfoOf(explanation.rule);
    out += Line("rule", std::string(rule.name) + ": " + std::string(rule.sentence));
    out += SideLines("gold", explanation.gold) + SideLines("response", explanation.response);
  }
  return out;
}

}  // namespace drover::verifier
