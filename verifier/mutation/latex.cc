#include "verifier/mutation/latex.h"

#include <cctype>

namespace drover::verifier::mutation {
namespace {

// How tightly a spelling binds; what binds less than its place needs gets brackets.
enum Binding { kOfSum, kOfProduct, kOfFactor, kOfAtom };

class Writer {
 public:
  explicit Writer(const Spelling& spelling) : spelling_(spelling) {}

  std::string Write(const Expr& expr, Binding needed) const {
    const std::string text = Bare(*expr);
    return BindingOf(*expr) < needed ? Brackets(text) : text;
  }

 private:
  Binding BindingOf(const Node& node) const {
    switch (node.op) {
      case Op::kSum:
      case Op::kNegative:
        return kOfSum;
      case Op::kProduct:
        return kOfProduct;
      case Op::kQuotient:
        return spelling_.fraction == Spelling::Fraction::kSlash ? kOfProduct : kOfFactor;
      case Op::kPower:
      case Op::kFactorial:
        return kOfFactor;
      case Op::kFunction:
        return kOfFactor;
      default:
        return kOfAtom;
    }
  }

  std::string Brackets(const std::string& text) const {
    return spelling_.left_right ? "\\left(" + text + "\\right)" : "(" + text + ")";
  }

  std::string Script(const std::string& text) const {
    return spelling_.bare_scripts && text.size() == 1 ? text : "{" + text + "}";
  }

  static std::string Name(const std::string& name) {
    const size_t index = name.find('_');
    return index == name.npos ? name : name.substr(0, index) + "_{" + name.substr(index + 1) + "}";
  }

  std::string Bare(const Node& node) const {
    const auto all = [&](size_t i) { return Write(node.args[i], kOfSum); };
    switch (node.op) {
      case Op::kNumber:
        return node.text;
      case Op::kSymbol:
        return Name(node.text);
      case Op::kConstant:
        return node.text;
      case Op::kSum:
        return SumText(node);
      case Op::kProduct:
        return ProductText(node);
      case Op::kQuotient:
        return QuotientText(node);
      case Op::kPower:
        return PowerText(node);
      case Op::kRoot:
        return "\\sqrt" + (node.text == "2" ? "" : "[" + node.text + "]") + "{" + all(0) + "}";
      case Op::kNegative:
        return "-" + Write(node.args[0], kOfProduct);
      case Op::kFunction:
        return FunctionText(node);
      case Op::kAbsolute:
        return spelling_.left_right ? "\\left|" + all(0) + "\\right|" : "|" + all(0) + "|";
      case Op::kMaximum:
        return "\\max(" + all(0) + ", " + all(1) + ")";
      case Op::kMinimum:
        return "\\min(" + all(0) + ", " + all(1) + ")";
      case Op::kFloor:
        return "\\lfloor " + all(0) + "\\rfloor";
      case Op::kCeiling:
        return "\\lceil " + all(0) + "\\rceil";
      case Op::kFactorial:
        return Write(node.args[0], kOfAtom) + "!";
      case Op::kBinomial:
        return "\\binom{" + all(0) + "}{" + all(1) + "}";
      case Op::kApplication:
        return Name(node.text) + Brackets(all(0));
    }
    return "";
  }

  std::string SumText(const Node& node) const {
    std::string text;
    for (const Expr& arg : node.args) {
      const bool negative = arg->op == Op::kNegative;
      const std::string term = Write(negative ? arg->args[0] : arg, kOfProduct);
      if (text.empty()) {
        text = (negative ? "-" : "") + term;
        continue;
      }
      const std::string sign(1, negative ? '-' : '+');
      text += (spelling_.spaces ? " " + sign + " " : sign) + term;
    }
    return text;
  }

  // Factors stand side by side only where nothing else can be meant: no digit after a factor that a digit would join,
  // nothing bracketed after a letter that could be a function's name.
  bool MayStandBeside(const Node& before, const std::string& left, const std::string& right) const {
    if (spelling_.times != Spelling::Times::kBeside) return false;
    const auto lead = static_cast<unsigned char>(right[0]);
    if (std::isdigit(lead) != 0 || right[0] == '|' || right[0] == '.') return false;
    if (before.op == Op::kFunction || left.back() == '|' || left.back() == '!') return false;
    const bool fraction = right.rfind("\\frac", 0) == 0 || right.rfind("\\dfrac", 0) == 0 ||
                          right.rfind("\\tfrac", 0) == 0 || right.rfind("\\binom", 0) == 0;
    if (fraction) return false;  // 3\frac12 is a mixed number
    const bool bracketed = right[0] == '(' || right.rfind("\\left", 0) == 0;
    return !bracketed || left.back() == ')' || before.op == Op::kNumber;
  }

  std::string ProductText(const Node& node) const {
    std::string text;
    for (size_t i = 0; i < node.args.size(); ++i) {
      const bool slash = node.args[i]->op == Op::kQuotient && BindingOf(*node.args[i]) == kOfProduct;
      const std::string factor = slash ? Brackets(Bare(*node.args[i])) : Write(node.args[i], kOfFactor);
      if (i == 0) {
        text = factor;
      } else if (MayStandBeside(*node.args[i - 1], text, factor)) {
        text += (spelling_.thin_spaces ? "\\, " : " ") + factor;
      } else {
        text += TimesSign() + factor;
      }
    }
    return text;
  }

  std::string TimesSign() const {
    if (spelling_.times == Spelling::Times::kTimes) return " \\times ";
    return spelling_.times == Spelling::Times::kStar ? "*" : " \\cdot ";
  }

  std::string QuotientText(const Node& node) const {
    if (spelling_.fraction == Spelling::Fraction::kSlash) {
      return Write(node.args[0], kOfFactor) + "/" + Write(node.args[1], kOfAtom);
    }
    const char* command = spelling_.fraction == Spelling::Fraction::kDfrac   ? "\\dfrac{"
                          : spelling_.fraction == Spelling::Fraction::kTfrac ? "\\tfrac{"
                                                                             : "\\frac{";
    return command + Write(node.args[0], kOfSum) + "}{" + Write(node.args[1], kOfSum) + "}";
  }

  std::string PowerText(const Node& node) const {
    // A number in brackets keeps 2^3 apart from 23 and a root's or a function's value from its argument.
    return Write(node.args[0], kOfAtom) + "^" + Script(Write(node.args[1], kOfSum));
  }

  std::string FunctionText(const Node& node) const {
    const std::string argument = Brackets(Write(node.args[0], kOfSum));
    if (node.text == "\\log" && node.args.size() == 2) {
      return "\\log_{" + Write(node.args[1], kOfSum) + "}" + argument;
    }
    return node.text + argument;
  }

  const Spelling& spelling_;
};

}  // namespace

Spelling AnySpelling(Rng& rng) {
  Spelling out;
  out.fraction = static_cast<Spelling::Fraction>(rng.Below(4));
  out.times = static_cast<Spelling::Times>(rng.Below(4));
  out.spaces = rng.Chance(50);
  out.left_right = rng.Chance(30);
  out.bare_scripts = rng.Chance(50);
  out.thin_spaces = rng.Chance(20);
  return out;
}

std::string ToLatex(const Expr& expr, const Spelling& spelling) {
  return Writer(spelling).Write(expr, kOfSum);
}

}  // namespace drover::verifier::mutation
