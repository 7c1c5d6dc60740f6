#include "model/split_scanner.h"

#include "model/character_classes.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

// Reads characters and their classes. Positions are byte offsets of whole characters; what begins at the end has class 0
// and no length.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text), classes_(CharacterClasses::Get()) {}

  size_t size() const { return text_.size(); }
  // The byte at `at`; 0 at the end.
  char Byte(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  bool IsNewline(size_t at) const { return Byte(at) == '\n' || Byte(at) == '\r'; }

  // The class of the character at `at`, and where the next one begins.
  uint8_t Class(size_t at, size_t& next) const {
    next = at;
    if (at >= text_.size()) return 0;
    const auto byte = static_cast<uint8_t>(text_[at]);
    if (byte < 0x80) {
      next = at + 1;
      return classes_.OfAscii(byte);
    }
    return classes_.Of(NextCodePoint(text_, next));
  }
  uint8_t Class(size_t at) const {
    size_t next;
    return Class(at, next);
  }

  // The end of the characters from `at` on whose class is in `mask`, at most `most` of them.
  size_t Run(size_t at, uint8_t mask, size_t most = SIZE_MAX) const {
    for (size_t next; most > 0 && (Class(at, next) & mask) != 0; --most) at = next;
    return at;
  }
  // The end of the characters from `at` on whose class is outside of `mask`.
  size_t RunOutside(size_t at, uint8_t mask) const {
    for (size_t next; at < text_.size() && (Class(at, next) & mask) == 0;) at = next;
    return at;
  }
  size_t Newlines(size_t at) const {
    while (IsNewline(at)) ++at;
    return at;
  }
  size_t Letters(size_t at) const {  // [A-Za-z]*
    while ((Byte(at) | 0x20) >= 'a' && (Byte(at) | 0x20) <= 'z') ++at;
    return at;
  }

  // 's 't 're 've 'm 'll 'd, in capitals too with `caseless`; `at` where there is none. U+017F is a small s in disguise.
  size_t Contraction(size_t at, bool caseless) const {
    if (Byte(at) != '\'') return at;
    const char lower = caseless ? 0x20 : 0;
    const char first = static_cast<char>(Byte(at + 1) | lower),
               second = static_cast<char>(Byte(at + 2) | lower);
    switch (first) {
      case 's':
      case 't':
      case 'm':
      case 'd':
        return at + 2;
      case 'r':
      case 'v':
        return second == 'e' ? at + 3 : at;
      case 'l':
        return second == 'l' ? at + 3 : at;
      default:
        return caseless && text_.substr(at + 1, 2) == "\u017F" ? at + 3 : at;
    }
  }

  // \s+(?!\S)|\s+ at white space, with \s*[\r\n]+ before them when `newlines`: white space up to its last line break, else
  // all of it at the end of the text, else all but its last character, which goes with what follows.
  size_t Space(size_t at, bool newlines) const {
    size_t end = at, last = at, behind_break = at;
    for (size_t next; (Class(end, next) & kSpace) != 0; end = next) {
      last = end;
      if (IsNewline(end)) behind_break = next;
    }
    if (newlines && behind_break > at) return behind_break;
    return end == size() || last == at ? end : last;
  }

 private:
  std::string_view text_;
  const CharacterClasses& classes_;
};

