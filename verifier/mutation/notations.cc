// Pairs in notations of their own: congruences, bases, indices, products of powers, times, choices with their values.
// Each maker knows both sides.
#include <array>
#include <string>

#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

std::string N(int value) { return std::to_string(value); }

// --- congruences -----------------------------------------------------------------------------------------------------

std::string Congruence(Rng& rng, int residue, int modulus) {
  constexpr std::array<const char*, 7> kSpellings = {
      " \\pmod{#}", " (\\text{mod } #)", " \\ (\\text{mod } #)", " (mod #)", " \\mod{#}",
      " \\bmod #",  " \\pmod #"};
  std::string spelling = rng.Of(kSpellings);
  // A bare \pmod takes one character.
  if (modulus > 9 && spelling == " \\pmod #") spelling = " \\pmod{#}";
  spelling.replace(spelling.find('#'), 1, N(modulus));
  return std::string("x ") + (rng.Chance(80) ? "\\equiv " : "\u2261 ") + N(residue) + spelling;
}

OwnPair SameCongruence(Rng& rng) {
  const int modulus = rng.Between(3, 400), residue = rng.Between(0, modulus - 1);
  return {"x \\equiv " + N(residue) + " \\pmod{" + N(modulus) + "}", Congruence(rng, residue, modulus)};
}
OwnPair OtherCongruence(Rng& rng) {
  const int modulus = rng.Between(3, 400), residue = rng.Between(0, modulus - 1);
  const bool other_modulus = rng.Chance(50);
  const int wrong = (residue + rng.Between(1, modulus - 1)) % modulus;
  return {"x \\equiv " + N(residue) + " \\pmod{" + N(modulus) + "}",
          Congruence(rng, other_modulus ? residue : wrong,
                     other_modulus ? modulus + rng.Between(1, 9) : modulus)};
}

// --- indices ---------------------------------------------------------------------------------------------------------

struct Indexed {
  char name;
  int index, power;
};
Indexed AnyIndexed(Rng& rng) {
  constexpr std::array<char, 8> kNames = {'x', 'a', 'g', 'v', 'R', 'T', 'b', 'y'};
  return {rng.Of(kNames), rng.Between(1, 9), rng.Between(2, 5)};
}
std::string IndexFirst(const Indexed& s) {
  return std::string(1, s.name) + "_{" + N(s.index) + "}^{" + N(s.power) + "}";
}

OwnPair IndexAfterPower(Rng& rng) {
  const Indexed s = AnyIndexed(rng);
  const std::string name(1, s.name);
  switch (rng.Below(3)) {
    case 0:
      return {IndexFirst(s), name + "^" + N(s.power) + "_" + N(s.index)};
    case 1:
      return {IndexFirst(s), "{" + name + "}_{" + N(s.index) + "}^{" + N(s.power) + "}"};
    default:
      return {IndexFirst(s), "(" + name + "_" + N(s.index) + ")^" + N(s.power)};
  }
}
OwnPair IndexForPower(Rng& rng) {
  Indexed s = AnyIndexed(rng);
  if (s.index == s.power) ++s.index;
  return {IndexFirst(s), IndexFirst({s.name, s.power, s.index})};
}

// --- products of powers ----------------------------------------------------------------------------------------------

struct Powers {
  std::array<int, 3> exponents;
};
Powers AnyPowers(Rng& rng) { return {{rng.Between(2, 9), rng.Between(2, 7), rng.Between(2, 5)}}; }
std::string Powered(const Powers& p, const char* between) {
  return "2^{" + N(p.exponents[0]) + "}" + between + "3^{" + N(p.exponents[1]) + "}" + between + "5^{" +
         N(p.exponents[2]) + "}";
}
OwnPair PowersSideBySide(Rng& rng) {
  const Powers p = AnyPowers(rng);
  return {Powered(p, " \\cdot "), Powered(p, rng.Chance(50) ? " " : rng.Chance(50) ? "\\," : "")};
}
OwnPair OtherPowers(Rng& rng) {
  const Powers p = AnyPowers(rng);
  Powers other = p;
  other.exponents[rng.Below(3)] += rng.Between(1, 3);
  return {Powered(p, " \\cdot "), Powered(other, rng.Chance(50) ? " " : " \\cdot ")};
}

