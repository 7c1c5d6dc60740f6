#include "verifier/mutation/read_scalar.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

namespace drover::verifier::mutation {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

constexpr std::array<std::string_view, 11> kFunctions = {"sin", "cos",    "tan",    "cot",    "sec", "csc",
                                                         "ln",  "arcsin", "arccos", "arctan", "exp"};
constexpr std::array<std::string_view, 16> kGreek = {"alpha", "beta", "gamma",   "delta", "theta", "lambda",
                                                     "mu",    "nu",   "rho",     "sigma", "tau",   "omega",
                                                     "psi",   "phi",  "epsilon", "Delta"};

// A recursive descent over one scalar. Every function returns null after the first thing that it does not know; `failed_`
// stays set.
class Scalars {
 public:
  explicit Scalars(std::string text) : text_(std::move(text)) {}

  Expr Whole() {
    Expr out = SumOf();
    Skip();
    return failed_ || at_ != text_.size() ? nullptr : out;
  }

 private:
  Expr Fail() {
    failed_ = true;
    return Integer(0);
  }
  void Skip() {
    while (at_ < text_.size()) {
      if (text_[at_] == ' ' || text_[at_] == '~') {
        ++at_;
      } else if (text_.compare(at_, 2, "\\,") == 0 || text_.compare(at_, 2, "\\ ") == 0) {
        at_ += 2;
      } else {
        return;
      }
    }
  }
  bool Take(std::string_view piece) {
    Skip();
    if (text_.compare(at_, piece.size(), piece) != 0) return false;
    // A command ends where its letters end.
    const size_t end = at_ + piece.size();
    if (piece[0] == '\\' && IsLetter(piece.back()) && end < text_.size() && IsLetter(text_[end]))
      return false;
    at_ = end;
    return true;
  }
  bool Sees(std::string_view piece) {
    const size_t before = at_;
    const bool there = Take(piece);
    at_ = before;
    return there;
  }

  Expr SumOf() {
    std::vector<Expr> terms;
    bool negative = Take("-");
    if (!negative) Take("+");
    do {
      Expr term = ProductOf();
      terms.push_back(negative ? Negative(term) : term);
      negative = Sees("-");
    } while (!failed_ && (Take("+") || Take("-")));
    return terms.size() == 1 ? terms[0] : Make(Op::kSum, std::move(terms));
  }

  Expr ProductOf() {
    Expr out = FactorOf();
    while (!failed_) {
      Skip();
      if (Take("\\cdot") || Take("\\times") || Take("*")) {
        out = Product(out, FactorOf());
      } else if (Take("/")) {
        out = Quotient(out, FactorOf());
      } else if (StartsFactor()) {
        const bool number = out->op == Op::kNumber;
        if (number && IsDigit(text_[at_])) return Fail();
        Expr next = FactorOf();
        out = number && IsProperFraction(next) ? Sum(out, next) : Product(out, next);
      } else {
        return out;
      }
    }
    return out;
  }

  bool StartsFactor() {
    Skip();
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    if (IsDigit(c) || IsLetter(c) || c == '(' || c == '[' || c == '{') return true;
    return c == '\\' && !Sees("\\right") && !Sees("\\rfloor") && !Sees("\\rceil");
  }

  static bool IsProperFraction(const Expr& expr) {
    int a = 0, b = 0;
    return expr->op == Op::kQuotient && IsInteger(expr->args[0], &a) && IsInteger(expr->args[1], &b) && a < b;
  }

  Expr FactorOf() {
    Expr out = AtomOf();
    while (!failed_) {
      if (Take("^")) {
        out = Power(out, Argument());
      } else if (Take("!")) {
        out = Make(Op::kFactorial, {out});
      } else {
        return out;
      }
    }
    return out;
  }

  // What a command or a script takes: a group, or one character.
  Expr Argument() {
    Skip();
    if (Take("{")) return Closed("}");
    if (at_ < text_.size() && IsDigit(text_[at_])) return Number(std::string(1, text_[at_++]));
    if (at_ < text_.size() && (IsLetter(text_[at_]) || text_[at_] == '\\')) return AtomOf();
    return Fail();
  }

  Expr Closed(std::string_view closing) {
    Expr out = SumOf();
    return Take(closing) ? out : Fail();
  }

  Expr AtomOf() {
    Skip();
    if (at_ >= text_.size() || failed_) return Fail();
    const char c = text_[at_];
    if (IsDigit(c) || c == '.') return NumberOf();
    if (IsLetter(c)) return Letter();
    if (Take("\\left(")) return Closed("\\right)");
    if (Take("\\left[")) return Closed("\\right]");
    if (Take("(")) return Closed(")");
    if (Take("{")) return Closed("}");
    return Command();
  }

