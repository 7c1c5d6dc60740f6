// Inequalities in one real variable as sets of reals: rational functions, absolute values, maxima and minima.
#include <algorithm>

#include "verifier/equality/form_builder.h"
#include "verifier/equality/matcher.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxRoots = 24;

// The sum as a polynomial in one symbol, its coefficients free of all symbols; false if it is none.
bool Coefficients(const Terms& terms, uint64_t symbol, std::vector<Terms>* out) {
  constexpr int32_t kMaxDegree = 40;
  for (const Term& term : terms) {
    int32_t power = 0;
    Term rest{{}, term.coefficient};
    for (const Factor& factor : term.monomial) {
      const Generator kind = GeneratorKind(factor.generator);
      if (factor.generator == symbol) {
        if (factor.den != 1 || factor.num < 0 || factor.num > kMaxDegree) return false;
        power = factor.num;
      } else if (kind == Generator::kPrime || kind == Generator::kPi || kind == Generator::kE ||
                 kind == Generator::kLog) {
        rest.monomial.push_back(factor);
      } else {
        return false;
      }
    }
    if (out->size() <= static_cast<size_t>(power)) out->resize(static_cast<size_t>(power) + 1);
    (*out)[static_cast<size_t>(power)].push_back(std::move(rest));
  }
  return true;
}

// Functions that are continuous, so that what holds inside of a cell holds at its ends.
bool IsContinuous(const Operand& operand) {
  const Kind kind = operand.node().kind;
  const auto function = static_cast<Function>(operand.node().value);
  if (kind == Kind::kFunction && function != Function::kAbs && function != Function::kMax &&
      function != Function::kMin && !FreeSymbols(operand).empty())
    return false;
  if (kind == Kind::kApply || kind == Kind::kOpaque) return false;
  for (uint32_t i = 0; i < operand.node().count; ++i) {
    if (!IsContinuous(operand.Kid(i))) return false;
  }
  return true;
}

bool Includes(Relation relation, int sign) {
  switch (relation) {
    case Relation::kLess:
      return sign < 0;
    case Relation::kLessEqual:
      return sign <= 0;
    case Relation::kGreater:
      return sign > 0;
    case Relation::kGreaterEqual:
      return sign >= 0;
    default:
      return sign != 0;
  }
}

}  // namespace

NodeId Matcher::NodeOf(const Terms& terms) {
  NodeIds sum;
  for (const Term& term : terms) {
    NodeIds product = {scratch_.AddNumber({.value = term.coefficient})};
    for (const Factor& factor : term.monomial) {
      NodeId base = kNoNode;
      Rational prime;
      fmpz_set_ui(prime.num(), GeneratorPayload(factor.generator));
      switch (GeneratorKind(factor.generator)) {
        case Generator::kPi:
          base = scratch_.Add(Kind::kConstant, {}, static_cast<uint32_t>(Constant::kPi));
          break;
        case Generator::kE:
          base = scratch_.Add(Kind::kConstant, {}, static_cast<uint32_t>(Constant::kE));
          break;
        case Generator::kLog:
          base = scratch_.Add(Kind::kFunction, {scratch_.AddNumber({.value = prime})},
                              static_cast<uint32_t>(Function::kLn));
          break;
        default:
          base = scratch_.AddNumber({.value = prime});
      }
      const Rational exponent(factor.num, static_cast<uint64_t>(factor.den));
      product.push_back(scratch_.Add(Kind::kPower, {base, scratch_.AddNumber({.value = exponent})}));
    }
    sum.push_back(scratch_.Add(Kind::kProduct, product));
  }
  return sum.empty() ? scratch_.AddInteger(0) : scratch_.Add(Kind::kSum, sum);
}

std::optional<int> Matcher::ConstantSign(NodeId id) {
  return CompareReals(Scratch(id), Scratch(scratch_.AddInteger(0)), options_);
}

// The real roots of a polynomial of the first or second degree, or of two terms; false if they have no formula here.
bool Matcher::RealRoots(const std::vector<Terms>& c, std::vector<Operand>* out) {
  const size_t degree = c.size() - 1;
  const auto over = [this](NodeId top, NodeId bottom) {
    return scratch_.Add(Kind::kProduct, {top, scratch_.Add(Kind::kInverse, {bottom})});
  };
  const auto minus = [this](NodeId id) { return scratch_.Add(Kind::kNegate, {id}); };
  const NodeId lead = NodeOf(c[degree]);
  if (degree == 1) {
    out->push_back(Scratch(over(minus(NodeOf(c[0])), lead)));
    return true;
  }
  if (degree == 2) {
    const NodeId a = lead, b = NodeOf(c[1]), two = scratch_.AddInteger(2);
    const NodeId square = scratch_.Add(Kind::kPower, {b, two});
    const NodeId product = scratch_.Add(Kind::kProduct, {scratch_.AddInteger(-4), a, NodeOf(c[0])});
    const NodeId discriminant = scratch_.Add(Kind::kSum, {square, product});
    const auto sign = ConstantSign(discriminant);
    if (!sign) return false;
    if (*sign < 0) return true;
    const NodeId root =
        scratch_.Add(Kind::kFunction, {discriminant, two}, static_cast<uint32_t>(Function::kRoot));
    const NodeId below = scratch_.Add(Kind::kProduct, {two, a});
    out->push_back(Scratch(over(scratch_.Add(Kind::kSum, {minus(b), root}), below)));
    if (*sign > 0) out->push_back(Scratch(over(scratch_.Add(Kind::kSum, {minus(b), minus(root)}), below)));
    return true;
  }
  for (size_t i = 1; i < degree; ++i) {
    if (!c[i].empty()) return false;
  }
  const NodeId value = over(minus(NodeOf(c[0])), lead);
  const auto sign = ConstantSign(value);
  if (!sign) return false;
  if (*sign < 0 && degree % 2 == 0) return true;
  const NodeId order = scratch_.AddInteger(static_cast<int64_t>(degree));
  const NodeId root = scratch_.Add(Kind::kFunction, {value, order}, static_cast<uint32_t>(Function::kRoot));
  out->push_back(Scratch(root));
  if (degree % 2 == 0) out->push_back(Scratch(minus(root)));
  return true;
}

