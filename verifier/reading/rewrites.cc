#include "verifier/reading/rewrites.h"

#include <algorithm>
#include <cstdint>

namespace drover::verifier {
namespace {

bool IsLetter(Token token) { return token == Token::kSymbol || token == Token::kConstant; }

// The position after the script's argument that starts at `at`: a group in braces, else one token. 0: there is none.
size_t AfterScript(const std::vector<Lexeme>& tokens, size_t at) {
  if (at >= tokens.size() || tokens[at].token == Token::kEnd) return 0;
  if (tokens[at].token != Token::kLeftBrace) return at + 1;
  size_t depth = 0;
  for (; at < tokens.size(); ++at) {
    if (tokens[at].token == Token::kLeftBrace) ++depth;
    if (tokens[at].token == Token::kRightBrace && --depth == 0) return at + 1;
  }
  return 0;
}

// "{g}" before "_", or before "^" and a script and "_".
bool IsBracedBase(const std::vector<Lexeme>& tokens, size_t at) {
  const bool braced = at + 3 < tokens.size() && tokens[at].token == Token::kLeftBrace &&
                      IsLetter(tokens[at + 1].token) && tokens[at + 2].token == Token::kRightBrace;
  if (!braced) return false;
  if (tokens[at + 3].token == Token::kUnderscore) return true;
  if (tokens[at + 3].token != Token::kCaret) return false;
  const size_t next = AfterScript(tokens, at + 4);
  return next != 0 && next < tokens.size() && tokens[next].token == Token::kUnderscore;
}

// Braces after these are an argument and no base: "\log_{a}^2".
bool TakesArgument(Token token) {
  return token == Token::kUnderscore || token == Token::kCaret || token == Token::kFraction ||
         token == Token::kBinomial || token == Token::kRoot;
}

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

void FoldBrackets(std::vector<Lexeme>* tokens) {
  std::vector<Lexeme>& t = *tokens;
  // Only a bracket right behind another one may be folded.
  const auto opens = [](const Lexeme& token) { return Closing(token.token) != Token::kEnd; };
  const auto doubled = [&opens](const Lexeme& a, const Lexeme& b) { return opens(a) && opens(b); };
  if (std::adjacent_find(t.begin(), t.end(), doubled) == t.end()) return;
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

void OrderScripts(std::vector<Lexeme>* tokens) {
  std::vector<Lexeme>& t = *tokens;
  const bool subscripts =
      std::any_of(t.begin(), t.end(), [](const Lexeme& x) { return x.token == Token::kUnderscore; });
  if (!subscripts) return;
  size_t out = 0;
  for (size_t i = 0; i < t.size(); ++i) {
    if (IsBracedBase(t, i) && (out == 0 || !TakesArgument(t[out - 1].token))) {
      t[out++] = t[i + 1];
      i += 2;
      continue;
    }
    t[out++] = t[i];
  }
  t.resize(out);
  for (size_t i = 0; i + 3 < t.size(); ++i) {
    if (!IsLetter(t[i].token) || t[i + 1].token != Token::kCaret) continue;
    const size_t lower = AfterScript(t, i + 2);
    if (lower == 0 || lower >= t.size() || t[lower].token != Token::kUnderscore) continue;
    const size_t end = AfterScript(t, lower + 1);
    if (end == 0) continue;
    const auto at = [&t](size_t n) { return t.begin() + static_cast<std::ptrdiff_t>(n); };
    std::rotate(at(i + 1), at(lower), at(end));
    i = end - 1;
  }
}

}  // namespace drover::verifier