// --- bases -----------------------------------------------------------------------------------------------------------

std::string InBase(int value, int base) {
  std::string digits;
  for (; value > 0; value /= base) digits.insert(digits.begin(), static_cast<char>('0' + value % base));
  return digits;
}
OwnPair SameInBase(Rng& rng) {
  const int base = rng.Between(2, 9), value = rng.Between(base, 3000);
  const std::string digits = InBase(value, base);
  const std::string gold = digits + "_{" + N(base) + "}";
  return {gold, rng.Chance(50) ? "(" + digits + ")_" + N(base) : digits + "_" + N(base)};
}
OwnPair OtherBase(Rng& rng) {
  const int base = rng.Between(2, 8), value = rng.Between(base, 3000);
  const std::string digits = InBase(value, base);
  return {digits + "_{" + N(base) + "}", digits + "_{" + N(base + 1) + "}"};
}

// --- times -----------------------------------------------------------------------------------------------------------

std::string TwoDigits(int value) { return (value < 10 ? "0" : "") + N(value); }
OwnPair TimeWithSeconds(Rng& rng) {
  const std::string time = N(rng.Between(10, 23)) + ":" + TwoDigits(rng.Between(0, 59));
  return {time, time + ":00"};
}
OwnPair OtherTime(Rng& rng) {
  const int hour = rng.Between(10, 23), minute = rng.Between(1, 59);
  return {N(hour) + ":" + TwoDigits(minute),
          N(hour) + ":" + TwoDigits(minute) + ":" + TwoDigits(rng.Between(1, 59))};
}

// --- choices with their values ---------------------------------------------------------------------------------------

OwnPair ChoiceWithItsValue(Rng& rng) {
  const std::string letter(1, static_cast<char>('A' + rng.Below(5))), value = N(rng.Between(1, 500));
  const std::string gold = "\\textbf{(" + letter + ")}\\ " + value;
  switch (rng.Below(3)) {
    case 0:
      return {gold, value};
    case 1:
      return {gold, "\\text{(" + letter + ")}"};
    default:
      return {gold, "(" + letter + ") " + value};
  }
}
OwnPair ChoiceWithAnotherValue(Rng& rng) {
  const std::string letter(1, static_cast<char>('A' + rng.Below(5)));
  const int value = rng.Between(1, 500), wrong = value + rng.Between(1, 50);
  const std::string gold = "\\textbf{(" + letter + ")}\\ " + N(value);
  const std::string other(1, letter[0] == 'A' ? 'B' : 'A');
  switch (rng.Below(4)) {
    case 0:
      return {gold, "(" + letter + ") " + N(wrong)};
    case 1:
      return {gold, "(" + other + ") " + N(value)};
    case 2:
      return {gold, "(" + other + ")"};
    default:
      return {gold, N(wrong)};
  }
}

// --- ratios ----------------------------------------------------------------------------------------------------------

std::string Ratio(int a, int b, Rng& rng) {
  constexpr std::array<const char*, 3> kBetween = {":", " : ", "\\colon "};
  return N(a) + rng.Of(kBetween) + N(b);
}
OwnPair SameRatio(Rng& rng) {
  const int a = rng.Between(2, 30), b = rng.Between(61, 99), k = rng.Between(2, 5);
  return {N(a) + ":" + N(b), Ratio(k * a, k * b, rng)};
}
OwnPair OtherRatio(Rng& rng) {
  const int a = rng.Between(2, 30), b = rng.Between(61, 99);
  return {N(a) + ":" + N(b), rng.Chance(50) ? Ratio(b, a, rng) : Ratio(a, b + 1, rng)};
}

// --- counts ----------------------------------------------------------------------------------------------------------

int64_t Choose(int n, int k) {
  int64_t value = 1;
  for (int i = 1; i <= k; ++i) value = value * (n - k + i) / i;
  return value;
}
std::string CountText(int n, int k, Rng& rng) {
  switch (rng.Below(4)) {
    case 0:
      return "\\binom{" + N(n) + "}{" + N(k) + "}";
    case 1:
      return "C_{" + N(n) + "}^{" + N(k) + "}";
    case 2:
      return "C^{" + N(k) + "}_{" + N(n) + "}";
    default:
      return "{}_{" + N(n) + "}C_{" + N(k) + "}";
  }
}
OwnPair SameCount(Rng& rng) {
  const int n = rng.Between(5, 20), k = rng.Between(2, n - 2);
  return {std::to_string(Choose(n, k)), CountText(n, k, rng)};
}
OwnPair OtherCount(Rng& rng) {
  const int n = rng.Between(5, 20), k = rng.Between(2, n - 2);
  return {std::to_string(Choose(n, k)), CountText(n + 1, k, rng)};
}

