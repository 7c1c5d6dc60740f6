#include "verifier/answer/decide.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "verifier/answer/free_text.h"
#include "verifier/chars.h"
#include "verifier/equality/compare.h"
#include "verifier/equality/form.h"
#include "verifier/equality/operand.h"
#include "verifier/equality/prepare.h"
#include "verifier/equality/same_words.h"
#include "verifier/reading/based_numbers.h"
#include "verifier/reading/choice.h"
#include "verifier/reading/fast_number.h"
#include "verifier/reading/parser.h"
#include "verifier/reading/phrases.h"
#include "verifier/reading/text.h"
#include "verifier/utf8.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxOtherwise = 1'000;  // bytes of an answer that is read a second way

// One side of the comparison, read as far as needed.
struct Side {
  std::string raw;         // the answer's bytes, trimmed
  std::string normalised;  // what `tree` refers to
  std::optional<Tree> tree;
  bool over = false;
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

  // The order in which methods decide. What stands earlier is final; mathematics is asked before words are, so that text
  // never decides what has a value.
  //   1. numbers          both are plain numbers, as they stand or as the final answer of a text
  //   2. identity         the same bytes
  //   3. choice in prose  one side is an option's letter, the other prose that names one
  //   4. moments          both are times of day or dates
  //   5. choices          both name one option; letters must agree, and so must values beside them (by 6 and 7)
  //   6. mathematics      the first readings, then the other readings that a writing allows
  //   7. words            the gold is words and no formula: the same words. Or neither side can be read: the same characters
  Reason Run(std::string_view gold, std::string_view response, bool free_text) {
    if (explanation_ != nullptr) gold_.raw = gold, response_.raw = response;
    if (auto reason = Fast(gold, response)) return *reason;
    if (TrimSpace(gold) == TrimSpace(response) && IsReadableUtf8(gold)) {
      gold_.raw = response_.raw = TrimSpace(gold);
      return Explained(Rule::kIdentical, Reason::kEqualText);
    }
    gold_.raw = FinalAnswer(gold, /*free_text=*/true, options_);
    response_.raw = FinalAnswer(response, free_text, options_);
    if (free_text && (gold_.raw.size() <= 3 || response_.raw.size() <= 3)) {
      if (auto reason = ProseChoice(gold, response)) return *reason;
    }
    const bool shortened =
        gold_.raw.size() < TrimSpace(gold).size() || response_.raw.size() < TrimSpace(response).size();
    if (shortened) {
      if (const auto verdict = CompareMoments(gold, response)) return Explained(*verdict);
    }
    if (gold_.raw != gold || response_.raw != response) {
      if (auto reason = Fast(gold_.raw, response_.raw)) return *reason;
    }
    if (!IsReadableUtf8(response_.raw)) return Explained(Rule::kBytes, Reason::kUnparsedResponse);
    if (!IsReadableUtf8(gold_.raw)) return Explained(Rule::kBytes, Reason::kUnparsedGold);
    if (const auto verdict = CompareMoments(gold_.raw, response_.raw)) return Explained(*verdict);
    if (gold_.raw == response_.raw) return Explained(Rule::kIdentical, Reason::kEqualText);
    if (auto reason = Choices()) return *reason;
    for (Side* side : {&gold_, &response_}) {
      if (std::string latex = PhraseAsMath(side->raw); !latex.empty()) side->raw = std::move(latex);
    }
    if (gold_.raw == response_.raw) return Explained(Rule::kText, Reason::kEqualText);
    const Reason mathematics = Mathematics();
    if (!ReasonIsEqual(mathematics) && mathematics != Reason::kOverBudget && SameText()) {
      return Explained(Rule::kText, Reason::kEqualText);
    }
    return mathematics;
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

  // Two options are compared by their letters, then by the values beside them, which become the answers. The value of one
  // is the answer where the other side names no option ("(B) 5" against "5").
  std::optional<Reason> Choices() {
    auto gold = ReadChoice(gold_.raw), response = ReadChoice(response_.raw);
    if (gold && response) {
      if (gold->letter != response->letter) return Explained(Rule::kChoice, Reason::kDifferent);
      if (gold->rest.empty() || response->rest.empty()) return Explained(Rule::kChoice, Reason::kEqualText);
    }
    if (gold && !gold->rest.empty()) gold_.raw = std::move(gold->rest);
    if (response && !response->rest.empty()) response_.raw = std::move(response->rest);
    return std::nullopt;
  }

  // What the mathematics has not found equal may be the same words, or the same unreadable characters.
  bool SameText() const {
    if (!gold_.tree && !response_.tree && SameCharacters(gold_.raw, response_.raw)) return true;
    return SameWords(gold_.raw, response_.raw);
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
    const auto decimal = [](const FastNumber& x) { return x.decimals > 0 && !x.value.is_integer(); };
    const bool rounded = (decimal(*a) && b->decimals < 0) || (decimal(*b) && a->decimals < 0);
    if (rounded && (a->digits >= 3 || b->digits >= 15)) return std::nullopt;
    return Explained(Rule::kRational, Reason::kDifferent);
  }

  // A gold "C" against "I think the correct answer is C" or "C Cecile", and the other way round.
  std::optional<Reason> ProseChoice(std::string_view gold, std::string_view response) {
    const bool short_gold = gold_.raw.size() <= 3;
    const auto choice = ReadChoice(short_gold ? gold_.raw : response_.raw);
    const auto in_prose = choice ? ReadChoiceInProse(short_gold ? response : gold) : std::nullopt;
    if (!in_prose) return std::nullopt;
    return Explained(Rule::kChoice, *in_prose == choice->letter ? Reason::kEqualText : Reason::kDifferent);
  }

  Reason Mathematics() {
    if (DeniesItsValue(response_.raw) && !DeniesItsValue(gold_.raw)) {
      return Explained(Rule::kReader, Reason::kUnparsedResponse);
    }
    const ReadOptions plain{.european_decimals = options_.european_decimals};
    for (Side* side : {&gold_, &response_}) {
      Read(options_, plain, &names_, side);
      if (side->tree || side->over || side->raw.size() > kMaxOtherwise) continue;
      Side again{.raw = side->raw};
      if (!ReadOtherwise(&names_, &again)) continue;
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
    if (!grouped && IsScalarKind(kind) &&
        IsDecimalComma(side.normalised, other.normalised, &side == &gold_)) {
      Read(options_, {.european_decimals = true}, side.tree->names, again);
      return true;
    }
    if (HasDecimalCommasThroughout(side.normalised)) {
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

  // "1,22" against "1.22". An unspaced pair is a list ("1,2" is never 1.2) unless the other side is the very number with a
  // point and two digits or more follow the comma. Golds are lists of longer numbers, too ("11,13"), so that a gold's whole
  // part has one digit.
  static bool IsDecimalComma(std::string_view text, std::string_view other, bool of_gold) {
    const auto bare = [](std::string_view x) {
      x = TrimSpace(x);
      while (!x.empty() && x.front() == '$') x.remove_prefix(1);
      while (!x.empty() && x.back() == '$') x.remove_suffix(1);
      return x;
    };
    text = bare(text);
    other = bare(other);
    const size_t comma = text.find(',');
    if (comma == text.npos || text.size() != other.size() || text.size() < comma + 3) return false;
    for (size_t i = 0; i < text.size(); ++i) {
      if (i == comma ? other[i] != '.' : !IsDigit(text[i]) || text[i] != other[i]) return false;
    }
    const size_t whole = comma, fraction = text.size() - comma - 1;
    if (of_gold) return whole == 1 && (fraction == 2 || text[0] == '0');
    return whole > 0 && (whole < fraction || whole >= 3);
  }

  // "1,5; 2,25": semicolons part the numbers, so that commas are decimal in all of them.
  static bool HasDecimalCommasThroughout(std::string_view text) {
    size_t numbers = 0;
    for (size_t begin = 0; begin <= text.size(); ++numbers) {
      const size_t end = std::min(text.find(';', begin), text.size());
      std::string_view part = TrimSpace(text.substr(begin, end - begin));
      while (!part.empty() && std::string_view("([{$\\-").find(part.front()) != part.npos)
        part.remove_prefix(1);
      while (!part.empty() && std::string_view(")]}$\\").find(part.back()) != part.npos)
        part.remove_suffix(1);
      const size_t comma = part.find(',');
      if (comma == part.npos || comma == 0 || comma + 1 == part.size()) return false;
      for (size_t i = 0; i < part.size(); ++i) {
        if (i != comma && !IsDigit(part[i])) return false;
      }
      begin = end + 1;
    }
    return numbers >= 2;
  }

  const Options& options_;
  Explanation* const explanation_;
  Names names_;  // of both trees
  Side gold_, response_;
};

}  // namespace

Reason Decide(std::string_view gold, std::string_view response, bool free_text, const Options& options,
              Explanation* explanation) {
  return Decision(options, explanation).Run(gold, response, free_text);
}

}  // namespace drover::verifier
