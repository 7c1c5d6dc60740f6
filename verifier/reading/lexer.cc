#include "verifier/reading/lexer.h"

#include <algorithm>
#include <array>

#include "verifier/chars.h"
#include "verifier/reading/lexer_impl.h"
#include "verifier/reading/number_reader.h"
#include "verifier/reading/number_words.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxTokens = 450'000;      // bounds the memory of tokens and trees to about 40 MiB
constexpr size_t kMaxOtherTokens = 60'000;  // that are no brackets; longer sums of numbers are read elsewhere

// Tables and not switches, since hostile answers have hundreds of thousands of brackets and a jump costs ten nanoseconds.

// What a token does to the nesting: 1 opens, -1 closes.
constexpr auto kNesting = [] {
  std::array<int8_t, static_cast<size_t>(Token::kUnknown) + 1> table{};
  for (const Token open : {Token::kLeftBrace, Token::kLeftParen, Token::kLeftBracket, Token::kLeftSet,
                           Token::kLeftAngle, Token::kLeftFloor, Token::kLeftCeil, Token::kBegin}) {
    table[static_cast<size_t>(open)] = 1;
  }
  for (const Token close :
       {Token::kRightBrace, Token::kRightParen, Token::kRightBracket, Token::kRightSet, Token::kRightAngle,
        Token::kRightFloor, Token::kRightCeil, Token::kEndEnvironment}) {
    table[static_cast<size_t>(close)] = -1;
  }
  return table;
}();

int Nesting(Token token) { return kNesting[static_cast<size_t>(token)]; }

// The characters that are one token whatever follows (kEnd: others), and by how much they change the depth of round and
// square brackets.
struct Sign {
  Token token;
  int8_t brackets;
};
constexpr auto kSigns = [] {
  std::array<Sign, 256> table{};
  table['{'] = {Token::kLeftBrace, 0};
  table['}'] = {Token::kRightBrace, 0};
  table['('] = {Token::kLeftParen, 1};
  table[')'] = {Token::kRightParen, -1};
  table['['] = {Token::kLeftBracket, 1};
  table[']'] = {Token::kRightBracket, -1};
  table['|'] = {Token::kBar, 0};
  table['_'] = {Token::kUnderscore, 0};
  table['-'] = {Token::kMinus, 0};
  table['/'] = {Token::kSlash, 0};
  table[','] = {Token::kComma, 0};
  table[';'] = {Token::kSemicolon, 0};
  table['&'] = {Token::kAmpersand, 0};
  table['\''] = {Token::kPrime, 0};
  table['%'] = {Token::kPercent, 0};
  return table;
}();

}  // namespace

std::vector<Lexeme> Lexer::Run() {
  out_.reserve(std::min(text_.size() + 1, kMaxTokens));
  // What holds something unknown is not of the grammar, whatever follows.
  while (at_ < text_.size() && (out_.empty() || out_.back().token != Token::kUnknown)) {
    Step();
    if (Full()) return {};
  }
  Emit(Token::kEnd, at_);
  return std::move(out_);
}

bool Lexer::Full() {
  if (out_.size() > kMaxTokens || out_.size() > kMaxOtherTokens + bracket_tokens_) budget_.Exceed();
  return budget_.over();
}

void Lexer::CountNesting(Token token) {
  const int nesting = Nesting(token);
  if (nesting > 0) {
    const bool counts = out_.empty() || Nesting(out_.back().token) <= 0;
    open_.push_back(counts);
    ++bracket_tokens_;
    nesting_ += counts ? 1 : 0;
    if (nesting_ > budget_.limits().depth) budget_.Exceed();
  } else if (nesting < 0 && !open_.empty()) {
    nesting_ -= open_.back() ? 1 : 0;
    open_.pop_back();
    ++bracket_tokens_;
  }
}

void Lexer::Step() {
  const char c = Peek();
  if (IsSpace(c) || c == '~') {
    ++at_;
  } else if (IsDigit(c) || (c == '.' && (IsDigit(Peek(1)) || StartsRepetend()))) {
    Number();
  } else if (IsAlpha(c)) {
    Word();
  } else if (c == '\\') {
    Command();
  } else {
    Punctuation(c);
  }
}