// Each of the expressions below is a struct with Match, the end of the match that begins at a position, or the position
// itself where none does.
template <typename Expression>
void ScanAll(std::string_view text, std::vector<std::string_view>& matches) {
  const Scanner scanner(text);
  for (size_t at = 0; at < text.size();) {
    const size_t end = Expression::Match(scanner, at);
    if (end > at) {
      matches.push_back(text.substr(at, end - at));
      at = end;
    } else {
      scanner.Class(at, at);  // the character is in no match
    }
  }
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
struct Gpt2 {
  static size_t Match(const Scanner& s, size_t at) {
    if (const size_t end = s.Contraction(at, /*caseless=*/false); end > at) return end;
    const size_t begin = s.Byte(at) == ' ' ? at + 1 : at;
    if (begin == s.size()) return begin;
    const uint8_t what = s.Class(begin);
    if (what & kLetter) return s.Run(begin, kLetter);
    if (what & kNumber) return s.Run(begin, kNumber);
    if ((what & kSpace) == 0) return s.RunOutside(begin, kSpace | kLetter | kNumber);
    return s.Space(at, /*newlines=*/false);
  }
};

//  ?[^\s\p{L}\p{N}]+TAIL|\s*[\r\n]+|\s+(?!\S)|\s+ at what is neither letter nor number; `letters` is \p{L}, or with \p{M}.
// TAIL is [\r\n]*, or [\r\n/]* with `slash`.
size_t SignsOrSpace(const Scanner& s, size_t at, uint8_t letters, bool slash) {
  const size_t begin = s.Byte(at) == ' ' ? at + 1 : at;
  size_t end = s.RunOutside(begin, kSpace | letters | kNumber);
  if (end == begin) return s.Space(at, /*newlines=*/true);
  while (s.IsNewline(end) || (slash && s.Byte(end) == '/')) ++end;
  return end;
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?LETTERS+|\p{N}{1,DIGITS}| ?[^\s LETTERS \p{N}]+[\r\n]*|\s*[\r\n]+
// |\s+(?!\S)|\s+
template <int kDigits, uint8_t kLetters>
struct Cl100k {
  static size_t Match(const Scanner& s, size_t at) {
    if (const size_t end = s.Contraction(at, /*caseless=*/true); end > at) return end;
    size_t next;
    const uint8_t what = s.Class(at, next);
    if (what & kLetters) return s.Run(next, kLetters);
    if (what & kNumber) return s.Run(next, kNumber, kDigits - 1);
    if (!s.IsNewline(at)) {
      if (const size_t end = s.Run(next, kLetters); end > next) return end;
    }
    return SignsOrSpace(s, at, kLetters, /*slash=*/false);
  }
};

// [^\r\n\p{L}\p{N}]?UPPER*LOWER+TAIL|[^\r\n\p{L}\p{N}]?UPPER+LOWER*TAIL|\p{N}{1,DIGITS}| ?[^\s\p{L}\p{N}]+[\r\n/]*
// |\s*[\r\n]+|\s+(?!\S)|\s+, where UPPER is [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], LOWER [\p{Ll}\p{Lm}\p{Lo}\p{M}] and TAIL, where
// kTail, the contractions in any case or nothing.
template <int kDigits, bool kTail>
struct O200k {
  static constexpr uint8_t kUpperSet = kUpper | kOtherLetter | kMark;
  static constexpr uint8_t kLowerSet = kLower | kOtherLetter | kMark;

  // UPPER*LOWER+ from `at`. Where the greedy UPPER* leaves nothing to LOWER+, it gives back to the last character that is
  // both; `at` where there is none.
  static size_t CapitalsAndSmall(const Scanner& s, size_t at) {
    size_t end = at, behind_both = at;
    for (size_t next; (s.Class(end, next) & kUpperSet) != 0; end = next) {
      if (s.Class(end) & kLowerSet) behind_both = next;
    }
    const size_t small = s.Run(end, kLowerSet);
    return small > end ? small : behind_both;
  }

  static size_t Word(const Scanner& s, size_t at, size_t next, bool prefix) {
    size_t end = at;
    if (prefix) end = CapitalsAndSmall(s, next);
    if (end <= next) end = CapitalsAndSmall(s, at);
    if (end > at) return end;
    // There is no LOWER at the end of the capitals, so that nothing is left for LOWER*.
    if (prefix) end = s.Run(next, kUpperSet);
    return end > next ? end : s.Run(at, kUpperSet);
  }

  static size_t Match(const Scanner& s, size_t at) {
    size_t next;
    const uint8_t what = s.Class(at, next);
    const bool prefix = (what & (kLetter | kNumber)) == 0 && !s.IsNewline(at);
    if (const size_t end = Word(s, at, next, prefix); end > at) {
      return kTail ? s.Contraction(end, /*caseless=*/true) : end;
    }
    if (what & kNumber) return s.Run(next, kNumber, kDigits - 1);
    return SignsOrSpace(s, at, kLetter, /*slash=*/true);
  }
};

// [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+
// |\s+(?!\S)|\s+
struct DeepSeekV3 {
  static size_t Match(const Scanner& s, size_t at) {
    size_t next;
    const uint8_t what = s.Class(at, next);
    if ((what & kSign) && next == at + 1) {
      if (const size_t end = s.Letters(next); end > next) return end;
    }
    if (what & (kLetter | kMark)) return s.Run(next, kLetter | kMark);
    if ((what & kSign) == 0 && !s.IsNewline(at)) {
      if (const size_t end = s.Run(next, kLetter | kMark); end > next) return end;
    }
    const size_t begin = s.Byte(at) == ' ' ? next : at;
    if (const size_t end = s.Run(begin, kSign); end > begin) return s.Newlines(end);
    return what & kSpace ? s.Space(at, /*newlines=*/true) : at;
  }
};

// \p{N}{1,DIGITS}
template <int kDigits>
struct Numbers {
  static size_t Match(const Scanner& s, size_t at) { return s.Run(at, kNumber, kDigits); }
};

constexpr uint8_t kLetterOrMark = kLetter | kMark;

}  // namespace

const SplitScanner::Known SplitScanner::kKnown[] = {
    // GPT-2, SmolLM; ByteLevel's own
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", ScanAll<Gpt2>},
    // GPT-4, Llama 3, OLMo 2, Phi-4
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     ScanAll<Cl100k<3, kLetter>>},
    // Qwen 2, 2.5 and 3
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     ScanAll<Cl100k<1, kLetter>>},
    // Qwen 3.5
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     ScanAll<Cl100k<1, kLetterOrMark>>},
    // GPT-4o
    {R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     ScanAll<O200k<3, true>>},
    // Mistral's Tekken
    {R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     ScanAll<O200k<1, false>>},
    // DeepSeek V2 and V3, of three expressions the first and the last
    {R"(\p{N}{1,3})", ScanAll<Numbers<3>>},
    {R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     ScanAll<DeepSeekV3>},
};

std::optional<SplitScanner> SplitScanner::For(std::string_view pattern) {
  for (const Known& known : kKnown) {
    if (known.pattern == pattern) return SplitScanner(known.find);
  }
  return std::nullopt;
}

void SplitScanner::FindNumbers(std::string_view text, std::vector<std::string_view>& matches) {
  ScanAll<Numbers<1>>(text, matches);
}

std::vector<std::string_view> SplitScanner::Patterns() {
  std::vector<std::string_view> patterns;
  for (const Known& known : kKnown) patterns.push_back(known.pattern);
  return patterns;
}

}  // namespace drover::model
