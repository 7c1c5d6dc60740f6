#include "verifier/explain.h"

#include <algorithm>
#include <utility>

#include "verifier/decide.h"
#include "verifier/grader.h"
#include "verifier/text.h"

namespace drover::verifier {
namespace {

constexpr size_t kShownBytes = 1000;

constexpr std::pair<std::string_view, std::string_view> kRules[] = {
    {"alike", "the same tree, its parts compared one by one (it is read but not evaluated)"},
    {"balls", "values enclosed in balls: they are disjoint"},
    {"budget", "a limit of the grade was reached before a decision"},
    {"bytes", "not readable as text: invalid UTF-8, or a NUL"},
    {"calcium", "both are constants: an exact decision in Calcium's fields"},
    {"choice", "compared as option letters"},
    {"congruence", "compared as residues of a modulus"},
    {"date", "compared as dates"},
    {"elements", "an element of the response is none of the gold's"},
    {"ends", "intervals with different ends"},
    {"identical", "the same bytes"},
    {"infinity", "compared as infinities"},
    {"kernels", "exact normal forms on every cell of the domain"},
    {"kind", "answers of different kinds"},
    {"names", "inequalities in different variables"},
    {"normal form", "exact normal forms"},
    {"pieces", "unions of different numbers of intervals or points"},
    {"proportional", "equations or inequalities, one a multiple of the other"},
    {"ratio", "ratios of different lengths"},
    {"rational", "both are rational numbers: exact arithmetic"},
    {"reader", "a side could not be read as mathematics"},
    {"relation", "chains of relations of different lengths"},
    {"residues",
     "rational expressions at random points modulo random primes: the chance of an error is under 2^-64"},
    {"rounded", "one side is a rounded decimal"},
    {"sample points", "values at a sample point, enclosed in balls: they are disjoint"},
    {"set", "the same set of numbers"},
    {"shape", "matrices of different shapes"},
    {"size", "lists or tuples of different lengths"},
    {"text", "compared as words"},
    {"time", "compared as times of day"},
    {"undefined", "one side has no value where the other has one"},
    {"undecided", "equal as far as was looked, and not proved"},
    {"unit", "different units"},
};

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

std::string_view RuleSentence(std::string_view rule) {
  for (const auto& [name, sentence] : kRules) {
    if (name == rule) return sentence;
  }
  return rule;
}

std::string Printable(std::string_view bytes, size_t max_bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string_view shown = bytes.substr(0, max_bytes);
  while (shown.size() < bytes.size() && !shown.empty() &&
         (static_cast<unsigned char>(bytes[shown.size()]) & 0xC0) == 0x80) {
    shown.remove_suffix(1);  // never half a character
  }
  const bool utf8 = IsReadableUtf8(shown);
  std::string out;
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    // In UTF-8 the control characters U+0080 to U+009F are 0xC2 and the byte itself.
    const bool control = byte < 0x20 || byte == 0x7F ||
                         (utf8 && byte >= 0x80 && byte < 0xA0 && !out.empty() && out.back() == '\xC2');
    if (!control && (utf8 || byte < 0x80)) {
      out += c;
      continue;
    }
    if (utf8 && byte >= 0x80) out.pop_back();
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
  if (shown.size() < bytes.size()) out += "... (" + std::to_string(bytes.size()) + " bytes)";
  return out;
}

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
    out += Line("rule", explanation.rule + ": " + std::string(RuleSentence(explanation.rule)));
    out += SideLines("gold", explanation.gold) + SideLines("response", explanation.response);
  }
  return out;
}

}  // namespace drover::verifier
