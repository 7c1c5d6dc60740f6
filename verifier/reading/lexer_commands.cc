// LaTeX commands and the words in \text{}.
#include <algorithm>
#include <iterator>

#include "verifier/chars.h"
#include "verifier/reading/lexer_impl.h"
#include "verifier/reading/text.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxTextBytes = 16'384;  // of the argument of \text and its like

}  // namespace

void Lexer::Known(const CommandInfo& info, std::string_view name, size_t begin) {
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
  if (info.token == Token::kJ) return Letter('j', begin);
  if (info.token == Token::kNot) return Not(begin);
  if (info.token == Token::kLeftAngle) ++brackets_;
  if (info.token == Token::kRightAngle) --brackets_;
  Emit(info.token, begin, info.value);
}

std::optional<std::string_view> Lexer::Argument() {
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

void Lexer::Command() {
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

int Lexer::DroppedArguments(std::string_view name) {
  static constexpr std::string_view kOne[] = {"hspace", "vspace",  "color",    "textcolor", "label",
                                              "tag",    "phantom", "hphantom", "vphantom"};
  if (name == "genfrac") return 4;  // delimiters, thickness and style; a fraction's two follow
  return std::find(std::begin(kOne), std::end(kOne), name) != std::end(kOne) ? 1 : 0;
}

void Lexer::Not(size_t begin) {
  while (IsSpace(Peek())) ++at_;
  if (Peek() == '=') {
    ++at_;
    return Emit(Token::kRelation, begin, static_cast<uint32_t>(Relation::kNotEqual));
  }
  Emit(Token::kUnknown, begin);
}

std::string_view Lexer::KnownPrefix(std::string_view name) {
  for (size_t n = std::min<size_t>(name.size(), 14); n >= 2; --n) {
    const std::string_view prefix = name.substr(0, n);
    const auto info = FindCommand(prefix);
    const bool operation = info && (info->token == Token::kTimes || info->token == Token::kCross ||
                                    info->token == Token::kConstant || info->token == Token::kRelation);
    if (IsSpacingCommand(prefix) ? n > 3 : operation) return prefix;
  }
  return {};
}

void Lexer::Escape(size_t begin) {
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

void Lexer::SkipRowHeight() {
  if (Peek() != '[') return;
  size_t end = at_ + 1;
  while (end < text_.size() && (IsDigit(text_[end]) || text_[end] == '.' || text_[end] == '-')) ++end;
  const size_t unit = end;
  while (end < text_.size() && IsLower(text_[end])) ++end;
  if (end == unit + 2 && unit > at_ + 1 && end < text_.size() && text_[end] == ']') at_ = end + 1;
}

void Lexer::Blackboard(std::string_view name, size_t begin) {
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

void Lexer::TextCommand(size_t begin) {
  const auto content = Argument();
  if (!content) return;  // "\rm x": a switch
  if (content->size() > kMaxTextBytes) {
    budget_.Exceed();
    return;
  }
  Content(*content, begin, /*units=*/true);
}

void Lexer::Content(std::string_view content, size_t begin, bool units) {
  const std::string bare = BareText(content);
  if (bare.empty()) {
    if (content.find(',') != content.npos) Emit(Token::kComma, begin);
    return;
  }
  if (bare == "and" || bare == "or" || bare == ", and" || bare == ", or") {
    return Emit(Token::kConnective, begin, static_cast<uint8_t>(bare[0] == ',' ? bare[2] : bare[0]));
  }
  if (AfterDegree() && (bare == "C" || bare == "F")) {
    return EmitText(bare == "C" ? "celsius" : "fahrenheit", begin, 0);
  }
  if (units && IsUnit(bare)) return EmitText(bare, begin, 0);
  if (IsConclusionWord(bare) && depth_ == 0 && brackets_ == 0) return out_.clear();
  if (bare == "to") return Emit(Token::kColon, begin);
  if (bare == "-") return Emit(Token::kMinus, begin);
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

bool Lexer::IsConclusionWord(std::string_view bare) {
  static constexpr std::string_view kWords[] = {"so", "thus", "hence", "therefore", "then", "the answer is"};
  const std::string lower = LowerCase(bare);
  return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

bool Lexer::IsUnit(std::string_view bare) const {
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

bool Lexer::IsMathematics(std::string_view bare) {
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

}  // namespace drover::verifier
