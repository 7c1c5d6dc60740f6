#include "verifier/equality/algebraic.h"

#include <flint/flint.h>

#include <cstdlib>
#include <vector>

#include "verifier/equality/ball.h"
#include "verifier/equality/rational.h"

// Calcium 0.4's inline functions are C: they assign malloc's void* to typed pointers.
namespace {
struct AnyPointer {
  void* pointer;
  template <class T>
  operator T*() const {  // NOLINT: implicit as void* is in C
    return static_cast<T*>(pointer);
  }
};
}  // namespace
#define flint_malloc(size) (AnyPointer{flint_malloc(size)})
#define flint_realloc(pointer, size) (AnyPointer{flint_realloc(pointer, size)})
#define flint_calloc(count, size) (AnyPointer{flint_calloc(count, size)})
extern "C" {
#include <calcium/ca.h>
}
#undef flint_malloc
#undef flint_realloc
#undef flint_calloc

namespace drover::verifier {
namespace {

constexpr int kMaxNodes = 60;          // of both trees together; larger fields cost milliseconds and more
constexpr int64_t kMaxBits = 256;      // of the numbers in them
constexpr int64_t kMaxDegree = 8;      // of the roots of one side, multiplied
constexpr int64_t kMaxExtensions = 2;  // exponentials and logarithms of one side
constexpr slong kMaxRoot = 8;
constexpr slong kMaxAlgebraicPower = 16;

class Context {
 public:
  Context() {
    ca_ctx_init(context_);
    // Every limit that Calcium has, set below its default: what is past them is decided by balls.
    ca_ctx_set_option(context_, CA_OPT_PREC_LIMIT, 1024);
    ca_ctx_set_option(context_, CA_OPT_QQBAR_DEG_LIMIT, 32);
    ca_ctx_set_option(context_, CA_OPT_SMOOTH_LIMIT, 16);
    ca_ctx_set_option(context_, CA_OPT_LLL_PREC, 128);
    ca_ctx_set_option(context_, CA_OPT_POW_LIMIT, kMaxAlgebraicPower);
    ca_ctx_set_option(context_, CA_OPT_GROEBNER_LENGTH_LIMIT, 24);
    ca_ctx_set_option(context_, CA_OPT_GROEBNER_POLY_LENGTH_LIMIT, 64);
    ca_ctx_set_option(context_, CA_OPT_GROEBNER_POLY_BITS_LIMIT, 512);
    ca_ctx_set_option(context_, CA_OPT_VIETA_LIMIT, 4);
  }
  ~Context() { ca_ctx_clear(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ca_ctx_struct* get() { return context_; }

 private:
  ca_ctx_t context_;
};

class Value {
 public:
  explicit Value(Context& context) : context_(context) { ca_init(value_, context_.get()); }
  ~Value() { ca_clear(value_, context_.get()); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ca_struct* get() { return value_; }

 private:
  Context& context_;
  ca_t value_;
};

class Translator {
 public:
  Translator(const Tree& tree, bool natural, Context& context, int* nodes, Budget& budget)
      : tree_(tree),
        natural_(natural),
        context_(context),
        ctx_(context.get()),
        nodes_(*nodes),
        budget_(budget) {}

  // False: outside of what is handed to Calcium.
  bool Translate(NodeId id, ca_struct* out) {
    if (++nodes_ > kMaxNodes) return false;
    const Node& node = tree_[id];
    switch (node.kind) {
      case Kind::kNumber: {
        const Rational& value = tree_.numbers[node.value].value;
        if (value.bits() > kMaxBits) return false;
        ca_set_fmpq(out, value.get(), ctx_);
        return true;
      }
      case Kind::kConstant:
        return Named(static_cast<Constant>(node.value), out);
      case Kind::kSum:
      case Kind::kProduct: {
        const bool product = node.kind == Kind::kProduct;
        Value item(context_);
        ca_set_si(out, product ? 1 : 0, ctx_);
        for (uint32_t i = 0; i < tree_[id].count; ++i) {
          if (!Translate(tree_.Kid(id, i), item.get())) return false;
          product ? ca_mul(out, out, item.get(), ctx_) : ca_add(out, out, item.get(), ctx_);
        }
        return true;
      }
      case Kind::kNegate:
        if (!Translate(tree_.Kid(id, 0), out)) return false;
        ca_neg(out, out, ctx_);
        return true;
      case Kind::kInverse:
        if (!Translate(tree_.Kid(id, 0), out) || ca_check_is_zero(out, ctx_) != T_FALSE) return false;
        ca_inv(out, out, ctx_);
        return true;
      case Kind::kPercent:
        if (!Translate(tree_.Kid(id, 0), out)) return false;
        ca_div_si(out, out, 100, ctx_);
        return true;
      case Kind::kDegree: {
        Value pi(context_);
        if (!Translate(tree_.Kid(id, 0), out)) return false;
        ca_pi(pi.get(), ctx_);
        ca_mul(out, out, pi.get(), ctx_);
        ca_div_si(out, out, 180, ctx_);
        return true;
      }
      case Kind::kPower:
        return Power(id, out);
      case Kind::kFunction:
        return FunctionValue(id, static_cast<Function>(node.value), out);
      default:
        return false;
    }
  }

 private:
  bool Named(Constant constant, ca_struct* out) {
    switch (constant) {
      case Constant::kPi:
        ca_pi(out, ctx_);
        return true;
      case Constant::kE:
        ca_one(out, ctx_);
        ca_exp(out, out, ctx_);
        return true;
      case Constant::kI:
        ca_i(out, ctx_);
        return true;
      default:
        return false;
    }
  }

  // Odd roots of negative numbers are real here, as in ball_evaluator.cc.
  bool RationalPower(ca_struct* base, const Rational& exponent, ca_struct* out) {
    if (fmpz_cmpabs(exponent.num(), Rational(kMaxAlgebraicPower).num()) > 0) return false;
    if (fmpz_cmp_si(exponent.den(), kMaxRoot) > 0) return false;
    if (exponent.sign() <= 0 && ca_check_is_zero(base, ctx_) != T_FALSE) return false;
    const bool odd = fmpz_is_odd(exponent.den()) != 0 && fmpz_is_one(exponent.den()) == 0;
    if (odd) {
      const truth_t negative = ca_check_is_negative_real(base, ctx_);
      if (negative == T_UNKNOWN) return false;
      if (negative == T_TRUE) {
        ca_neg(base, base, ctx_);
        ca_pow_fmpq(out, base, exponent.get(), ctx_);
        if (fmpz_is_odd(exponent.num()) != 0) ca_neg(out, out, ctx_);
        return true;
      }
    }
    ca_pow_fmpq(out, base, exponent.get(), ctx_);
    return true;
  }

  bool Power(NodeId id, ca_struct* out) {
    Value base(context_), exponent(context_);
    if (!Translate(tree_.Kid(id, 1), exponent.get())) return false;
    const Node& below = tree_[tree_.Kid(id, 0)];
    if (below.kind == Kind::kConstant && static_cast<Constant>(below.value) == Constant::kE) {
      ca_exp(out, exponent.get(), ctx_);
      return true;
    }
    Rational q;
    if (!Translate(tree_.Kid(id, 0), base.get())) return false;
    if (ca_get_fmpq(q.get(), exponent.get(), ctx_) == 0) return false;
    return RationalPower(base.get(), q, out);
  }

  // The base and exponent of "sqrt(x^4)", when the root divides the exponent: x^2.
  bool RootOfPower(NodeId id, ca_struct* out) {
    const NodeId inner = tree_.Kid(id, 0);
    if (tree_[inner].kind != Kind::kPower) return false;
    const auto exponent = RationalValue(tree_, tree_.Kid(inner, 1), budget_);
    const auto degree = RationalValue(tree_, tree_.Kid(id, 1), budget_);
    int64_t m = 0, n = 0;
    if (!exponent || !degree || !exponent->ToInt(&m) || !degree->ToInt(&n) || n < 1 || m < 1) return false;
    if (m % n != 0 || m > kMaxAlgebraicPower) return false;
    const int sign = RealSign(tree_, tree_.Kid(inner, 0), natural_, budget_);
    if (sign == 0 || !Translate(tree_.Kid(inner, 0), out)) return false;
    if (sign < 0 && n % 2 == 0) ca_neg(out, out, ctx_);
    ca_pow_ui(out, out, static_cast<ulong>(m / n), ctx_);
    return true;
  }

  bool FunctionValue(NodeId id, Function function, ca_struct* out) {
    const uint32_t count = tree_[id].count;
    if (function == Function::kRoot && count == 2 && RootOfPower(id, out)) return true;
    Value x(context_), y(context_);
    if (count == 0 || count > 2 || !Translate(tree_.Kid(id, 0), x.get())) return false;
    if (count == 2 && !Translate(tree_.Kid(id, 1), y.get())) return false;
    const auto divide = [&](ca_struct* top, ca_struct* bottom) {
      if (ca_check_is_zero(bottom, ctx_) != T_FALSE) return false;
      ca_div(out, top, bottom, ctx_);
      return true;
    };
    switch (function) {
      case Function::kRoot: {
        Rational degree;
        if (count != 2 || ca_get_fmpq(degree.get(), y.get(), ctx_) == 0 || degree.sign() <= 0) return false;
        fmpq_inv(degree.get(), degree.get());
        return RationalPower(x.get(), degree, out);
      }
      case Function::kExp:
        ca_exp(out, x.get(), ctx_);
        return true;
      case Function::kLn:
      case Function::kLog: {
        if (ca_check_is_zero(x.get(), ctx_) != T_FALSE) return false;
        ca_log(out, x.get(), ctx_);
        if (function == Function::kLn || (count == 1 && natural_)) return true;
        if (count == 1) ca_set_si(y.get(), 10, ctx_);
        if (ca_check_is_zero(y.get(), ctx_) != T_FALSE) return false;
        ca_log(y.get(), y.get(), ctx_);
        return divide(out, y.get());
      }
      case Function::kAbs: {
        // ca_abs() would adjoin the square root of a square: tens of milliseconds.
        const int sign = RealSign(tree_, tree_.Kid(id, 0), natural_, budget_);
        if (sign == 0) return false;
        sign > 0 ? ca_set(out, x.get(), ctx_) : ca_neg(out, x.get(), ctx_);
        return true;
      }
      default:
        return false;
    }
  }

  const Tree& tree_;
  const bool natural_;
  Context& context_;
  ca_ctx_struct* const ctx_;
  int& nodes_;
  Budget& budget_;
};

}  // namespace

namespace {

// An upper bound of the work: the product of the degrees of all roots (the field's degree is at most that), and the
// number of exponentials and logarithms. Circular functions are left to balls: their fields are large.
bool IsSmall(const Operand& operand) {
  int64_t degree = 1, extensions = 0;
  std::vector<NodeId> stack = {operand.id};
  for (int visited = 0; !stack.empty(); ++visited) {
    const Operand at{operand.tree, stack.back()};
    stack.pop_back();
    if (visited > kMaxNodes) return false;
    const Node& node = at.node();
    if (node.kind == Kind::kFunction) {
      const auto function = static_cast<Function>(node.value);
      const Kind inner = node.count > 0 ? at.Kid(0).node().kind : Kind::kNumber;
      if (function == Function::kLn && (inner == Kind::kPower || inner == Kind::kFunction)) return false;
      const bool root = function == Function::kRoot && at.Kid(1).node().kind == Kind::kNumber;
      const Rational* order = root ? &at.tree->numbers[at.Kid(1).node().value].value : nullptr;
      int64_t n = 0;
      if (root && order->ToInt(&n)) {
        degree *= n < kMaxDegree ? n : kMaxDegree + 1;
      } else if (root || ++extensions > kMaxExtensions) {
        return false;
      }
    } else if (node.kind == Kind::kPower) {
      // Any power whose exponent is not a plain integer counts as a root of the largest order that is let through.
      Operand exponent = at.Kid(1);
      if (exponent.node().kind == Kind::kNegate) exponent = exponent.Kid(0);
      const bool plain = exponent.node().kind == Kind::kNumber &&
                         exponent.tree->numbers[exponent.node().value].value.is_integer();
      if (!plain) degree *= 3;
    }
    if (degree > kMaxDegree) return false;
    for (uint32_t i = 0; i < node.count; ++i) stack.push_back(at.Kid(i).id);
  }
  return true;
}

}  // namespace

AlgebraicVerdict CompareExactly(const Operand& a, const Operand& b, bool log_is_natural, Budget& budget) {
  if (!IsSmall(a) || !IsSmall(b) || !budget.Spend(2'000)) return AlgebraicVerdict::kUnknown;
  Context context;
  Value left(context), right(context);
  int nodes = 0;
  if (!Translator(*a.tree, log_is_natural, context, &nodes, budget).Translate(a.id, left.get()) ||
      !Translator(*b.tree, log_is_natural, context, &nodes, budget).Translate(b.id, right.get())) {
    return AlgebraicVerdict::kUnknown;
  }
  switch (ca_check_equal(left.get(), right.get(), context.get())) {
    case T_TRUE:
      return AlgebraicVerdict::kEqual;
    case T_FALSE:
      return AlgebraicVerdict::kDifferent;
    default:
      return AlgebraicVerdict::kUnknown;
  }
}

}  // namespace drover::verifier
