// Amounts of money and numbers with units.
#include <string>

#include "verifier/reading/parser_impl.h"

namespace drover::verifier {

// "\frac{\text{km}}{\text{h}}".
bool Parser::IsUnitFraction() const {
  const auto name = [this](size_t i) {
    return Ahead(i).token == Token::kText || Ahead(i).token == Token::kSymbol;
  };
  const bool text = Ahead(2).token == Token::kText || Ahead(5).token == Token::kText;
  return At(Token::kFraction) && Ahead(1).token == Token::kLeftBrace && text && name(2) &&
         Ahead(3).token == Token::kRightBrace && Ahead(4).token == Token::kLeftBrace && name(5) &&
         Ahead(6).token == Token::kRightBrace;
}

// Words after a value: its unit ("5\text{ cm}^2", "3\text{ square inches}", "12 \text{ m}/\text{s}").
NodeId Parser::TrailingText(NodeId value) {
  if (At(Token::kCurrency)) {  // "5 \euro"
    ++at_;
    return tree_.AddText(Kind::kQuantity, tree_.texts[tokens_[at_ - 1].value], {value});
  }
  if ((!At(Token::kText) && !IsUnitFraction()) || IsMod(Now())) return value;
  std::string unit;
  while (true) {
    if (At(Token::kText)) {
      if (!unit.empty() && unit.back() != '/') unit += ' ';
      unit += tree_.texts[Now().value];
      ++at_;
    } else if (At(Token::kCaret) && !unit.empty()) {
      ++at_;
      const bool braces = Accept(Token::kLeftBrace);
      const bool minus = Accept(Token::kMinus);
      if (!At(Token::kNumber)) return kNoNode;
      unit += minus ? "^-" : "^";
      unit += tree_.numbers[Now().value].value.ToString();
      ++at_;
      if (braces && !Accept(Token::kRightBrace)) return kNoNode;
    } else if (IsUnitFraction()) {
      if (!unit.empty()) unit += ' ';
      for (const size_t i : {2, 5}) {
        if (i == 5) unit += '/';
        const Lexeme& name = Ahead(i);
        unit += name.token == Token::kText ? tree_.texts[name.value] : (*tree_.names)[name.value];
      }
      at_ += 7;
    } else if ((At(Token::kSlash) || At(Token::kTimes)) && Ahead(1).token == Token::kText) {
      unit += At(Token::kSlash) ? '/' : ' ';
      ++at_;
    } else {
      break;
    }
  }
  return tree_.AddText(Kind::kQuantity, unit, {value});
}

// "\$5", "€ 3.50": the amount as a quantity; after a number the sign is read by TrailingText.
NodeId Parser::Currency() {
  const std::string unit = tree_.texts[Now().value];
  ++at_;
  if (!StartsFactor() && !At(Token::kMinus)) return kNoNode;
  const bool negative = Accept(Token::kMinus);
  NodeId amount = kNoNode;
  if (!MixedNumber(&amount)) amount = Factor();
  if (amount == kNoNode) return kNoNode;
  if (negative) amount = tree_.Add(Kind::kNegate, {amount});
  return tree_.AddText(Kind::kQuantity, unit, {amount});
}

}  // namespace drover::verifier