  Expr NumberOf() {
    std::string digits;
    while (at_ < text_.size() && (IsDigit(text_[at_]) || text_[at_] == '.')) digits += text_[at_++];
    if (std::count(digits.begin(), digits.end(), '.') > 1 || digits.back() == '.') return Fail();
    // 3e5, which is read by its own rule, and bases.
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E') && at_ + 1 < text_.size() &&
        (IsDigit(text_[at_ + 1]) || text_[at_ + 1] == '-')) {
      return Fail();
    }
    return Sees("_") ? Fail() : Number(digits);
  }

  // A letter before a bracket may be a function; it is taken for a factor only if it also stands elsewhere in the gold.
  bool MayBeApplied(const std::string& name) {
    if (!Sees("(") && !Sees("\\left(") && !Sees("[") && !Sees("\\left[")) return false;
    const std::string rest = text_.substr(0, at_ - name.size()) + text_.substr(at_);
    const auto alone = [&](size_t i) {
      return rest[i] == name[0] && (i == 0 || !IsLetter(rest[i - 1])) &&
             (i + 1 == rest.size() || (!IsLetter(rest[i + 1]) && rest[i + 1] != '('));
    };
    for (size_t i = 0; i < rest.size(); ++i) {
      if (alone(i)) return false;
    }
    return true;
  }

  Expr Letter() {
    std::string name(1, text_[at_++]);
    if (name == "e" || name == "i") return Sees("_") ? Fail() : Make(Op::kConstant, name);
    return Named(name);
  }

  Expr Named(std::string name) {
    if (Take("_")) {
      std::string index;
      if (Take("{")) {
        while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_])) != 0)
          index += text_[at_++];
        if (index.empty() || !Take("}")) return Fail();
      } else if (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_])) != 0) {
        index = text_[at_++];
      } else {
        return Fail();
      }
      return Symbol(name + "_" + index);
    }
    if (Sees("'") || Sees("^{\\prime}") || Sees("^\\prime")) return Fail();
    return MayBeApplied(name) ? Fail() : Symbol(name);
  }

  Expr Command() {
    for (const std::string_view fraction : {"\\frac", "\\dfrac", "\\tfrac"}) {
      if (!Take(fraction)) continue;
      Expr above = Argument();
      return Quotient(above, Argument());
    }
    if (Take("\\sqrt")) {
      const std::string index = Take("[3]") ? "3" : "2";
      return Make(Op::kRoot, index, {Argument()});
    }
    if (Take("\\binom")) {
      Expr above = Argument();
      return Make(Op::kBinomial, {above, Argument()});
    }
    if (Take("\\pi")) return Pi();
    if (Take("\\left\\lfloor") || Take("\\lfloor")) {
      Expr inner = SumOf();
      return Take("\\right\\rfloor") || Take("\\rfloor") ? Make(Op::kFloor, {inner}) : Fail();
    }
    if (Take("\\lceil")) return Make(Op::kCeiling, {Closed("\\rceil")});
    for (const std::string_view name : kGreek) {
      const std::string command = "\\" + std::string(name);
      if (Take(command)) return Named(command);
    }
    for (const std::string_view name : kFunctions) {
      const std::string command = "\\" + std::string(name);
      if (Take(command)) return CallOf(command);
    }
    return Fail();
  }

  Expr CallOf(const std::string& command) {
    Expr power;
    if (Take("^")) power = Argument();
    int exponent = 0;
    if (power && (!IsInteger(power, &exponent) || exponent < 0)) return Fail();
    Expr argument;
    if (Take("\\left(")) {
      argument = Closed("\\right)");
    } else if (Take("(")) {
      argument = Closed(")");
    } else if (Take("{")) {
      argument = Closed("}");
    } else {
      // \sin 2x: letters and numbers up to an operator.
      argument = FactorOf();
      while (!failed_ && StartsFactor() && text_[at_] != '(' && text_[at_] != '\\') {
        argument = Product(argument, FactorOf());
      }
      if (!failed_ && StartsFactor()) return Fail();
    }
    Expr out = Function(command, argument);
    return power ? Power(out, power) : out;
  }

  const std::string text_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

Expr ParseScalar(std::string text) { return Scalars(std::move(text)).Whole(); }

}  // namespace drover::verifier::mutation
