// The one place that includes FLINT, Arb and Calcium (FLINT 3 merges them), and owning wrappers of their types.
#pragma once

#include <acb.h>
#include <acb_hypgeom.h>
#include <arb.h>
#include <arb_fmpz_poly.h>
#include <flint/flint.h>
#include <flint/fmpq.h>
#include <flint/fmpz.h>
#include <flint/fmpz_factor.h>
#include <flint/fmpz_mpoly.h>
#include <flint/fmpz_mpoly_factor.h>
#include <flint/nmod_vec.h>
#include <flint/ulong_extras.h>
#include <gmp.h>

#include <cstdint>
#include <string>
#include <utility>

namespace drover::verifier {

// An owned fmpq: always canonical. Copying small values costs two words.
class Rational {
 public:
  Rational() { fmpq_init(value_); }
  explicit Rational(int64_t n) : Rational() { fmpq_set_si(value_, n, 1); }
  Rational(int64_t n, uint64_t d) : Rational() { fmpq_set_si(value_, n, d); }
  Rational(const Rational& other) : Rational() { fmpq_set(value_, other.value_); }
  Rational(Rational&& other) noexcept : Rational() { fmpq_swap(value_, other.value_); }
  Rational& operator=(const Rational& other) {
    fmpq_set(value_, other.value_);
    return *this;
  }
  Rational& operator=(Rational&& other) noexcept {
    fmpq_swap(value_, other.value_);
    return *this;
  }
  ~Rational() { fmpq_clear(value_); }

  fmpq* get() { return value_; }
  const fmpq* get() const { return value_; }
  fmpz* num() { return fmpq_numref(value_); }
  fmpz* den() { return fmpq_denref(value_); }
  const fmpz* num() const { return fmpq_numref(value_); }
  const fmpz* den() const { return fmpq_denref(value_); }

  bool is_zero() const { return fmpq_is_zero(value_); }
  bool is_one() const { return fmpq_is_one(value_); }
  bool is_integer() const { return fmpz_is_one(den()); }
  int sign() const { return fmpq_sgn(value_); }
  // Bits of the longer of numerator and denominator.
  int64_t bits() const {
    const int64_t n = static_cast<int64_t>(fmpz_bits(num())), d = static_cast<int64_t>(fmpz_bits(den()));
    return n > d ? n : d;
  }
  // True (and *out set) if it is an integer that fits.
  bool ToInt(int64_t* out) const {
    if (!is_integer() || !fmpz_fits_si(num())) return false;
    *out = fmpz_get_si(num());
    return true;
  }
  std::string ToString() const {
    char* text = fmpq_get_str(nullptr, 10, value_);
    std::string out(text);
    flint_free(text);
    return out;
  }

  friend bool operator==(const Rational& a, const Rational& b) { return fmpq_equal(a.value_, b.value_); }
  friend bool operator<(const Rational& a, const Rational& b) { return fmpq_cmp(a.value_, b.value_) < 0; }

 private:
  fmpq_t value_;
};

// An owned complex ball.
class Ball {
 public:
  Ball() { acb_init(value_); }
  Ball(const Ball& other) : Ball() { acb_set(value_, other.value_); }
  Ball(Ball&& other) noexcept : Ball() { acb_swap(value_, other.value_); }
  Ball& operator=(const Ball& other) {
    acb_set(value_, other.value_);
    return *this;
  }
  Ball& operator=(Ball&& other) noexcept {
    acb_swap(value_, other.value_);
    return *this;
  }
  ~Ball() { acb_clear(value_); }
  acb_struct* get() { return value_; }
  const acb_struct* get() const { return value_; }
  arb_struct* real() { return acb_realref(value_); }
  arb_struct* imag() { return acb_imagref(value_); }
  const arb_struct* real() const { return acb_realref(value_); }
  const arb_struct* imag() const { return acb_imagref(value_); }

 private:
  acb_t value_;
};

}  // namespace drover::verifier
