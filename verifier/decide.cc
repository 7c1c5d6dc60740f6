#include "verifier/decide.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "verifier/answer_text.h"
#include "verifier/chars.h"
#include "verifier/choice.h"
#include "verifier/compare.h"
#include "verifier/extract.h"
#include "verifier/fast_number.h"
#include "verifier/form.h"
#include "verifier/matcher.h"
#include "verifier/number_reader.h"
#include "verifier/parser.h"
#include "verifier/prepare.h"
#include "verifier/text.h"
#include "verifier/words.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxOtherwise = 1'000;  // bytes of an answer that is read a second way

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
    const bool vowels = word.find_first_of("aeiouyAEIOUY") != word.npos;
    // Letters beside digits, braces and operators are a product of symbols ("4ac", "{ab}").
    constexpr std::string_view kBetweenWords = " \t\r\n.,:;!?()\"'*$-";
    const auto between = [&](size_t at) { return kBetweenWords.find(text[at]) != kBetweenWords.npos; };
    const bool boundary =
        (i == 0 || between(i - 1) || static_cast<unsigned char>(text[i - 1]) >= 0x80) &&
        (end == text.size() || between(end) || static_cast<unsigned char>(text[end]) >= 0x80);
    if (word.size() >= 2 && !subscript && vowels && boundary && !FindPlainWord(word) && !FindUnit(word))
      ++words;
    i = end;
  }
  return words >= enough;
}

// Where the answer is in free text: the box or boxes, the announced answer, the last LaTeX, the last number.
std::optional<std::string> FromFreeText(std::string_view text, const Options& options) {
  const size_t last_box = std::max(FindLast(text, "\\boxed") + 1, FindLast(text, "\\fbox") + 1);
  const bool announced = last_box == 0 || LowerCase(text.substr(last_box)).find("final answer") != text.npos;
  if (last_box != 0 && !announced) {
    std::vector<std::string_view> boxes;
    if (options.joined_boxes) boxes = JoinedBoxes(text);
    if (boxes.size() > 1) {
      std::string joined;
      for (const std::string_view box : boxes) {
        if (!joined.empty()) joined += " , ";
        joined += box;
      }
      return joined;
    }
    if (const auto box = LastBox(text)) {
      if (const auto inner = FromFreeText(*box, options)) return inner;
      return std::string(*box);
    }
  }
  // One word outside of display mathematics ("Answer \[ 9 \]") is prose already.
  const bool display = FindFirst(text, "$$") != text.npos || FindFirst(text, "\\[") != text.npos ||
                       FindFirst(text, "\\(") != text.npos;
  if (IsProse(text, display ? 1 : 2)) return ExtractPlain(text, /*loose=*/true);
  return std::nullopt;
}

// One side of the comparison, read as far as needed.
struct Side {
  std::string raw;         // the answer's bytes, trimmed
  std::string normalised;  // what `tree` refers to
  std::optional<Tree> tree;
  bool over = false;
  bool readable = true;  // well-formed UTF-8 without NULs
};

void Read(const Options& options, const ReadOptions& how, Names* names, Side* side) {
  side->normalised = NormalizeMath(side->raw);
  Budget budget(options.budget);
  side->tree = ReadMath(side->normalised, how, names, budget);
  if (side->tree && !PrepareTree(&*side->tree, budget)) side->tree.reset();
  side->over = budget.over();
}

class Decision {
 public:
  Decision(const Options& options, Explanation* explanation) : options_(options), explanation_(explanation) {}

  Reason Run(std::string_view gold, std::string_view response, bool free_text) {
    if (explanation_ != nullptr) gold_.raw = gold, response_.raw = response;
    if (auto reason = Fast(gold, response)) return *reason;
    gold_.raw = Final(gold, /*free_text=*/true);
    response_.raw = Final(response, free_text);
    if (free_text && (gold_.raw.size() <= 3 || response_.raw.size() <= 3)) {
      if (auto reason = ProseChoice(gold, response)) return *reason;
    }
    const bool shortened =
        gold_.raw.size() < TrimSpace(gold).size() || response_.raw.size() < TrimSpace(response).size();
    if (shortened) {
      if (const auto verdict = CompareMoments(gold, response)) return Explained(*verdict);
    }
    if (auto reason = Fast(gold_.raw, response_.raw)) return *reason;
    gold_.readable = IsReadableUtf8(gold_.raw);
    response_.readable = IsReadableUtf8(response_.raw);
    if (!response_.readable) return Explained(Rule::kBytes, Reason::kUnparsedResponse);
    if (!gold_.readable) return Explained(Rule::kBytes, Reason::kUnparsedGold);
    if (gold_.raw == response_.raw) return Explained(Rule::kIdentical, Reason::kEqualText);
    if (const auto verdict = CompareTexts(gold_.raw, response_.raw)) return Explained(*verdict);
    OpenChoice();
    for (Side* side : {&gold_, &response_}) {
      if (const std::string_view latex = PhraseAsMath(side->raw); !latex.empty()) side->raw = latex;
    }
    if (gold_.raw == response_.raw) return Explained(Rule::kText, Reason::kEqualText);
    return Mathematics();
  }

