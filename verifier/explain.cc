#include "verifier/explain.h"

#include <algorithm>

#include "verifier/decide.h"
#include "verifier/grader.h"
#include "verifier/text.h"

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
    const RuleInfo& rule = InfoOf(explanation.rule);
    out += Line("rule", std::string(rule.name) + ": " + std::string(rule.sentence));
    out += SideLines("gold", explanation.gold) + SideLines("response", explanation.response);
  }
  return out;
}

}  // namespace drover::verifier
