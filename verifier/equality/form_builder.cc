#include "verifier/equality/form_builder.h"

#include <cstdlib>
#include <optional>

namespace drover::verifier {

bool FormBuilder::Build(NodeId id, Form* out) {
  const Node& node = tree_[id];
  if (!budget_.Spend(1)) return false;
  switch (node.kind) {
    case Kind::kNumber:
      return Constant(tree_.numbers[node.value].value, out);
    case Kind::kSymbol:
      for (const auto& [symbol, value] : bound_) {
        if (symbol == node.value) return Constant(Rational(value), out);
      }
      return Set(GeneratorTerms(GeneratorKey(Generator::kSymbol, node.value)), out);
    case Kind::kConstant:
      return NamedConstant(node.value, out);
    case Kind::kSum:
      return Sum(id, out);
    case Kind::kProduct:
      return Product(id, out);
    case Kind::kNegate:
      if (!Build(tree_.Kid(id, 0), out)) return false;
      NegateTerms(&out->top);
      return true;
    case Kind::kInverse: {
      Form inner;
      return Build(tree_.Kid(id, 0), &inner) && Invert(std::move(inner), out);
    }
    case Kind::kPower:
      return Power(id, out);
    case Kind::kPercent:
      return Build(tree_.Kid(id, 0), out) && Scale(Rational(1, 100), out);
    case Kind::kDegree:
      return Build(tree_.Kid(id, 0), out) && Scale(Rational(1, 180), out) && TimesPi(out);
    case Kind::kFunction:
      return FunctionForm(id, static_cast<Function>(node.value), out);
    case Kind::kApply: {
      std::vector<Form> arguments(kernels_ == nullptr ? 0 : node.count);
      for (uint32_t i = 0; i < arguments.size(); ++i) {
        if (!Build(tree_.Kid(id, i), &arguments[i])) return false;
      }
      return kernels_ != nullptr && KernelCall(kNamedFunction + node.value, std::move(arguments), true, out);
    }
    case Kind::kOpaque:
      return FiniteSum(id, out);
    default:
      return false;
  }
}

bool FormBuilder::Set(Terms top, Form* out) {
  out->top = std::move(top);
  out->bottom = One();
  return true;
}

bool FormBuilder::NamedConstant(uint32_t value, Form* out) {
  switch (static_cast<verifier::Constant>(value)) {
    case verifier::Constant::kPi:
      out->has_pi = true;
      return Set(GeneratorTerms(GeneratorKey(Generator::kPi)), out);
    case verifier::Constant::kE:
      out->has_e = true;
      return Set(GeneratorTerms(GeneratorKey(Generator::kE)), out);
    case verifier::Constant::kI:
      return Set(GeneratorTerms(GeneratorKey(Generator::kI)), out);
    default:
      return false;
  }
}

void FormBuilder::MergeFlags(const Form& from, Form* to) {
  to->has_pi = to->has_pi || from.has_pi;
  to->has_e = to->has_e || from.has_e;
  to->has_log = to->has_log || from.has_log;
}

bool FormBuilder::Add(const Form& term, Form* sum) {
  MergeFlags(term, sum);
  if (EqualTerms(term.bottom, sum->bottom)) return AddTerms(sum->top, term.top, budget_, &sum->top);
  Terms left, right;
  return MultiplyTerms(sum->top, term.bottom, budget_, &left) &&
         MultiplyTerms(term.top, sum->bottom, budget_, &right) && AddTerms(left, right, budget_, &sum->top) &&
         MultiplyTerms(sum->bottom, term.bottom, budget_, &sum->bottom);
}

bool FormBuilder::Times(const Form& factor, Form* product) {
  MergeFlags(factor, product);
  if (!MultiplyTerms(product->top, factor.top, budget_, &product->top)) return false;
  if (EqualTerms(factor.bottom, One())) return true;
  return MultiplyTerms(product->bottom, factor.bottom, budget_, &product->bottom);
}

bool FormBuilder::Sum(NodeId id, Form* out) {
  const uint32_t count = tree_[id].count;
  if (!Constant(Rational(0), out)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    Form term;
    if (!Build(tree_.Kid(id, i), &term) || !Add(term, out)) return false;
  }
  return true;
}

bool FormBuilder::Product(NodeId id, Form* out) {
  const uint32_t count = tree_[id].count;
  if (!Constant(Rational(1), out)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    Form factor;
    if (!Build(tree_.Kid(id, i), &factor) || !Times(factor, out)) return false;
  }
  return true;
}

bool FormBuilder::Invert(Form form, Form* out) {
  if (form.top.empty()) return false;
  MergeFlags(form, out);
  if (form.top.size() > 1) {
    out->top = std::move(form.bottom);
    out->bottom = std::move(form.top);
    return true;
  }
  Term& term = form.top[0];
  Terms inverse(1);
  fmpq_inv(inverse[0].coefficient.get(), term.coefficient.get());
  for (Factor factor : term.monomial) {
    if (GeneratorKind(factor.generator) == Generator::kLog) {
      out->top = std::move(form.bottom);
      out->bottom = std::move(form.top);
      return true;
    }
    factor.num = -factor.num;
    inverse[0].monomial.push_back(factor);
  }
  out->bottom = One();
  return MultiplyTerms(form.bottom, inverse, budget_, &out->top);
}

bool FormBuilder::RationalOf(const Form& form, Rational* out) {
  Rational bottom;
  if (!AsRational(form.top, out) || !AsRational(form.bottom, &bottom) || bottom.is_zero()) return false;
  fmpq_div(out->get(), out->get(), bottom.get());
  return true;
}

bool FormBuilder::IntegerPower(Form base, int64_t n, Form* out) {
  if (n < 0) {
    Form inverse;
    if (!Invert(std::move(base), &inverse)) return false;
    base = std::move(inverse);
    n = -n;
  }
  MergeFlags(base, out);
  if (n == 0 && base.top.empty()) return false;
  return PowerTerms(base.top, n, budget_, &out->top) && PowerTerms(base.bottom, n, budget_, &out->bottom);
}

bool FormBuilder::Power(NodeId id, Form* out) {
  const NodeId base_id = tree_.Kid(id, 0);
  Form exponent;
  if (!Build(tree_.Kid(id, 1), &exponent)) return false;
  Rational q;
  const bool natural = tree_[base_id].kind == Kind::kConstant &&
                       static_cast<verifier::Constant>(tree_[base_id].value) == verifier::Constant::kE;
  if (kernels_ != nullptr && !kernels_->Canonical(&exponent)) return false;
  const bool rational = RationalOf(exponent, &q);
  if (natural && !rational) return Exponential(exponent, out);
  Form base;
  if (!rational) return kernels_ != nullptr && SymbolicPower(base_id, exponent, out);
  if (!Build(base_id, &base)) return false;
  int64_t n = 0;
  if (q.ToInt(&n))
    return n > -(int64_t{1} << 40) && n < (int64_t{1} << 40) && IntegerPower(std::move(base), n, out);
  return RationalPower(base, q, out);
}

bool FormBuilder::RationalPower(const Form& base, const Rational& q, Form* out) {
  if (!fmpz_fits_si(q.num()) || !fmpz_fits_si(q.den())) return false;
  const int64_t p = fmpz_get_si(q.num()), n = fmpz_get_si(q.den());
  if (n > 4096 || std::abs(p) > (1 << 20)) return false;
  if (base.top.empty()) return p > 0 && Constant(Rational(0), out);
  MergeFlags(base, out);
  Form denested;
  const Term* term = SingleTerm(base);
  if (term == nullptr) {
    if (n != 2 || !Denest(base, &denested)) return kernels_ != nullptr && KernelPower(base, q, out);
    MergeFlags(denested, out);
    return IntegerPower(std::move(denested), p, out);
  }
  Term positive = *term;
  const bool negative = positive.coefficient.sign() < 0;
  if (negative) {
    if (n != 2 && n % 2 == 0) return kernels_ != nullptr && KernelPower(base, q, out);
    fmpq_neg(positive.coefficient.get(), positive.coefficient.get());
  }
  Terms root;
  if (!RootTerm(positive, static_cast<int32_t>(p), static_cast<int32_t>(n), budget_, &root)) {
    return kernels_ != nullptr && KernelPower(base, q, out);
  }
  if (negative && n == 2) {
    const Terms i = GeneratorTerms(GeneratorKey(Generator::kI), static_cast<int32_t>(p));
    if (!MultiplyTerms(root, i, budget_, &root)) return false;
  } else if (negative && p % 2 != 0) {
    NegateTerms(&root);
  }
  return Set(std::move(root), out);
}

bool BuildForm(const Tree& tree, NodeId id, const FormOptions& options, Budget& budget, Form* out) {
  return FormBuilder(tree, options, budget).Build(id, out) && !out->bottom.empty();
}

}  // namespace drover::verifier
