#include "verifier/lexer.h"

#include <algorithm>

#include "verifier/chars.h"
#include "verifier/number_reader.h"
#include "verifier/text.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxTokens = 450'000;      // bounds the memory of tokens and trees to about 40 MiB
constexpr size_t kMaxOtherTokens = 60'000;  // that are no brackets; longer sums of numbers are read elsewhere
constexpr size_t kMaxTextBytes = 16'384;    // of the argument of \text and its like
constexpr int kMaxTextDepth = 8;            // of \text inside \text whose content is mathematics

class Lexer {
 public:
  Lexer(std::string_view source, const LexOptions& options, Budget& budget, Tree* tree, int depth)
      : text_(source), options_(options), budget_(budget), tree_(*tree), depth_(depth) {}

  std::vector<Lexeme> Run() {
    out_.reserve(std::min(text_.size() + 1, kMaxTokens));
    // What holds something unknown is not of the grammar, whatever follows.
    while (at_ < text_.size() && (out_.empty() || out_.back().token != Token::kUnknown)) {
      if (out_.size() > kMaxTokens || out_.size() > kMaxOtherTokens + bracket_tokens_) budget_.Exceed();
      if (budget_.over()) return {};
      Step();
    }
    Emit(Token::kEnd, at_);
    return std::move(out_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  std::string_view Rest() const { return text_.substr(at_); }

  static bool Opens(Token token) {
    switch (token) {
      case Token::kLeftBrace:
      case Token::kLeftParen:
      case Token::kLeftBracket:
      case Token::kLeftSet:
      case Token::kLeftAngle:
      case Token::kLeftFloor:
      case Token::kLeftCeil:
      case Token::kBegin:
        return true;
      default:
        return false;
    }
  }
  static bool Closes(Token token) {
    switch (token) {
      case Token::kRightBrace:
      case Token::kRightParen:
      case Token::kRightBracket:
      case Token::kRightSet:
      case Token::kRightAngle:
      case Token::kRightFloor:
      case Token::kRightCeil:
      case Token::kEndEnvironment:
        return true;
      default:
        return false;
    }
  }

  // Refuses early what the parser would refuse: brackets nested too deeply, those right inside of others not counted.
  void CountNesting(Token token) {
    if (Opens(token)) {
      const bool counts = out_.empty() || !Opens(out_.back().token);
      open_.push_back(counts);
      ++bracket_tokens_;
      nesting_ += counts ? 1 : 0;
      if (nesting_ > budget_.limits().depth) budget_.Exceed();
    } else if (Closes(token) && !open_.empty()) {
      nesting_ -= open_.back() ? 1 : 0;
      open_.pop_back();
      ++bracket_tokens_;
    }
  }

  void Emit(Token token, size_t begin, uint32_t value = 0, uint8_t flag = 0) {
    CountNesting(token);
    out_.push_back({token, flag, value, static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)});
  }
  void EmitText(std::string content, size_t begin, uint8_t flag) {
    tree_.texts.push_back(std::move(content));
    Emit(Token::kText, begin, static_cast<uint32_t>(tree_.texts.size() - 1), flag);
  }

  void Step() {
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

  // ".\overline{3}".
  bool StartsRepetend() const {
    const std::string_view rest = Rest().substr(1);
    return rest.substr(0, 9) == "\\overline" || rest.substr(0, 4) == "\\bar" || rest.substr(0, 4) == "\\dot";
  }

  void Number() {
    // "27,54,108,135": after a comma without a space, commas part elements.
    const bool listed =
        at_ > 0 && text_[at_ - 1] == ',' && !out_.empty() && out_.back().token == Token::kComma;
    const NumberContext context{.in_brackets = brackets_ > 0 || listed,
                                .european = options_.european_decimals};
    const size_t begin = at_;
    Literal literal;
    const size_t length = ReadNumber(Rest(), context, budget_, &literal);
    if (length == 0) {
      ++at_;
      Emit(Token::kUnknown, begin);
      return;
    }
    at_ += length;
    tree_.numbers.push_back(std::move(literal));
    Emit(Token::kNumber, begin, static_cast<uint32_t>(tree_.numbers.size() - 1));
  }

  void Known(const CommandInfo& info, std::string_view name, size_t begin) {
    if (info.token == Token::kSymbol) {
      Emit(Token::kSymbol, begin, tree_.names->Intern(CanonicalSymbol(name)));
      return;
    }
    if (info.token == Token::kCurrency) {
      static constexpr std::string_view kCurrencies[] = {"usd", "gbp", "eur", "yen", "rupee"};
      tree_.texts.emplace_back(kCurrencies[info.value]);
      Emit(Token::kCurrency, begin, static_cast<uint32_t>(tree_.texts.size() - 1));
      return;
    }
    if (info.token == Token::kConclusion) {
      if (depth_ == 0 && brackets_ == 0) out_.clear();
      return;
    }
    if (info.token == Token::kSpacing) return;
    if (info.token == Token::kTextCommand)
      return name == "mathbf" ? Blackboard(name, begin) : TextCommand(begin);
    if (info.token == Token::kBlackboard) return Blackboard(name, begin);
    if (info.token == Token::kNot) return Not(begin);
    if (info.token == Token::kLeftAngle) ++brackets_;
    if (info.token == Token::kRightAngle) --brackets_;
    Emit(info.token, begin, info.value);
  }

  void Letter(char c, size_t begin) {
    if (c == 'e') {
      Emit(Token::kConstant, begin, static_cast<uint32_t>(Constant::kE));
    } else if (c == 'i') {
      Emit(Token::kConstant, begin, static_cast<uint32_t>(Constant::kI));
    } else {
      Emit(Token::kSymbol, begin, tree_.names->Intern(std::string_view(&c, 1)));
    }
  }

  bool AfterValue() const {
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

  // "m/" with the second unit still to come.
  bool AfterUnitSlash() const {
    const size_t n = out_.size();
    return n >= 2 && out_[n - 1].token == Token::kSlash && out_[n - 2].token == Token::kText;
  }

  // "6.02 x 10^{23}": the letter stands for the multiplication sign.
  bool IsTimesLetter(std::string_view word, size_t end) const {
    if ((word != "x" && word != "X") || out_.empty() || out_.back().token != Token::kNumber) return false;
    std::string_view rest = TrimSpace(text_.substr(end, 16));
    if (rest.substr(0, 2) != "10") return false;
    rest = TrimSpace(rest.substr(2));
    return rest.substr(0, 1) == "^" || rest.substr(0, 2) == "**";
  }

  // Letters that count as a unit's name: always those of two and more that are known as one; with bare_units also single
  // ones and unknown words.
  bool IsUnitWord(std::string_view word) const {
    const bool after_unit = AfterUnitSlash() || (!out_.empty() && out_.back().token == Token::kText);
    if (!AfterValue() && !after_unit) return false;
    const bool known = FindUnit(word) || word == "pct" || word == "per" || word == "sq" || word == "cubic" ||
                       word == "square";
    if (options_.bare_units) return known || word.size() >= 3;
    return known && (word.size() >= 2 || AfterUnitSlash());
  }

  // A run of letters: a known word, a unit after a value, else single letters (with the functions among them).
  void Word() {
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
    for (size_t i = 0; i < word.size();) {
      size_t length = 1;
      // Inside a run only pi is looked for, and a function at its end when a bracket follows ("xsin(2)").
      const bool call =
          end < text_.size() && (text_[end] == '(' || text_[end] == '{') && word.size() - i <= 7;
      const bool pi = word.substr(i, 2) == "pi";
      const size_t n = pi ? 2 : word.size() - i;
      const auto info =
          subscript || (!pi && !call) || n < 2 ? std::nullopt : FindPlainWord(word.substr(i, n));
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

  // The braces' content after the current position, which moves past it; nullopt if there are none.
  std::optional<std::string_view> Argument() {
    size_t open = at_;
    while (open < text_.size() && IsSpace(text_[open])) ++open;
    if (open >= text_.size() || text_[open] != '{' || unclosed_) return std::nullopt;
    size_t depth = 0;
    for (size_t i = open; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '{') {
        ++depth;
      } else if (text_[i] == '}' && --depth == 0) {
        at_ = i + 1;
        return text_.substr(open + 1, i - open - 1);
      }
    }
    unclosed_ = true;  // once is enough: later searches would read the rest again
    return std::nullopt;
  }

  void Command() {
    const size_t begin = at_++;
    if (at_ >= text_.size()) return;  // a lone backslash at the end
    if (!IsAlpha(Peek())) return Escape(begin);
    size_t end = at_;
    while (end < text_.size() && IsAlpha(text_[end])) ++end;
    std::string_view name = text_.substr(at_, end - at_);
    if (name == "left" || name == "right" || name == "middle") {  // the commonest first
      at_ = end;
      if (Peek() == '.') ++at_;
      return;
    }
    if (const auto info = FindCommand(name)) {
      at_ = end;
      return Known(*info, name, begin);
    }
    if (const int dropped = DroppedArguments(name); dropped > 0) {
      at_ = end;
      for (int i = 0; i < dropped; ++i) Argument();
      if (name == "genfrac") Emit(Token::kFraction, begin);
      return;
    }
    name = KnownPrefix(name);
    if (name.empty()) {
      at_ = end;
      return Emit(Token::kUnknown, begin);
    }
    at_ += name.size();
    if (const auto info = FindCommand(name)) Known(*info, name, begin);
  }

  // How many arguments go with a command that says nothing.
  static int DroppedArguments(std::string_view name) {
    static constexpr std::string_view kOne[] = {"hspace", "vspace",  "color",    "textcolor", "label",
                                                "tag",    "phantom", "hphantom", "vphantom"};
    if (name == "genfrac") return 4;  // delimiters, thickness and style; a fraction's two follow
    return std::find(std::begin(kOne), std::end(kOne), name) != std::end(kOne) ? 1 : 0;
  }

  // "\not=", "\not\in".
  void Not(size_t begin) {
    while (IsSpace(Peek())) ++at_;
    if (Peek() == '=') {
      ++at_;
      return Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kNotEqual));
    }
    Emit(Token::kUnknown, begin);
  }

  // "\quadx" is "\quad x": the longest known command that starts the name.
  static std::string_view KnownPrefix(std::string_view name) {
    for (size_t n = std::min<size_t>(name.size(), 14); n >= 2; --n) {
      const std::string_view prefix = name.substr(0, n);
      const auto info = FindCommand(prefix);
      const bool operation = info && (info->token == Token::kTimes || info->token == Token::kCross ||
                                      info->token == Token::kConstant || info->token == Token::kRelation);
      if (IsSpacingCommand(prefix) ? n > 3 : operation) return prefix;
    }
    return {};
  }

  void Escape(size_t begin) {
    const char c = Peek();
    ++at_;
    switch (c) {
      case '{':
        ++brackets_;
        return Emit(Token::kLeftSet, begin);
      case '}':
        --brackets_;
        return Emit(Token::kRightSet, begin);
      case '%':
        return Emit(Token::kPercent, begin);
      case '$':
        tree_.texts.emplace_back("usd");
        return Emit(Token::kCurrency, begin, static_cast<uint32_t>(tree_.texts.size() - 1));
      case '\\':
        SkipRowHeight();
        return Emit(Token::kNewRow, begin);
      case '|':
        return Emit(Token::kDoubleBar, begin);
      case '(':
      case ')':
      case '[':
      case ']':  // math delimiters
      case ',':
      case ';':
      case ':':
      case '!':
      case '/':
      case '>':
      case ' ':
      case '\n':
      case '\t':
      case '\r':
        return;
      case '&':
        return Emit(Token::kConnective, begin, 'a');
      default:
        return Emit(Token::kUnknown, begin);
    }
  }

  // The "[4pt]" of "\\[4pt]".
  void SkipRowHeight() {
    if (Peek() != '[') return;
    size_t end = at_ + 1;
    while (end < text_.size() && (IsDigit(text_[end]) || text_[end] == '.' || text_[end] == '-')) ++end;
    const size_t unit = end;
    while (end < text_.size() && IsLower(text_[end])) ++end;
    if (end == unit + 2 && unit > at_ + 1 && end < text_.size() && text_[end] == ']') at_ = end + 1;
  }

  void Blackboard(std::string_view name, size_t begin) {
    const auto content = Argument();
    while (!content && IsSpace(Peek())) ++at_;
    std::string_view set = content ? *content : Rest().substr(0, 1);
    if (!content && !set.empty()) ++at_;
    set = TrimSpace(set);
    static constexpr std::string_view kSets = "RZNQC";
    const bool known = set.size() == 1 && kSets.find(set[0]) != kSets.npos && name != "mathbf";
    if (known) return Emit(Token::kNumberSet, begin, static_cast<uint32_t>(set[0]));
    if (name == "mathbf") return Content(set, begin, /*units=*/false);
    Emit(Token::kUnknown, begin);
  }

  void TextCommand(size_t begin) {
    const auto content = Argument();
    if (!content) return;  // "\rm x": a switch
    if (content->size() > kMaxTextBytes) {
      budget_.Exceed();
      return;
    }
    Content(*content, begin, /*units=*/true);
  }

  // The argument of a text command: a connective, a letter, mathematics, or words.
  void Content(std::string_view content, size_t begin, bool units) {
    const std::string bare = BareText(content);
    if (bare.empty()) {
      if (content.find(',') != content.npos) Emit(Token::kComma, begin);
      return;
    }
    if (bare == "and" || bare == "or" || bare == ", and" || bare == ", or") {
      return Emit(Token::kConnective, begin, static_cast<uint8_t>(bare[0] == ',' ? bare[2] : bare[0]));
    }
    if (units && IsUnit(bare)) return EmitText(bare, begin, 0);
    if (IsConclusionWord(bare) && depth_ == 0 && brackets_ == 0) return out_.clear();
    if (bare == "to") return Emit(Token::kColon, begin);
    if (bare.size() == 1 && IsAlpha(bare[0])) return Letter(bare[0], begin);
    if (auto info = FindPlainWord(bare)) return Known(*info, bare, begin);
    if (depth_ < kMaxTextDepth && IsMathematics(bare)) {
      Lexer inner(content, options_, budget_, &tree_, depth_ + 1);
      inner.brackets_ = brackets_;
      for (Lexeme& lexeme : inner.Run()) {
        if (lexeme.token == Token::kEnd) continue;
        lexeme.begin += static_cast<uint32_t>(content.data() - text_.data());
        lexeme.end += static_cast<uint32_t>(content.data() - text_.data());
        out_.push_back(lexeme);
      }
      return;
    }
    EmitText(bare, begin, 0);
  }

  // "\text{So } x = 5".
  static bool IsConclusionWord(std::string_view bare) {
    static constexpr std::string_view kWords[] = {"so",        "thus", "hence",
                                                  "therefore", "then", "the answer is"};
    const std::string lower = LowerCase(bare);
    return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
  }

  // "m", "m/s^2", "kg m^2": units and nothing else, after a value or a unit with a slash.
  bool IsUnit(std::string_view bare) const {
    const bool after_unit = !out_.empty() && out_.back().token == Token::kText;
    if (!AfterValue() && !AfterUnitSlash() && !after_unit) return false;
    bool any = false;
    for (size_t i = 0; i < bare.size();) {
      size_t end = i;
      while (end < bare.size() && IsAlpha(bare[end])) ++end;
      if (end > i && !FindUnit(bare.substr(i, end - i))) return false;
      any = any || end > i;
      if (end == i && !IsSpace(bare[i]) && !IsDigit(bare[i]) && bare[i] != '/' && bare[i] != '^' &&
          bare[i] != '-')
        return false;
      i = end > i ? end : i + 1;
    }
    return any;
  }

  // True for words-free content: no run of two letters but known functions.
  static bool IsMathematics(std::string_view bare) {
    bool any = false;
    for (size_t i = 0; i < bare.size();) {
      if (static_cast<unsigned char>(bare[i]) >= 0x80) return false;
      if (!IsAlpha(bare[i])) {
        any = any || IsDigit(bare[i]) || bare[i] == '\\';
        if (bare[i] == '\\') {
          ++i;
          while (i < bare.size() && IsAlpha(bare[i])) ++i;
          continue;
        }
        ++i;
        continue;
      }
      size_t end = i;
      while (end < bare.size() && IsAlpha(bare[end])) ++end;
      if (end - i >= 2 && !FindPlainWord(bare.substr(i, end - i))) return false;
      i = end;
    }
    return any || bare.find('(') != bare.npos || bare.find('=') != bare.npos;
  }

  void Punctuation(char c) {
    const size_t begin = at_++;
    const char next = Peek();
    switch (c) {
      case '{':
        return Emit(Token::kLeftBrace, begin);
      case '}':
        return Emit(Token::kRightBrace, begin);
      case '(':
        ++brackets_;
        return Emit(Token::kLeftParen, begin);
      case ')':
        --brackets_;
        return Emit(Token::kRightParen, begin);
      case '[':
        ++brackets_;
        return Emit(Token::kLeftBracket, begin);
      case ']':
        --brackets_;
        return Emit(Token::kRightBracket, begin);
      case '|':
        return Emit(Token::kBar, begin);
      case '^':
        if (Primes()) return Emit(Token::kPrime, begin);
        if (DegreeLetter()) return Emit(Token::kDegree, begin);
        return Emit(Token::kCaret, begin);
      case '_':
        return Emit(Token::kUnderscore, begin);
      case '+':
        if (next == '-' && options_.plus_minus) return ++at_, Emit(Token::kPlusMinus, begin);
        return Emit(Token::kPlus, begin);
      case '-':
        return Emit(Token::kMinus, begin);
      case '*':
        if (next == '*') return ++at_, Emit(Token::kCaret, begin);
        return Emit(Token::kTimes, begin);
      case '/':
        return Emit(Token::kSlash, begin);
      case ':':
        if (next == '=') return ++at_, Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kEqual));
        return Emit(Token::kColon, begin);
      case ',':
        return Emit(Token::kComma, begin);
      case ';':
        return Emit(Token::kSemicolon, begin);
      case '&':
        return Emit(Token::kAmpersand, begin);
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
      case '\'':
        return Emit(Token::kPrime, begin);
      case '%':
        return Emit(Token::kPercent, begin);
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

  // After '^': "\prime" or "{\prime}"; moves past one.
  bool Primes() {
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

  // After a number and '^': "o", "{o}" or "\text{o}" stand for the sign of degrees.
  bool DegreeLetter() {
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

  // "..." stands for an ellipsis, a lone full stop for the end of the sentence.
  void Dots(size_t begin) {
    if (Peek() == '.' && Peek(1) == '.') {
      at_ += 2;
      return Emit(Token::kDots, begin);
    }
    const std::string_view rest = TrimSpace(Rest());
    const bool last =
        std::all_of(rest.begin(), rest.end(), [](char c) { return c == '$' || c == '}' || c == '.'; });
    if (rest.size() > 16 || !last) Emit(Token::kUnknown, begin);
  }

  const std::string_view text_;
  const LexOptions& options_;
  Budget& budget_;
  Tree& tree_;
  const int depth_;
  std::vector<Lexeme> out_;
  size_t at_ = 0;
  int brackets_ = 0;
  std::vector<bool> open_;  // of each open bracket: it counts as nesting
  int nesting_ = 0;
  size_t bracket_tokens_ = 0;
  bool unclosed_ = false;
};

Token Closing(Token open) {
  switch (open) {
    case Token::kLeftBrace:
      return Token::kRightBrace;
    case Token::kLeftParen:
      return Token::kRightParen;
    default:
      return Token::kEnd;
  }
}

}  // namespace

std::vector<Lexeme> Lex(std::string_view source, const LexOptions& options, Budget& budget, Tree* tree) {
  return Lexer(source, options, budget, tree, 0).Run();
}

void FoldBrackets(std::vector<Lexeme>* tokens) {
  std::vector<Lexeme>& t = *tokens;
  const uint32_t n = static_cast<uint32_t>(t.size());
  std::vector<uint32_t> partner(n, 0), open;
  for (uint32_t i = 0; i < n; ++i) {
    if (Closing(t[i].token) != Token::kEnd) {
      open.push_back(i);
    } else if (t[i].token == Token::kRightBrace || t[i].token == Token::kRightParen) {
      if (open.empty() || Closing(t[open.back()].token) != t[i].token)
        return;  // unbalanced: the parser will say so
      partner[open.back()] = i;
      partner[i] = open.back();
      open.pop_back();
    }
  }
  if (!open.empty()) return;
  // In each chain of pairs that enclose exactly one another, the outermost stays (braces may be a command's argument),
  // and within braces the first round pair.
  std::vector<bool> drop(n, false);
  for (uint32_t i = 0; i < n; ++i) {
    if (partner[i] <= i) continue;
    bool round = t[i].token == Token::kLeftParen;
    uint32_t next = i + 1;
    for (; partner[next] > next && partner[next] + 1 == partner[next - 1]; ++next) {
      if (!round && t[next].token == Token::kLeftParen) {
        round = true;
      } else {
        drop[next] = drop[partner[next]] = true;
      }
    }
    i = next - 1;
  }
  uint32_t out = 0;
  for (uint32_t i = 0; i < n; ++i) {
    if (!drop[i]) t[out++] = t[i];
  }
  t.resize(out);
}

}  // namespace drover::verifier
