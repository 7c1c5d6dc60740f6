#include "verifier/answer/free_text.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "verifier/answer/extract.h"
#include "verifier/chars.h"
#include "verifier/reading/units.h"
#include "verifier/reading/words.h"

namespace drover::verifier {
namespace {

// True for text of which the answer is only a part: two or more bare words (outside of commands and \text) that
// mathematics does not know.
bool IsProse(std::string_view text, int enough = 2) {
  int words = 0;
  size_t i = 0;
  while (i < text.size() && words < enough) {
    const char c = text[i];
    if (c == '\\') {
      size_t end = i + 1;
      while (end < text.size() && IsAlpha(text[end])) ++end;
      const std::string_view name = text.substr(i + 1, end - i - 1);
      // A doubled backslash before a command is that command, escaped twice.
      i = i + 1 < text.size() && text[i + 1] == '\\' ? i + 1 : std::max(end, i + 2);
      const bool argument =
          !name.empty() && (IsTextCommand(name) || name == "begin" || name == "end" || name == "mathbb");
      if (argument && i < text.size() && text[i] == '{') {
        const size_t close = text.find('}', i);
        if (close == text.npos) return false;
        i = close + 1;
      }
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80) {
      // Letters of other scripts make words of their own.
      size_t end = i;
      while (end < text.size() && static_cast<unsigned char>(text[end]) >= 0x80) ++end;
      if (end - i >= 6) words += end - i >= 12 ? 2 : 1;
      i = end;
      continue;
    }
    if (!IsAlpha(c)) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && IsAlpha(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    const bool subscript = i >= 2 && text[i - 1] == '{' && text[i - 2] == '_';
    static constexpr CharSet kVowels("aeiouyAEIOUY");
    const bool vowels = kVowels.AnyIn(word);
    // Letters beside digits, braces and operators are a product of symbols ("4ac", "{ab}").
    static constexpr CharSet kBetweenWords(" \t\r\n.,:;!?()\"'*$-");
    const auto between = [&](size_t at) { return kBetweenWords.Has(text[at]); };
    const bool boundary =
        (i == 0 || between(i - 1) || static_cast<unsigned char>(text[i - 1]) >= 0x80) &&
        (end == text.size() || between(end) || static_cast<unsigned char>(text[end]) >= 0x80);
    if (word.size() >= 2 && !subscript && vowels && boundary && !FindPlainWord(word) && !FindUnit(word))
      ++words;
    i = end;
  }
  return words >= enough;
}

constexpr size_t kMaxTail = 40;  // bytes of words after a value that is no sentence

bool IsDenial(std::string_view word) {
  static constexpr std::string_view kDenials[] = {"wrong",    "incorrect",  "rejected",   "excluded",
                                                  "invalid",  "impossible", "extraneous", "false",
                                                  "unlikely", "eliminated"};
  return std::find(std::begin(kDenials), std::end(kDenials), word) != std::end(kDenials);
}

// True if one of the words of `text` denies; those after a backslash are commands.
bool HasDenial(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && IsAlpha(text[end])) ++end;
    const bool command = i > 0 && text[i - 1] == '\\';
    if (end - i >= 5 && !command && IsDenial(LowerCase(text.substr(i, end - i)))) return true;
    i = std::max(end, i + 1);
  }
  return false;
}

// True if the sentence goes on after the answer to say that it is none: "5 is wrong".
bool IsDenied(std::string_view text, std::string_view answer) {
  // A number's sign and percent sign may be spelled otherwise in the text.
  while (!answer.empty() && !IsDigit(answer.front()) && !IsAlpha(answer.front())) answer.remove_prefix(1);
  while (!answer.empty() && (answer.back() == '%' || answer.back() == '\\')) answer.remove_suffix(1);
  const size_t at = answer.empty() ? text.npos : text.rfind(answer);
  if (at == text.npos) return false;
  std::string_view rest = text.substr(at + answer.size());
  // "5 plus one" is no sentence about 5, but another value.
  const std::string_view before = TrimSpace(text.substr(0, at));
  const bool value_first = before.size() <= 3 && before.find_first_of("0123456789") == before.npos &&
                           std::none_of(before.begin(), before.end(), IsAlpha) && rest.size() <= kMaxTail;
  const Unit tail = value_first ? ReadUnit(rest) : Unit();
  if (tail.bears || tail.factorial || tail.exponent != 1 || !tail.scale.is_one()) return true;
  return HasDenial(rest.substr(0, std::min(rest.find_first_of(".\n"), size_t{200})));
}

// Where the answer is in free text: the box or boxes, the announced answer, the last LaTeX, the last number.
std::optional<std::string> FromFreeText(std::string_view text, const Options& options) {
  const bool commands = text.find('\\') != text.npos;
  const size_t last_box =
      commands ? std::max(FindLast(text, "\\boxed") + 1, FindLast(text, "\\fbox") + 1) : 0;
  const bool announced = last_box == 0 || LowerCase(text.substr(last_box)).find("final answer") != text.npos;
  if (last_box != 0 && !announced) {
    if (options.joined_boxes) {
      if (auto list = BoxesAsList(text)) return list;
    }
    if (const auto box = LastBox(text)) {
      if (const auto inner = FromFreeText(*box, options)) return inner;
      return std::string(*box);
    }
  }
  // One word outside of display mathematics ("Answer \[ 9 \]") is prose already.
  const bool display =
      FindFirst(text, "$$") != text.npos ||
      (commands && (FindFirst(text, "\\[") != text.npos || FindFirst(text, "\\(") != text.npos));
  if (!IsProse(text, display ? 1 : 2)) return std::nullopt;
  auto found = ExtractPlain(text, /*loose=*/true);
  return found && IsDenied(text, *found) ? std::nullopt : found;
}

// "**5**", "Answer: 5".
std::string_view WithoutLabel(std::string_view text) {
  text = TrimSpace(text);
  if (text.size() > 4 && text.substr(0, 2) == "**" && text.substr(text.size() - 2) == "**") {
    const std::string_view inner = text.substr(2, text.size() - 4);
    if (inner.find("**") == inner.npos) text = TrimSpace(inner);
  }
  for (const std::string_view label : {std::string_view("answer:"), std::string_view("final answer:")}) {
    if (LowerCase(text.substr(0, label.size())) == label) return TrimSpace(text.substr(label.size()));
  }
  return text;
}

}  // namespace

bool DeniesItsValue(std::string_view answer) {
  constexpr size_t kMaxBytes = 1'000;
  answer = TrimSpace(answer);
  if (answer.size() > kMaxBytes || std::none_of(answer.begin(), answer.end(), IsDigit)) return false;
  return LowerCase(answer.substr(0, 4)) == "not " || HasDenial(answer);
}

std::string FinalAnswer(std::string_view text, bool free_text, const Options& options) {
  text = WithoutLabel(text);
  if (free_text || FindFirst(text, "\\boxed") != text.npos) {
    if (auto found = FromFreeText(text, options)) return std::string(TrimSpace(*found));
  }
  return std::string(TrimSpace(text));
}

}  // namespace drover::verifier
