// The evaluation in balls, private to ball_evaluator.cc and ball_functions.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "verifier/equality/ball.h"

namespace drover::verifier {

constexpr int64_t kMaxTrigBits = 4096;  // arguments of sine up to 2^4096 are reduced
constexpr int64_t kMaxExpBits = 60;     // exponents up to 2^60
constexpr int64_t kMaxGamma = 1 << 20;
constexpr int64_t kMaxSumTerms = 2'000;

inline uint64_t Mix(uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

class BallEvaluator {
 public:
  BallEvaluator(const Tree& tree, const BallOptions& options, int64_t bits, Budget& budget)
      : tree_(tree), options_(options), bits_(bits), budget_(budget) {}

  BallStatus Value(NodeId id, Ball* out);
  bool left_reals() const { return left_reals_; }

 private:
  static bool Exceeds(const acb_struct* z, int64_t bits);

  static bool IsNegative(const Ball& x) {
    return acb_is_real(x.get()) != 0 && arb_is_negative(x.real()) != 0;
  }

  void SymbolValue(uint32_t id, Ball* out);

  BallStatus Node(NodeId id, Ball* out);

  BallStatus ConstantValue(Constant constant, Ball* out);

  BallStatus Fold(NodeId id, Ball* out);

  BallStatus Unary(NodeId id, Kind kind, Ball* out);

  // The exponent as an exact rational, when it is a plain one.
  std::optional<Rational> ExactExponent(NodeId id);

  BallStatus Power(NodeId id, Ball* out);

  // The n-th root: real for odd n and real arguments, else the principal one.
  void Root(const Ball& base, int64_t n, Ball* out);

  BallStatus FunctionValue(NodeId id, Function function, Ball* out);

  // Hyperbolic and circular functions need an argument of bounded size.
  BallStatus OneArgument(Function function, const Ball& x, Ball* out);

  BallStatus Log(const Ball& x, Ball* out);

  BallStatus CommonLog(const Ball& x, Ball* out);

  BallStatus Gamma(const Ball& x, bool factorial, Ball* out);  // of x, or of x + 1

  BallStatus MoreArguments(Function function, const std::vector<Ball>& x, NodeId id, Ball* out);

  // An unknown function: a fixed generic analytic function of its arguments for each name.
  BallStatus Apply(NodeId id, Ball* out);

  // Finite sums and products over integers with plain bounds.
  BallStatus BigOperator(NodeId id, Ball* out);

  const Tree& tree_;
  const BallOptions& options_;
  const int64_t bits_;
  Budget& budget_;
  bool left_reals_ = false;
  std::vector<std::pair<uint32_t, int64_t>> bound_;  // indices of the sums that are open
};

}  // namespace drover::verifier