// The roots of a product of factors in order; *sign is the sign of the product right of the last one.
bool Matcher::RootsOf(const Terms& terms, uint64_t symbol, bool pole, const Kernels& kernels,
                      std::vector<SignChange>* out, int* sign) {
  Factored factored;
  if (!kernels.Factor(terms, &factored)) return false;
  *sign *= factored.number.sign();
  std::vector<std::pair<Terms, int64_t>> factors = factored.factors;
  for (const Factor& unit : factored.units) {
    if (unit.generator != symbol) continue;  // roots of primes and constants are positive
    if (unit.den != 1) return false;
    factors.emplace_back(GeneratorTerms(symbol), unit.num);
  }
  for (const auto& [factor, power] : factors) {
    std::vector<Terms> coefficients;
    std::vector<Operand> roots;
    if (!Coefficients(factor, symbol, &coefficients)) return false;
    const auto lead = ConstantSign(NodeOf(coefficients.back()));
    if (!lead || *lead == 0) return false;
    if (power % 2 != 0) *sign *= *lead;
    if (coefficients.size() == 1) continue;
    if (!RealRoots(coefficients, &roots)) return false;
    for (const Operand& root : roots) out->push_back({root, power % 2 != 0, pole || power < 0});
  }
  return out->size() <= kMaxRoots;
}

// Where top/bottom has a sign that the relation to 0 includes.
std::optional<std::vector<Piece>> Matcher::SignPieces(const Terms& top, const Terms& bottom, uint64_t symbol,
                                                      Relation relation, const Kernels& kernels) {
  std::vector<SignChange> changes;
  int sign = 1;
  if (top.empty()) return Includes(relation, 0) ? std::vector<Piece>{Piece{}} : std::vector<Piece>{};
  if (!RootsOf(top, symbol, false, kernels, &changes, &sign) ||
      !RootsOf(bottom, symbol, true, kernels, &changes, &sign))
    return std::nullopt;
  for (size_t i = 1; i < changes.size(); ++i) {  // in descending order
    for (size_t j = i; j > 0; --j) {
      const auto order = CompareReals(changes[j - 1].at, changes[j].at, options_);
      if (!order) return std::nullopt;
      if (*order >= 0) break;
      std::swap(changes[j - 1], changes[j]);
    }
  }
  std::vector<Piece> out;
  Operand high;
  for (size_t i = 0; i <= changes.size(); ++i) {
    const Operand low = i < changes.size() ? changes[i].at : Operand{};
    if (Includes(relation, sign)) out.push_back({low, high, true, true});
    if (i == changes.size()) break;
    bool pole = false;
    size_t last = i;
    for (; last < changes.size(); ++last) {  // one root may be written in several ways
      if (last > i) {
        const auto order = CompareReals(changes[i].at, changes[last].at, options_);
        if (!order) return std::nullopt;
        if (*order != 0) break;
      }
      pole = pole || changes[last].pole;
      if (changes[last].odd) sign = -sign;
    }
    i = last - 1;
    if (!pole && Includes(relation, 0)) out.push_back({low, low, false, false});
    high = low;
  }
  return out;
}

// Solves "left relation right" on every cell that absolute values make.
std::optional<std::vector<Piece>> Matcher::Solve(const Operand& left, const Operand& right,
                                                 Relation relation) {
  if (!IsScalarKind(left.node().kind) || !IsScalarKind(right.node().kind)) return std::nullopt;
  const NodeId l = Copy(left), r = Copy(right);
  const Operand difference = Scratch(scratch_.Add(Kind::kSum, {l, scratch_.Add(Kind::kNegate, {r})}));
  const std::vector<uint32_t> symbols = FreeSymbols(difference);
  if (symbols.size() != 1 || !IsContinuous(difference)) return std::nullopt;
  const uint64_t symbol = GeneratorKey(Generator::kSymbol, symbols[0]);
  Budget budget(options_.budget);
  Kernels kernels({}, budget);
  std::vector<Piece> out;
  do {
    Form form;
    if (!FormBuilder(scratch_, {}, budget, &kernels).Build(difference.id, &form) ||
        kernels.too_many_kinks() || budget.over())
      return std::nullopt;
    auto cell = SignPieces(form.top, form.bottom, symbol, relation, kernels);
    for (const Kernels::Kink& kink : kernels.path()) {
      if (!cell) return std::nullopt;
      const Relation side = kink.sign > 0 ? Relation::kGreaterEqual : Relation::kLessEqual;
      const auto inside = SignPieces(kink.function, One(), symbol, side, kernels);
      if (!inside) return std::nullopt;
      const auto normal = Normalised(*inside);
      const auto solved = Normalised(*cell);
      if (!normal || !solved) return std::nullopt;
      cell = Intersect(*solved, *normal);
    }
    if (!cell) return std::nullopt;
    out.insert(out.end(), cell->begin(), cell->end());
  } while (kernels.Advance());
  return Normalised(std::move(out));
}

}  // namespace drover::verifier