// --- matrices --------------------------------------------------------------------------------------------------------

struct Entries {
  int a, b, c, d;
};
Entries AnyEntries(Rng& rng) {
  const int b = rng.Between(-9, 20);
  return {rng.Between(-9, 20), b, b + rng.Between(1, 9), rng.Between(-9, 20)};  // not symmetric
}
std::string Matrix(const Entries& m, const char* kind) {
  const std::string k = kind;
  return "\\begin{" + k + "} " + N(m.a) + " & " + N(m.b) + " \\\\ " + N(m.c) + " & " + N(m.d) + " \\end{" +
         k + "}";
}
OwnPair SameMatrix(Rng& rng) {
  const Entries m = AnyEntries(rng);
  return {Matrix(m, "pmatrix"), Matrix(m, rng.Chance(50) ? "bmatrix" : "pmatrix")};
}
OwnPair OtherMatrix(Rng& rng) {
  const Entries m = AnyEntries(rng);
  Entries other = rng.Chance(50) ? Entries{m.a, m.c, m.b, m.d} : Entries{m.a, m.b, m.c, m.d + 1};
  return {Matrix(m, "pmatrix"), Matrix(other, "pmatrix")};
}

// --- repeating decimals ----------------------------------------------------------------------------------------------

// above/99 in lowest terms is not needed: its period is two digits, the number itself.
struct Ninetyninths {
  int above;
  std::string digits;
};
Ninetyninths AnyNinetyninths(Rng& rng) {
  const int above = rng.Between(1, 98);
  return {above, TwoDigits(above)};
}
OwnPair RepeatingDecimal(Rng& rng) {
  const Ninetyninths n = AnyNinetyninths(rng);
  return {"\\frac{" + N(n.above) + "}{99}", "0.\\overline{" + n.digits + "}"};
}
OwnPair OtherRepeatingDecimal(Rng& rng) {
  const Ninetyninths n = AnyNinetyninths(rng);
  const std::string gold = "\\frac{" + N(n.above) + "}{99}";
  if (rng.Chance(50)) return {gold, "0." + n.digits + "\\overline{" + TwoDigits(n.above + 1) + "}"};
  return {gold, "0.\\overline{" + TwoDigits(n.above == 98 ? 1 : n.above + 1) + "}"};
}
// A decimal with few digits is no fraction whose expansion goes on.
OwnPair DecimalCutShort(Rng& rng) {
  const Ninetyninths n = AnyNinetyninths(rng);
  std::string decimal = "0.";
  for (int count = rng.Between(1, 5); count > 0; --count) decimal += n.digits;
  return {"\\frac{" + N(n.above) + "}{99}", decimal};
}

}  // namespace

std::span<const Maker> WrongNotations() {
  static constexpr Maker kMakers[] = {
      {"congruence", OtherCongruence},
      {"index for power", IndexForPower},
      {"product of powers", OtherPowers},
      {"base", OtherBase},
      {"time", OtherTime},
      {"choice with another value", ChoiceWithAnotherValue},
      {"ratio", OtherRatio},
      {"count", OtherCount},
      {"matrix", OtherMatrix},
      {"repeating decimal", OtherRepeatingDecimal},
      {"decimal cut short", DecimalCutShort},
  };
  return kMakers;
}

std::span<const Maker> EqualNotations() {
  static constexpr Maker kMakers[] = {
      {"congruence", SameCongruence},
      {"index after power", IndexAfterPower},
      {"powers side by side", PowersSideBySide},
      {"base", SameInBase},
      {"time with seconds", TimeWithSeconds},
      {"choice with its value", ChoiceWithItsValue},
      {"ratio", SameRatio},
      {"count", SameCount},
      {"matrix", SameMatrix},
      {"repeating decimal", RepeatingDecimal},
  };
  return kMakers;
}

}  // namespace drover::verifier::mutation