void Lexer::Number() {
  // "27,54,108,135": after a comma without a space, commas part elements.
  const bool listed = at_ > 0 && text_[at_ - 1] == ',' && !out_.empty() && out_.back().token == Token::kComma;
  const bool exponent = !out_.empty() && out_.back().token == Token::kCaret;
  const NumberContext context{
      .in_brackets = brackets_ > 0 || listed, .european = options_.european_decimals, .exponent = exponent};
  const size_t begin = at_;
  Literal literal;
  const size_t length = ReadNumber(Rest(), context, budget_, &literal);
  if (length == 0) {
    ++at_;
    Emit(Token::kUnknown, begin);
    return;
  }
  at_ += length;
  if (tree_.numbers.empty()) tree_.numbers.reserve(4);
  tree_.numbers.push_back(std::move(literal));
  Emit(Token::kNumber, begin, static_cast<uint32_t>(tree_.numbers.size() - 1));
}

void Lexer::Letter(char c, size_t begin) {
  if (c == 'e') {
    Emit(Token::kConstant, begin, static_cast<uint32_t>(Constant::kE));
  } else if (c == 'i') {
    Emit(Token::kConstant, begin, static_cast<uint32_t>(Constant::kI));
  } else {
    Emit(Token::kSymbol, begin, tree_.names->Intern(std::string_view(&c, 1)));
  }
}

bool Lexer::AfterDegree() const {
  const size_t n = out_.size();
  if (n > 0 && out_[n - 1].token == Token::kDegree) return true;
  return n > 1 && out_[n - 1].token == Token::kRightBrace && out_[n - 2].token == Token::kDegree;
}

bool Lexer::AfterValue() const {
  if (out_.empty()) return false;
  switch (out_.back().token) {
    case Token::kNumber:
    case Token::kRightBrace:
    case Token::kRightParen:
    case Token::kConstant:
      return true;
    default:
      return false;
  }
}

bool Lexer::IsTimesLetter(std::string_view word, size_t end) const {
  if ((word != "x" && word != "X") || out_.empty() || out_.back().token != Token::kNumber) return false;
  std::string_view rest = TrimSpace(text_.substr(end, 16));
  if (rest.substr(0, 2) != "10") return false;
  rest = TrimSpace(rest.substr(2));
  return rest.substr(0, 1) == "^" || rest.substr(0, 2) == "**";
}

bool Lexer::IsUnitWord(std::string_view word) const {
  const bool after_unit = AfterUnitSlash() || (!out_.empty() && out_.back().token == Token::kText);
  if (!AfterValue() && !after_unit) return false;
  const bool known = FindUnit(word) || word == "per" || word == "sq" || word == "cubic" || word == "square";
  if (options_.bare_units) {
    const std::string lower = LowerCase(word);
    const auto number = FindNumberWord(lower);
    const bool changes =
        number && (number->role == NumberRole::kScale || number->role == NumberRole::kFraction ||
                   number->role == NumberRole::kPower);
    return known || changes || !FindKind(lower).empty();
  }
  if (!known) return false;
  if (word.size() != 2 || after_unit) return word.size() >= 3 || AfterUnitSlash() || after_unit;
  // Two letters are as often a product ("2mg", "6hr", "2\pi ft").
  static constexpr std::string_view kClear[] = {"cm", "km", "mm", "kg", "Hz"};
  if (std::find(std::begin(kClear), std::end(kClear), word) != std::end(kClear)) return true;
  static constexpr std::string_view kProducts[] = {"mg", "ms", "dm", "nm", "pc",
                                                   "ly", "us", "ns", "um", "sr"};
  if (std::find(std::begin(kProducts), std::end(kProducts), LowerCase(word)) != std::end(kProducts))
    return false;
  return brackets_ == 0 && out_.back().token == Token::kNumber && at_ > 0 && IsSpace(text_[at_ - 1]);
}

void Lexer::Word() {
  const size_t begin = at_;
  size_t end = at_;
  while (end < text_.size() && IsAlpha(text_[end])) ++end;
  const std::string_view word = text_.substr(begin, end - begin);
  const bool subscript = !out_.empty() && out_.back().token == Token::kUnderscore;
  if (!subscript) {
    if (IsTimesLetter(word, end)) {
      at_ = end;
      return Emit(Token::kCross, begin);
    }
    if (word == "US" && (text_.substr(end, 1) == "$" || text_.substr(end, 2) == "\\$")) {
      at_ = end;  // "US$5"
      return;
    }
    if (AfterDegree() && (word == "C" || word == "F")) {
      at_ = end;
      return EmitText(word == "C" ? "celsius" : "fahrenheit", begin, 1);
    }
    if (word == "min" && AfterValue() && text_.substr(end, 1) != "(") {  // "5 min"
      at_ = end;
      return EmitText("min", begin, 1);
    }
    if (auto info = FindPlainWord(word)) {
      at_ = end;
      return Known(*info, word, begin);
    }
    const bool open = end < text_.size() && (text_[end] == '(' || text_[end] == '_');
    if (!open && IsUnitWord(word)) {
      at_ = end;
      return EmitText(std::string(word), begin, 1);
    }
  }
  for (size_t i = 0; i < word.size() && !Full();) {
    size_t length = 1;
    // Inside a run only pi is looked for, and a function at its end when a bracket follows ("xsin(2)").
    const bool call = end < text_.size() && (text_[end] == '(' || text_[end] == '{') && word.size() - i <= 7;
    const bool pi = word.substr(i, 2) == "pi";
    const size_t n = pi ? 2 : word.size() - i;
    const auto info = subscript || (!pi && !call) || n < 2 ? std::nullopt : FindPlainWord(word.substr(i, n));
    const bool usable = info && (info->token == Token::kFunction || info->token == Token::kRoot ||
                                 info->token == Token::kBinomial || pi);
    if (usable && n < word.size()) {
      at_ = begin + i + n;
      Known(*info, word.substr(i, n), begin + i);
      length = 0;
      i += n;
    }
    if (length == 0) continue;
    at_ = begin + i + 1;
    Letter(word[i], begin + i);
    ++i;
  }
}

