#include "analysis/answer_rules.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "analysis/answer_text.h"
#include "base/status.h"

namespace drover::analysis {
namespace {

constexpr size_t kMostBytes = 20000;
constexpr size_t kLongestBareLine = 40, kLongestBareSentence = 60, kMostBareWords = 4;
constexpr int kEnoughWork = 3;

// Lines that speak for the user or begin another task. "Answer:" and "Assistant:" are not among them.
bool BeginsAnother(const std::string& line) {
  const std::string plain(absl::StripAsciiWhitespace(absl::StrReplaceAll(line, {{"*", ""}, {"#", ""}})));
  if (StartsWithAnyOf(plain, {"<|im_start|>user", "<|user|>", "[inst]"})) return true;
  for (const std::string_view word :
       {"user", "human", "student", "question", "problem", "exercise", "example", "q"}) {
    if (!absl::StartsWith(plain, ToAbsl(word))) continue;
    std::string rest = plain.substr(word.size());
    while (!rest.empty() && (rest[0] == ' ' || IsDigit(rest[0]))) rest.erase(0, 1);
    if (rest.empty() || rest[0] == ':' || rest[0] == '.') return true;
  }
  return false;
}

// "12. The perimeter ...", "3) ...": an entry of a list of tasks that does not begin with it. Steps of a solution begin at 1.
bool IsLaterEntry(const std::string& line) {
  size_t digits = 0;
  while (digits < line.size() && IsDigit(line[digits])) ++digits;
  if (digits == 0 || digits > 3 || digits + 1 >= line.size()) return false;
  return (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ' &&
         line.substr(0, digits) != "1";
}

// "(B) 15", "c. 7", "- **d.** x"; several on one line, too.
bool IsChoice(const std::string& line) {
  const std::string plain(absl::StripAsciiWhitespace(absl::StrReplaceAll(line, {{"*", ""}})));
  size_t at = 0;
  while (at < plain.size() && (plain[at] == '-' || plain[at] == ' ')) ++at;
  const bool open = at < plain.size() && plain[at] == '(';
  if (open) ++at;
  if (at + 1 >= plain.size() || plain[at] < 'a' || plain[at] > 'e') return false;
  return plain[at + 1] == ')' || (!open && plain[at + 1] == '.');
}

// "A: 10" is an answer, and an option where a line "B: ..." is there, too.
bool HasColonChoices(const std::vector<std::string>& lines) {
  return std::any_of(lines.begin(), lines.end(),
                     [](const std::string& line) { return absl::StartsWith(line, "b: "); });
}

bool IsColonChoice(const std::string& line) {
  return line.size() > 2 && line[0] >= 'a' && line[0] <= 'z' && line[1] == ':' && line[2] == ' ';
}

std::string WithoutSpeaker(std::string text) {
  for (const std::string_view prefix :
       {"<|im_start|>assistant", "assistant:", "ai:", "answer:", "solution:", "solution.", "a:"}) {
    if (!absl::StartsWith(text, ToAbsl(prefix))) continue;
    text = std::string(absl::StripLeadingAsciiWhitespace(text.substr(prefix.size())));
  }
  return text;
}

struct OwnPart {
  std::string text;
  bool next_turn = false;  // the first line begins another
  bool choices = false;    // options were left out
};

OwnPart OwnPartOf(const std::string& response) {
  OwnPart own;
  const std::vector<std::string> lines = Lines(response);
  const bool colons = HasColonChoices(lines);
  for (const std::string& line : lines) {
    const bool first = own.text.empty();
    if (BeginsAnother(line) || (first && IsLaterEntry(line))) {
      own.next_turn = first;
      break;
    }
    if (IsChoice(line) || (colons && IsColonChoice(line))) {
      own.choices = true;
    } else {
      absl::StrAppend(&own.text, first ? "" : "\n", line);
    }
  }
  return own;
}

// What stands between `open` and `close` for the first time (to the end without `close`) is more than white space and full stops.
bool HasBetween(const std::string& text, std::string_view open, std::string_view close) {
  const size_t begin = text.find(open);
  if (begin == std::string::npos) return false;
  const size_t from = begin + open.size();
  const size_t end = close.empty() ? std::string::npos : text.find(close, from);
  const std::string inside = text.substr(from, end == std::string::npos ? end : end - from);
  return inside.find_first_not_of(" \n\t.:") != std::string::npos;
}

bool StatesResult(const std::string& response, const std::string& own) {
  return HasBetween(own, "\\boxed{", "}") || HasBetween(own, "<answer>", "</answer>") ||
         HasBetween(own, "#### ", "\n") || HasBetween(own, "answer is", "\n") ||
         HasBetween(own, "answer:", "\n") || (absl::StartsWith(response, "answer:") && !own.empty());
}

size_t WordCount(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  return words.size();
}

bool IsBareResult(const std::string& own) {
  const std::string first = Lines(own).front();
  const bool price = first.size() > 1 && first[0] == '$' && IsDigit(first[1]);
  const bool whole_formulas = price || std::count(first.begin(), first.end(), '$') % 2 == 0;
  const bool asks = first.find('?') != std::string::npos;
  if (Numbers(first).empty() || asks || !whole_formulas || first.back() == ':') return false;
  if (first.size() <= kLongestBareLine && WordCount(first) <= kMostBareWords) return true;
  return own.size() <= kLongestBareSentence && Sentences(own).size() == 1 &&
         !StartsWithAnyOf(own, {"find ", "prove ", "solve ", "note"});
}

// Begins with the same few words again and again, without a sentence's end. What loops only later has said something before.
bool RepeatsWords(const std::string& own) {
  constexpr size_t kBeginning = 25, kFew = 7;
  const std::vector<std::string> words = absl::StrSplit(own, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (words.size() < kBeginning) return false;
  return std::set<std::string>(words.begin(), words.begin() + kBeginning).size() <= kFew;
}

bool IsRepetition(const std::string& own) {
  if (RepeatsWords(own)) return true;
  std::map<std::string, size_t> counts;
  size_t total = 0, most = 0;
  for (const std::string& sentence : Sentences(own)) {
    ++total;
    most = std::max(most, ++counts[sentence]);
  }
  return total >= 4 && most * 10 > total * 6;
}

bool IsQuestion(const std::string& sentence) {
  if (sentence.back() == '?') return true;
  return sentence.find('=') == std::string::npos &&
         StartsWithAnyOf(sentence, {"find ", "prove ", "show that ", "determine ", "compute ", "calculate ",
                                    "solve ", "sketch ", "how many ", "how much ", "what is ", "what are ",
                                    "then find ", "answer the following"});
}

bool IsPage(const std::string& own) {
  return HasAnyOf(own, {"thanks in advance", "homework", "asked by", "posted by", "views:", "worksheet",
                        "____", "[asy]", "http://", "https://", "attempt at a solution", "re: "});
}

bool IsCode(const std::string& own) {
  return StartsWithAnyOf(own, {"```", "import ", "from ", "#include", "def ", "print(", "class ",
                               "using namespace", "public class", "int main"}) &&
         HasAnyOf(own, {"(", "import ", "#include"});
}

bool IsCopy(const std::string& question, const std::string& own) {
  const std::vector<std::string> sentences = Sentences(own);
  return std::all_of(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
    const std::string bare(absl::StripSuffix(sentence, "."));
    return question.find(bare) != std::string::npos;
  });
}

// Signs that the response works on this question: an equation, words of a solution, numbers of the question and new ones, its words.
int WorkScore(const std::string& question, const std::string& own) {
  static const auto* const kWords = new std::vector<std::string_view>{
      "so",       "therefore",    "thus",     "hence",    "since",   "because",  "let",         "first",
      "step",     "gives",        "gave",     "recall",   "divide",  "dividing", "multiply",    "adding",
      "subtract", "substitute",   "formula",  "formulas", "theorem", "total",    "combination", "factor",
      "equals",   "substituting", "simplify", "we have",  "we need", "we get",   "we can",      "to find",
      "convert",  "impossible",   "cannot",   "remainder"};
  int score = 0, words = 0;
  if (HasAnyOf(own, {"=", "\\equiv", "≡", "\\approx", "≈"})) score += 2;
  for (const std::string_view word : *kWords) words += HasWord(own, word) ? 1 : 0;
  score += std::min(words, 2);
  const std::vector<std::string> asked = Numbers(question), said = Numbers(own);
  const size_t shared = Shared(said, asked);
  score += shared > 0 ? 1 : 0;
  score += Shared(said, said) > shared ? 1 : 0;
  score += Shared(ContentWords(question), ContentWords(own)) >= 2 ? 1 : 0;
  return score;
}

}  // namespace

std::string_view RuleName(AnswerRule rule) {
  static constexpr std::string_view kNames[] = {
      "empty",         "next turn", "choices", "states a result", "bare result", "page",     "repetition",
      "next question", "copy",      "code",    "other code",      "works",       "off topic"};
  return kNames[static_cast<size_t>(rule)];
}

bool Answers(AnswerRule rule) {
  return rule == AnswerRule::kStatesResult || rule == AnswerRule::kBareResult || rule == AnswerRule::kCode ||
         rule == AnswerRule::kWorks;
}

AnswerRule JudgeByRules(std::string_view question_text, std::string_view response_text) {
  const std::string question = Normal(question_text.substr(0, kMostBytes));
  const std::string response = Normal(response_text.substr(0, kMostBytes));
  const std::string untagged = Normal(absl::StrReplaceAll(
      response, {{"<think>", " "}, {"</think>", " "}, {"<answer>", " "}, {"</answer>", " "}}));
  if (untagged.empty()) return AnswerRule::kEmpty;
  OwnPart own = OwnPartOf(response);
  if (own.next_turn) return AnswerRule::kNextTurn;
  if (own.text.empty()) return AnswerRule::kChoices;
  if (StatesResult(response, own.text)) return AnswerRule::kStatesResult;
  own.text = Normal(absl::StrReplaceAll(WithoutSpeaker(own.text), {{"<think>", ""}, {"</think>", ""}}));
  if (own.text.empty()) return AnswerRule::kEmpty;
  if (IsBareResult(own.text)) return AnswerRule::kBareResult;
  if (IsPage(own.text)) return AnswerRule::kPage;
  if (IsRepetition(own.text)) return AnswerRule::kRepetition;
  if (IsQuestion(Sentences(own.text).front())) return AnswerRule::kNextQuestion;
  if (IsCopy(question, own.text)) return AnswerRule::kCopy;
  if (IsCode(own.text)) {
    return Shared(Numbers(own.text), Numbers(question)) > 0 ? AnswerRule::kCode : AnswerRule::kOtherCode;
  }
  return WorkScore(question, own.text) >= kEnoughWork ? AnswerRule::kWorks : AnswerRule::kOffTopic;
}

}  // namespace drover::analysis