 private:
  Reason Explained(Rule rule, Reason reason) {
    if (explanation_ == nullptr) return reason;
    explanation_->rule = rule;
    Show(gold_, &explanation_->gold);
    Show(response_, &explanation_->response);
    return reason;
  }

  // Rules that need no tree leave none: a person wants to see it all the same.
  void Show(const Side& side, Explanation::Side* out) const {
    out->answer = side.raw;
    const std::string normalised = NormalizeMath(side.raw);
    Names names;
    Budget budget(options_.budget);
    std::optional<Tree> again;
    if (!side.tree && IsReadableUtf8(side.raw)) {
      again = ReadMath(normalised, {.european_decimals = options_.european_decimals}, &names, budget);
      if (again && !PrepareTree(&*again, budget)) again.reset();
    }
    const std::optional<Tree>& tree = side.tree ? side.tree : again;
    if (!tree) return;
    out->tree = ToString(*tree, tree->root);
    Form form;
    if (BuildForm(*tree, tree->root, {}, budget, &form)) out->normal_form = ToString(form, *tree->names);
  }

  Reason Explained(const TextVerdict& verdict) {
    return Explained(verdict.rule, verdict.equal ? Reason::kEqualText : Reason::kDifferent);
  }

  // "(B) 5" against "5": the option's text is the answer where the other side names no option.
  void OpenChoice() {
    const auto gold = AfterChoice(gold_.raw), response = AfterChoice(response_.raw);
    if (gold.has_value() == response.has_value()) return;
    Side& side = gold ? gold_ : response_;
    side.raw = std::string(gold ? *gold : *response);
  }

  std::optional<Reason> Fast(std::string_view gold, std::string_view response) {
    bool over = false;
    const auto a = ReadFastNumber(gold, options_.budget.bits, &over);
    if (over) return Explained(Rule::kBudget, Reason::kOverBudget);
    if (!a || options_.european_decimals || options_.rounding_digits >= 0) return std::nullopt;
    const auto b = ReadFastNumber(response, options_.budget.bits, &over);
    if (over) return Explained(Rule::kBudget, Reason::kOverBudget);
    if (!b) return std::nullopt;
    if (a->value == b->value) return Explained(Rule::kRational, Reason::kEqualExact);
    // Rounded decimals have a rule of their own.
    const bool rounded = (a->decimals > 0 && b->decimals < 0) || (b->decimals > 0 && a->decimals < 0);
    if (rounded && (a->digits >= 3 || b->digits >= 15)) return std::nullopt;
    return Explained(Rule::kRational, Reason::kDifferent);
  }

