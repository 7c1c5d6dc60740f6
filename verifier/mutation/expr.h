// The mutation fuzzer's own expressions, which know nothing of the grader: what is changed or rewritten is a tree, and
// its truth is known from the step that was taken.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drover::verifier::mutation {

enum class Op {
  kNumber,       // text: digits, perhaps with a point
  kSymbol,       // text: as in LaTeX, without its index's braces: x, x_1, \omega
  kConstant,     // text: \pi, e or i
  kSum,          // two or more
  kProduct,      // two or more
  kQuotient,     // a / b
  kPower,        // a ^ b
  kRoot,         // the `text`-th root of a, "2" or "3"
  kNegative,     // -a
  kFunction,     // text: \sin, \ln, ...; \log has its base as a second argument
  kAbsolute,     // |a|
  kMaximum,      // of two
  kMinimum,      // of two
  kFloor,        //
  kCeiling,      //
  kFactorial,    //
  kBinomial,     // a over b
  kApplication,  // text(a): the value of an unknown function
};

struct Node;
using Expr = std::shared_ptr<const Node>;  // never null where nothing else is said

struct Node {
  Op op;
  std::string text;
  std::vector<Expr> args;
};

Expr Make(Op op, std::vector<Expr> args);
Expr Make(Op op, std::string text, std::vector<Expr> args = {});
Expr Number(const std::string& digits);
Expr Integer(int value);  // a negative one is a kNegative
Expr Symbol(const std::string& name);
Expr Pi();
Expr Sum(Expr a, Expr b);
Expr Difference(Expr a, Expr b);
Expr Product(Expr a, Expr b);
Expr Quotient(Expr a, Expr b);
Expr Power(Expr base, Expr exponent);
Expr Negative(Expr a);
Expr Root(Expr a);
Expr Function(const std::string& name, Expr a);
Expr Absolute(Expr a);

// The value of an integer literal of at most nine digits (negative ones too), else false.
bool IsInteger(const Expr& expr, int* value);

int CountNodes(const Expr& expr);
// The node with that place in depth-first order, and the tree with another one there.
Expr NodeAt(const Expr& expr, int place);
Expr ReplaceAt(const Expr& expr, int place, const Expr& by);
// True if any node says so.
bool Any(const Expr& expr, const std::function<bool(const Node&)>& says);
// Names of the symbols, each once, in order of appearance.
std::vector<std::string> Symbols(const Expr& expr);
// Every occurrence of symbol `name` replaced.
Expr Substitute(const Expr& expr, const std::string& name, const Expr& by);

}  // namespace drover::verifier::mutation