void Lexer::Punctuation(char c) {
  const size_t begin = at_++;
  if (const Sign sign = kSigns[static_cast<unsigned char>(c)]; sign.token != Token::kEnd) {
    brackets_ += sign.brackets;
    return Emit(sign.token, begin);
  }
  const char next = Peek();
  switch (c) {
    case '^':
      if (Primes()) return Emit(Token::kPrime, begin);
      if (DegreeLetter()) return Emit(Token::kDegree, begin);
      return Emit(Token::kCaret, begin);
    case '+':
      if (next == '-' && options_.plus_minus) return ++at_, Emit(Token::kPlusMinus, begin);
      return Emit(Token::kPlus, begin);
    case '*':
      if (next == '*') return ++at_, Emit(Token::kCaret, begin);
      return Emit(Token::kTimes, begin);
    case ':':
      if (next == '=') return ++at_, Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kEqual));
      return Emit(Token::kColon, begin);
    case '=':
      if (next == '=') ++at_;
      return Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kEqual));
    case '<':
      if (next == '=')
        return ++at_, Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kLessEqual));
      if (next == '>')
        return ++at_, Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kNotEqual));
      return Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kLess));
    case '>':
      if (next == '=')
        return ++at_, Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kGreaterEqual));
      return Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kGreater));
    case '!':
      if (next == '=')
        return ++at_, Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kNotEqual));
      return Emit(Token::kBang, begin);
    case '$':
      // A dollar sign that stands before a number and has no partner is money; others delimit mathematics.
      if (IsDigit(next) && Rest().find('$') == std::string_view::npos && out_.empty()) {
        tree_.texts.emplace_back("usd");
        return Emit(Token::kCurrency, begin, static_cast<uint32_t>(tree_.texts.size() - 1));
      }
      return;
    case '.':
      return Dots(begin);
    default:
      return Emit(Token::kUnknown, begin);
  }
}

bool Lexer::Primes() {
  std::string_view rest = Rest();
  const bool braces = rest.substr(0, 1) == "{";
  if (braces) rest.remove_prefix(1);
  const std::string_view name = "\\prime";
  if (rest.substr(0, name.size()) != name) return false;
  rest.remove_prefix(name.size());
  if (braces && (rest.empty() || rest[0] != '}')) return false;
  at_ += name.size() + (braces ? 2 : 0);
  return true;
}

bool Lexer::DegreeLetter() {
  if (out_.empty() || out_.back().token != Token::kNumber) return false;
  for (const std::string_view sign :
       {std::string_view("{\\text{o}}"), std::string_view("\\text{o}"), std::string_view("{\\mathrm{o}}"),
        std::string_view("\\mathrm{o}"), std::string_view("{o}"), std::string_view("o")}) {
    if (Rest().substr(0, sign.size()) != sign) continue;
    if (sign == "o" && IsAlpha(Peek(1))) return false;
    at_ += sign.size();
    return true;
  }
  return false;
}

void Lexer::Dots(size_t begin) {
  if (Peek() == '.' && Peek(1) == '.') {
    at_ += 2;
    return Emit(Token::kDots, begin);
  }
  const std::string_view rest = TrimSpace(Rest());
  const bool last =
      std::all_of(rest.begin(), rest.end(), [](char c) { return c == '$' || c == '}' || c == '.'; });
  if (rest.size() > 16 || !last) Emit(Token::kUnknown, begin);
}

std::vector<Lexeme> Lex(std::string_view source, const ReadOptions& options, Budget& budget, Tree* tree) {
  return Lexer(source, options, budget, tree, 0).Run();
}

}  // namespace drover::verifier
