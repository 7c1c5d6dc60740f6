// An exact normal form: quotients of sums of monomials over the rationals. The generators are i, roots of primes, pi,
// powers of e, logarithms of primes and the free symbols. Two expressions with one normal form are equal; products of
// roots of distinct primes are linearly independent over the rationals (Besicovitch 1940), so that without pi, e and
// logarithms, or with only one of pi and e, two forms that differ are different too.
#pragma once

#include <string>
#include <vector>

#include "verifier/budget.h"
#include "verifier/equality/terms.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

struct Form {
  Terms top;
  Terms bottom;  // never empty
  bool has_pi = false;
  bool has_e = false;
  bool has_log = false;

  // True if different forms prove different values.
  bool decides() const { return !has_log && !(has_pi && has_e); }
};

struct FormOptions {
  bool log_is_natural = false;  // \log without a base: natural, else decimal
};

// Brings a scalar tree to normal form; false if it is outside of the form's reach, undefined, or over the limits (then
// budget.over() may stay false: a form that is too long is no reason to give up).
bool BuildForm(const Tree& tree, NodeId id, const FormOptions& options, Budget& budget, Form* out);

enum class FormVerdict { kEqual, kDifferent, kUnknown };
FormVerdict CompareForms(const Form& a, const Form& b, Budget& budget);

// "3*2^(1/2)*x - 1", with "/ (...)" when there is a denominator; for explanations.
std::string ToString(const Form& form, const Names& names);

}  // namespace drover::verifier
