#include "verifier/answer/unevaluated.h"

#include <algorithm>
#include <string>

#include "verifier/chars.h"
#include "verifier/reading/text.h"
#include "verifier/reading/words.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxQuestionBytes = 200'000;
constexpr size_t kMaxAnswerBytes = 2'000;
constexpr size_t kMinFormulaBytes = 3;

// A command of TeX that says nothing about the formula, by name.
bool SaysNothing(std::string_view name) {
  return IsSpacingCommand(name) || name == "dfrac" || name == "tfrac";
}

// The formula without white space, spacing, dollar signs and braces, a space after each command; \dfrac is \frac.
std::string Skeleton(std::string_view text) {
  const std::string normal = NormalizeMath(text);
  std::string out;
  for (size_t i = 0; i < normal.size(); ++i) {
    const char c = normal[i];
    if (c == '\\') {
      size_t end = i + 1;
      while (end < normal.size() && IsAlpha(normal[end])) ++end;
      const std::string_view name = std::string_view(normal).substr(i + 1, end - i - 1);
      if (name.empty()) {
        const char next = end < normal.size() ? normal[end] : ' ';
        if (next == '%' || next == '{' || next == '}') out += next;
        i = end;
        continue;
      }
      if (!SaysNothing(name)) ((out += '\\') += name) += ' ';
      if (name == "dfrac" || name == "tfrac") out += "\\frac ";
      i = end - 1;
    } else if (!IsSpace(c) && c != '$' && c != '{' && c != '}' && c != '~') {
      out += c;
    }
  }
  return out;
}

// True if there is something to evaluate or to simplify: an operator between values, a power, bars, a function.
bool IsFormula(std::string_view skeleton) {
  for (size_t i = 0; i < skeleton.size(); ++i) {
    const char c = skeleton[i];
    if (std::string_view("+*^|!").find(c) != std::string_view::npos) return true;
    const char before = i > 0 ? skeleton[i - 1] : '(';
    if (c == '-' && (IsAlpha(before) || IsDigit(before) || before == ')' || before == ']')) return true;
    if (c == '/' && !(IsDigit(before) && i + 1 < skeleton.size() && IsDigit(skeleton[i + 1]))) return true;
    if (c != '\\') continue;
    size_t end = i + 1;
    while (end < skeleton.size() && IsAlpha(skeleton[end])) ++end;
    const std::string_view name = skeleton.substr(i + 1, end - i - 1);
    const auto info = FindCommand(name);
    if (name == "frac") {
      if (end + 1 >= skeleton.size() || !IsDigit(skeleton[end + 1])) return true;
    } else if (info && (info->token == Token::kFunction || info->token == Token::kRoot ||
                        info->token == Token::kBinomial || info->token == Token::kChoose ||
                        info->token == Token::kTimes || info->token == Token::kCross ||
                        info->token == Token::kSlash || info->token == Token::kLeftFloor ||
                        info->token == Token::kLeftCeil || info->token == Token::kBigOperator)) {
      return true;
    }
    i = end - 1;
  }
  return false;
}

bool HasBigOperator(std::string_view skeleton) {
  static constexpr std::string_view kOperators[] = {"\\sum", "\\prod", "\\int", "\\iint", "\\oint", "\\lim"};
  return std::any_of(std::begin(kOperators), std::end(kOperators), [&](std::string_view name) {
    for (size_t at = FindFirst(skeleton, name); at != skeleton.npos;) {
      const size_t end = at + name.size();
      if (end >= skeleton.size() || !IsAlpha(skeleton[end])) return true;
      const size_t next = FindFirst(skeleton.substr(end), name);
      at = next == skeleton.npos ? next : end + next;
    }
    return false;
  });
}

// `formula` stands in `text` and is no part of a longer one.
bool StandsIn(std::string_view text, std::string_view formula) {
  const auto joins = [](char c) {
    return IsAlpha(c) || IsDigit(c) || std::string_view("+-*/^_|!.").find(c) != std::string_view::npos;
  };
  for (size_t at = text.find(formula); at != text.npos; at = text.find(formula, at + 1)) {
    // Words run into formulas, since the skeleton has no white space; a digit or an operator goes on with one.
    const char before = at > 0 ? text[at - 1] : ' ';
    const size_t end = at + formula.size();
    const char after = end < text.size() ? text[end] : ' ';
    const bool starts = !joins(before) || IsLower(before);
    const bool stop = after == '.' && (end + 1 == text.size() || !IsDigit(text[end + 1]));
    if (starts && (!joins(after) || IsLower(after) || stop)) return true;
  }
  return false;
}

bool SameLetters(std::string a, std::string b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

}  // namespace

bool IsUnevaluated(std::string_view answer, std::string_view gold, std::string_view question) {
  if (answer.size() > kMaxAnswerBytes) return false;
  const std::string formula = Skeleton(answer);
  const std::string wanted = Skeleton(gold.substr(0, kMaxAnswerBytes));
  if (HasBigOperator(formula) && !HasBigOperator(wanted)) return true;
  if (question.empty() || formula.size() < kMinFormulaBytes || !IsFormula(formula)) return false;
  if (SameLetters(formula, wanted)) return false;  // the gold itself, perhaps in another order
  return StandsIn(Skeleton(question.substr(0, kMaxQuestionBytes)), formula);
}

}  // namespace drover::verifier