  // "**5**", "Answer: 5".
  static std::string_view WithoutLabel(std::string_view text) {
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

  std::string Final(std::string_view text, bool free_text) const {
    text = WithoutLabel(text);
    if (free_text || FindFirst(text, "\\boxed") != text.npos) {
      if (auto found = FromFreeText(text, options_)) return std::string(TrimSpace(*found));
    }
    return std::string(TrimSpace(text));
  }

  // A gold "C" against "I think the correct answer is C" or "C Cecile", and the other way round.
  std::optional<Reason> ProseChoice(std::string_view gold, std::string_view response) {
    const bool short_gold = gold_.raw.size() <= 3;
    const auto letter = ReadChoice(short_gold ? gold_.raw : response_.raw, /*prose=*/false);
    const auto in_prose = letter ? ReadChoice(short_gold ? response : gold, /*prose=*/true) : std::nullopt;
    if (!in_prose) return std::nullopt;
    return Explained(Rule::kChoice, *in_prose == *letter ? Reason::kEqualText : Reason::kDifferent);
  }

  Reason Mathematics() {
    Names names;
    const ReadOptions plain{.european_decimals = options_.european_decimals};
    for (Side* side : {&gold_, &response_}) {
      Read(options_, plain, &names, side);
      if (side->tree || side->over || side->raw.size() > kMaxOtherwise) continue;
      Side again{.raw = side->raw};
      if (!ReadOtherwise(&names, &again)) continue;
      *side = std::move(again);
      side->tree->source = side->normalised;
    }
    if (!gold_.tree) return Explained(Rule::kReader, gold_.over ? Reason::kOverBudget : GoldIsWords());
    if (!response_.tree) {
      return Explained(Rule::kReader, response_.over ? Reason::kOverBudget : Reason::kUnparsedResponse);
    }
    Rule rule = Rule::kNone;
    Outcome outcome = CompareAnswers(*gold_.tree, *response_.tree, options_, &rule);
    if (!IsEqual(outcome)) outcome = OtherReadings(outcome, &rule);
    return Explained(rule, ReasonOf(outcome));
  }

  // What the grammar cannot read, or reads as a product of letters: a number in another base, or with bare words for its
  // unit.
  bool ReadOtherwise(Names* names, Side* side) const {
    Budget budget(options_.budget);
    Literal literal;
    side->normalised = NormalizeMath(side->raw);
    if (ReadBaseNotation(side->normalised, budget, &literal)) {
      side->tree.emplace();
      side->tree->names = names;
      side->tree->source = side->normalised;
      side->tree->root = side->tree->AddNumber(std::move(literal));
      return true;
    }
    Read(options_, {.european_decimals = options_.european_decimals, .bare_units = true}, names, side);
    return side->tree && (*side->tree)[side->tree->root].kind == Kind::kQuantity;
  }

  // A gold that is words, not mathematics, is read; the response is just another text.
  Reason GoldIsWords() const {
    return IsWords(BareText(gold_.raw)) ? Reason::kDifferent : Reason::kUnparsedGold;
  }

  static Reason ReasonOf(Outcome outcome) {
    switch (outcome) {
      case Outcome::kEqualExact:
        return Reason::kEqualExact;
      case Outcome::kEqualNumeric:
        return Reason::kEqualNumeric;
      case Outcome::kEqualText:
        return Reason::kEqualText;
      case Outcome::kDifferent:
        return Reason::kDifferent;
      case Outcome::kUndecided:
        return Reason::kUndecided;
      case Outcome::kOverBudget:
        return Reason::kOverBudget;
    }
    return Reason::kUndecided;
  }

  // "1,234" may be a list, "1,5" a decimal, "5 apples" a quantity: where the other side settles it, that reading counts.
  Outcome OtherReadings(Outcome first, Rule* rule) {
    for (const bool of_gold : {true, false}) {
      const Side& side = of_gold ? gold_ : response_;
      const Side& other = of_gold ? response_ : gold_;
      Side again{.raw = side.raw};
      if (!ReadAgain(side, other, &again) || !again.tree) continue;
      const Outcome outcome = of_gold ? CompareAnswers(*again.tree, *other.tree, options_, rule)
                                      : CompareAnswers(*other.tree, *again.tree, options_, rule);
      if (IsEqual(outcome)) return outcome;
    }
    return first;
  }

  bool ReadAgain(const Side& side, const Side& other, Side* again) const {
    if (side.raw.size() > kMaxOtherwise) return false;
    const Node& node = (*side.tree)[side.tree->root];
    const Kind kind = (*other.tree)[other.tree->root].kind;
    const bool grouped = std::any_of(side.tree->numbers.begin(), side.tree->numbers.end(),
                                     [](const Literal& number) { return number.grouped; });
    if (grouped && (kind == Kind::kList || kind == Kind::kSet)) {
      for (size_t at = again->raw.find(','); at != again->raw.npos; at = again->raw.find(',', at + 2)) {
        again->raw.replace(at, 1, ", ");
      }
      Read(options_, {}, side.tree->names, again);
      return true;
    }
    if (!grouped && IsDecimalComma(side.normalised) && IsScalarKind(kind)) {
      Read(options_, {.european_decimals = true}, side.tree->names, again);
      return true;
    }
    if (side.normalised.find("+-") != std::string::npos) {
      Read(options_, {.plus_minus = true}, side.tree->names, again);
      return true;
    }
    // Products of letters ("5 apples") and powers of them ("5 m^2") may be numbers with units, or digits in a base.
    const bool letters =
        node.kind == Kind::kProduct || node.kind == Kind::kSymbol || node.kind == Kind::kQuantity;
    const bool value = kind == Kind::kQuantity || kind == Kind::kNumber || FreeSymbols(Root(other)).empty();
    if (!letters || !value || !(kind == Kind::kQuantity || IsScalarKind(kind))) return false;
    if (!ReadOtherwise(side.tree->names, again)) return false;
    const Node& quantity = (*again->tree)[again->tree->root];
    // A single letter is a unit only where the other side has one, too ("5 m" against "5").
    return quantity.kind != Kind::kQuantity || kind == Kind::kQuantity ||
           again->tree->texts[quantity.value].size() >= 3;
  }

  static Operand Root(const Side& side) { return {&*side.tree, side.tree->root}; }

  // digits ',' digits and nothing else.
  static bool IsDecimalComma(std::string_view text) {
    text = TrimSpace(text);
    while (!text.empty() && text.front() == '$') text.remove_prefix(1);
    while (!text.empty() && text.back() == '$') text.remove_suffix(1);
    const size_t comma = text.find(',');
    if (comma == text.npos || comma == 0 || comma + 1 == text.size()) return false;
    for (size_t i = 0; i < text.size(); ++i) {
      if (i != comma && !IsDigit(text[i])) return false;
    }
    return true;
  }
  const Options& options_;
  Explanation* const explanation_;
  Side gold_, response_;
};

}  // namespace

Reason Decide(std::string_view gold, std::string_view response, bool free_text, const Options& options,
              Explanation* explanation) {
  return Decision(options, explanation).Run(gold, response, free_text);
}

}  // namespace drover::verifier
