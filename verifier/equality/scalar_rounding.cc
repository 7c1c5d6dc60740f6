// The rules for rounded decimals.
#include "verifier/equality/scalar_comparer.h"

namespace drover::verifier {

const Literal* Comparer::DecimalLiteral(const Operand& operand, bool* negative) {
  Operand at = operand;
  *negative = false;
  if (at.node().kind == Kind::kNegate) {
    *negative = true;
    at = at.Kid(0);
  }
  if (at.node().kind != Kind::kNumber) return nullptr;
  const Literal& literal = at.tree->numbers[at.node().value];
  // "44.0" is 44: benchmarks write their integers so.
  const bool rounded =
      literal.decimals > 0 && !literal.exact && !literal.scientific && !literal.value.is_integer();
  return rounded ? &literal : nullptr;
}

bool Comparer::Terminates(const Rational& value) {
  Rational den;
  fmpz_set(den.num(), value.den());
  fmpz_remove(den.num(), den.num(), Rational(2).num());
  fmpz_remove(den.num(), den.num(), Rational(5).num());
  return fmpz_is_one(den.num()) != 0;
}

bool Comparer::RoundedMatch() {
  bool negative = false;
  const Literal* gold = DecimalLiteral(gold_, &negative);
  const Literal* response = DecimalLiteral(response_, &negative);
  const int digits = options_.rounding_digits;
  if (digits >= 0 && (gold != nullptr || response != nullptr)) {
    const int places =
        std::min({digits, gold ? gold->decimals : digits, response ? response->decimals : digits});
    return Within(places, 2);
  }
  const bool open_response = response == nullptr && !(response_value_ && Terminates(*response_value_));
  if (options_.rounded_golds && gold != nullptr && gold->digits >= kMinRoundedDigits && open_response)
    return Within(gold->decimals, 2);
  const bool open_gold = gold == nullptr && !(gold_value_ && Terminates(*gold_value_));
  const bool printed = response != nullptr && response->digits >= kMinPrintedDigits &&
                       (response->digits <= kMaxPrintedDigits || response->cut);
  return printed && open_gold && Within(response->decimals, 1);
}

bool Comparer::Within(int places, int halves) {
  Budget budget = NewBudget(4);
  Ball a, b;
  const BallOptions options;
  const int64_t bits = 128 + int64_t{places} * 4;
  if (bits > options_.budget.ball_bits || !FreeSymbols(gold_).empty() || !FreeSymbols(response_).empty())
    return false;
  if (EvaluateBall(*gold_.tree, gold_.id, options, bits, budget, &a) != BallStatus::kOk) return false;
  if (EvaluateBall(*response_.tree, response_.id, options, bits, budget, &b) != BallStatus::kOk) return false;
  if (acb_is_real(a.get()) == 0 || acb_is_real(b.get()) == 0) return false;
  Rational bound(10);
  fmpz_pow_ui(bound.num(), bound.num(), static_cast<ulong>(places));
  fmpq_inv(bound.get(), bound.get());
  fmpq_div_fmpz(bound.get(), bound.get(), Rational(halves).num());
  arb_sub(a.real(), a.real(), b.real(), bits);
  arb_abs(a.real(), a.real());
  arb_set_fmpq(b.real(), bound.get(), bits);
  return arb_gt(a.real(), b.real()) == 0;
}

}  // namespace drover::verifier
