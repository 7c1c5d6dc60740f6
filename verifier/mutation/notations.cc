// Pairs in notations of their own: congruences, bases, indices, products of powers, times, choices with their values,
// moduli, inequalities. Each maker knows both sides.
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

// --- inequalities ----------------------------------------------------------------------------------------------------

OwnPair SquareBelow(Rng& rng) {
  const int root = rng.Between(2, 15);
  const bool open = rng.Chance(50);
  const std::string r = N(root);
  return {open ? "(-" + r + ", " + r + ")" : "[-" + r + ", " + r + "]",
          std::string("x^2") + (open ? "<" : "\\le ") + N(root * root)};
}
OwnPair SquareBelowAnother(Rng& rng) {
  const int root = rng.Between(2, 15);
  const std::string r = N(root);
  constexpr std::array<const char*, 3> kSigns = {"\\le ", ">", "="};
  const std::string sign = rng.Of(kSigns);
  return {"(-" + r + ", " + r + ")", "x^2" + sign + N(root * root)};
}
OwnPair OutsideOfDistance(Rng& rng) {
  const int middle = rng.Between(-9, 9), reach = rng.Between(1, 12);
  const std::string distance = middle < 0    ? "|x+" + N(-middle) + "|"
                               : middle == 0 ? "|x|"
                                             : "|x-" + N(middle) + "|";
  return {"(-\\infty, " + N(middle - reach) + "] \\cup [" + N(middle + reach) + ", \\infty)",
          distance + "\\ge " + N(reach)};
}
OwnPair UnionsMixed(Rng& rng) {
  const int a = rng.Between(-20, 0), b = rng.Between(1, 10), c = b + rng.Between(1, 9);
  const std::string x = "x<" + N(a) + " \\text{ or } " + N(b) + "\\le x\\le " + N(c);
  return {x, "(x<" + N(a) + " \\text{ or } x\\ge " + N(b) + ") \\text{ and } x\\le " + N(c)};
}

// --- left sides ------------------------------------------------------------------------------------------------------

OwnPair LeftSide(Rng& rng) {
  constexpr std::array<const char*, 7> kLefts = {"\\sin A",     "P(A\\cap B)",   "f^{-1}(3)", "P(X=2)",
                                                 "\\angle ABC", "\\tan \\theta", "E(X)"};
  const std::string value = "\\frac{" + N(rng.Between(1, 9)) + "}{" + N(rng.Between(11, 99)) + "}";
  return {rng.Of(kLefts) + std::string("=") + value, value};
}
OwnPair LeftSideAnotherValue(Rng& rng) {
  constexpr std::array<const char*, 4> kLefts = {"\\sin A", "P(A\\cap B)", "f^{-1}(3)", "\\tan \\theta"};
  const int above = rng.Between(1, 9), below = rng.Between(11, 99);
  const auto value = [](int a, int b) { return "\\frac{" + N(a) + "}{" + N(b) + "}"; };
  return {rng.Of(kLefts) + std::string("=") + value(above, below), value(above, below + 1)};
}

// --- letters' case ---------------------------------------------------------------------------------------------------

struct Letters {
  std::string capital, small;
};
Letters AnyLetters(Rng& rng) {
  constexpr std::array<const char*, 8> kSmall = {"r", "a", "m", "b", "x", "y", "n", "k"};
  constexpr std::array<const char*, 8> kCapital = {"R", "A", "M", "B", "X", "Y", "N", "K"};
  const size_t i = rng.Below(kSmall.size());
  return {kCapital[i], kSmall[i]};
}
OwnPair CasesExchanged(Rng& rng) {
  const Letters l = AnyLetters(rng);
  const std::string n = N(rng.Between(2, 9));
  const std::array<OwnPair, 6> pairs = {{
      {l.capital + "-" + l.small, l.small + "-" + l.capital},
      {"(" + l.capital + "," + l.small + ")", "(" + l.small + "," + l.capital + ")"},
      {n + l.capital + "+" + l.small, n + l.small + "+" + l.capital},
      {l.small + ">" + l.capital, l.capital + ">" + l.small},
      {"\\frac{" + l.capital + "}{" + l.small + "}", "\\frac{" + l.small + "}{" + l.capital + "}"},
      {l.small + "gH", l.small + "gh"},
  }};
  return pairs[rng.Below(pairs.size())];
}
OwnPair CasesKept(Rng& rng) {
  const Letters l = AnyLetters(rng);
  const std::string n = N(rng.Between(2, 9));
  const std::array<OwnPair, 4> pairs = {{
      {l.capital + "-" + l.small, "-" + l.small + "+" + l.capital},
      {n + l.capital + "+" + l.small, l.small + "+" + n + l.capital},
      {l.small + ">" + l.capital, l.capital + "<" + l.small},
      {"\\frac{" + l.capital + "}{" + l.small + "}", l.capital + "/" + l.small},
  }};
  return pairs[rng.Below(pairs.size())];
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
      {"inequality", SquareBelowAnother},
      {"left side, another value", LeftSideAnotherValue},
      {"cases exchanged", CasesExchanged},
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
      {"square below", SquareBelow},
      {"outside of a distance", OutsideOfDistance},
      {"unions mixed", UnionsMixed},
      {"left side", LeftSide},
      {"cases kept", CasesKept},
  };
  return kMakers;
}

}  // namespace drover::verifier::mutation
