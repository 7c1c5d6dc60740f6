// What follows an answer in its sentence.
#include <algorithm>
#include <iterator>

#include "verifier/answer/extract.h"
#include "verifier/chars.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxSentence = 2'000;  // bytes; longer ones stay as they are

// Words that begin an explanation wherever they stand.
constexpr std::string_view kReasons[] = {"because", "since",    "as",        "so",     "which", "where",
                                         "thus",    "hence",    "therefore", "namely", "using", "meaning",
                                         "making",  "obtained", "due",       "ie",     "i"};
// Words that do so after a comma, or before a word that does not change the value: "72 in total", "72 by the above".
constexpr std::string_view kPrepositions[] = {"in", "for", "by",    "from", "with",
                                              "at", "on",  "after", "upon", "via"};
constexpr std::string_view kChanging[] = {"base",     "least",     "most",     "best",     "worst",
                                          "hundreds", "thousands", "millions", "billions", "dozens",
                                          "tens",     "remainder", "addition", "case",     "cases"};
constexpr std::string_view kDeterminers[] = {"total", "all", "the",   "our",  "this", "that", "these", "his",
                                             "her",   "its", "their", "each", "both", "a",    "an"};
// Words that begin another clause after "and": "42 and we are done".
constexpr std::string_view kClauses[] = {"that", "this", "it", "we", "hence", "therefore", "thus", "is"};
// Words that begin a remark in brackets.
constexpr std::string_view kRemarks[] = {
    "see",   "as",    "from",   "since",         "because", "by",    "which",   "in",
    "for",   "where", "using",  "shown",         "rounded", "after", "based",   "note",
    "about", "the",   "approx", "approximately", "correct", "check", "verified"};
// Words that take the answer back or offer another one.
constexpr std::string_view kHedges[] = {
    "or",     "maybe",         "perhaps",   "not",   "wrong",   "incorrect", "possibly",
    "either", "alternatively", "actually",  "wait",  "instead", "rather",    "unless",
    "if",     "else",          "otherwise", "but",   "however", "except",    "could",
    "might",  "may",           "isn",       "false", "no",      "unlikely"};

template <class Table>
bool IsOneOf(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

// The word that starts at `at`, in lower case, without the stops of "i.e.".
std::string WordAt(std::string_view text, size_t at) {
  std::string word;
  for (; at < text.size() && (IsAlpha(text[at]) || (text[at] == '.' && word.size() == 1)); ++at) {
    if (text[at] != '.') word += ToLower(text[at]);
  }
  return word;
}

bool StartsWord(std::string_view text, size_t at) {
  return IsAlpha(text[at]) && (at == 0 || !(IsAlpha(text[at - 1]) || text[at - 1] == '\\'));
}

bool Hedges(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (StartsWord(text, i) && IsOneOf(kHedges, WordAt(text, i))) return true;
  }
  return false;
}

std::string NextWord(std::string_view text, size_t at) {
  while (at < text.size() && IsAlpha(text[at])) ++at;
  while (at < text.size() && IsSpace(text[at])) ++at;
  return WordAt(text, at);
}

// The answer before `at` without the punctuation that ends it; empty if there is no answer there.
std::string_view AnswerBefore(std::string_view text, size_t at) {
  std::string_view out = text.substr(0, at);
  static constexpr std::string_view kMarks = ",;:*";
  while (!out.empty() && (IsSpace(out.back()) || kMarks.find(out.back()) != kMarks.npos))
    out.remove_suffix(1);
  for (const std::string_view dash : {" -", "\xe2\x80\x93", "\xe2\x80\x94"}) {
    const bool ends = out.size() > dash.size() && out.substr(out.size() - dash.size()) == dash;
    if (ends) out = out.substr(0, out.size() - dash.size());
  }
  while (!out.empty() && (IsSpace(out.back()) || kMarks.find(out.back()) != kMarks.npos))
    out.remove_suffix(1);
  return out;
}

// True if an explanation starts with the word at `at`.
bool Explains(std::string_view text, size_t at) {
  if (at == 0 || !(IsSpace(text[at - 1]) || text[at - 1] == ',')) return false;
  const std::string word = WordAt(text, at);
  if (word == "i") return text.substr(at, 4) == "i.e." && !Hedges(text.substr(at));
  const std::string_view before = TrimSpace(text.substr(0, at));
  const auto ends = [before](std::string_view tail) {
    return before.size() > tail.size() && LowerCase(before.substr(before.size() - tail.size())) == tail;
  };
  if (ends(" and") || ends(" or")) return false;  // "3.5 and so on"
  const char mark = before.empty() ? ' ' : before.back();
  const bool comma = mark == ',';
  // "72: the sum of both", "72; the rest follows", "72, a square": no value starts so.
  const bool prose =
      ((mark == ':' || mark == ';') && word.size() >= 3) || (comma && IsOneOf(kDeterminers, word));
  if (prose) return !Hedges(text.substr(at));
  const std::string next = NextWord(text, at);
  const bool preposition =
      IsOneOf(kPrepositions, word) && (comma || next.size() >= 2 || next == "a") && !IsOneOf(kChanging, next);
  const bool clause = word == "and" && IsOneOf(kClauses, next);
  return (preposition || clause || IsOneOf(kReasons, word)) && !Hedges(text.substr(at));
}

// The length of a remark "(see above)" at `at`; 0 if it is none.
size_t Remark(std::string_view text, size_t at) {
  const size_t close = text.find(')', at);
  if (at == 0 || !IsSpace(text[at - 1]) || close == text.npos) return 0;
  const std::string_view inside = text.substr(at + 1, close - at - 1);
  const bool remark = !inside.empty() && IsOneOf(kRemarks, WordAt(inside, 0)) && !Hedges(inside);
  return remark ? close + 1 - at : 0;
}

}  // namespace

std::string_view WithoutExplanation(std::string_view sentence) {
  if (sentence.size() > kMaxSentence) return sentence;
  int depth = 0;
  for (size_t i = 0; i < sentence.size(); ++i) {
    const char c = sentence[i];
    if (depth == 0 && c == '(') {
      const size_t length = Remark(sentence, i);
      const std::string_view answer = length > 0 ? AnswerBefore(sentence, i) : std::string_view();
      const std::string_view rest = sentence.substr(i + length);
      if (!answer.empty() && !Hedges(rest) &&
          (TrimSpace(rest).empty() || Explains(sentence, i + length + 1) || rest[0] == ','))
        return answer;
    }
    depth += c == '(' || c == '{' || c == '[' ? 1 : c == ')' || c == '}' || c == ']' ? -1 : 0;
    if (depth != 0 || !StartsWord(sentence, i) || !Explains(sentence, i)) continue;
    if (const std::string_view answer = AnswerBefore(sentence, i); !answer.empty()) return answer;
  }
  return sentence;
}

}  // namespace drover::verifier
