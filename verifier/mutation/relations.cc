// Pairs of relations: inequalities and the sets that they mean, equations of curves, left sides, and letters in relations.
#include <array>
#include <string>

#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

std::string N(int value) { return std::to_string(value); }

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

// --- curves ----------------------------------------------------------------------------------------------------------

std::string Signed(int value) { return (value < 0 ? "-" : "+") + N(value < 0 ? -value : value); }

struct Line {
  int slope, height;  // y = slope x + height
};
Line AnyLine(Rng& rng) { return {rng.Between(2, 9), rng.Between(1, 20) * (rng.Chance(50) ? 1 : -1)}; }
std::string Solved(const Line& line) { return "y=" + N(line.slope) + "x" + Signed(line.height); }
std::string Unsolved(const Line& line, int k) {
  return N(k * line.slope) + "x" + (k == 1 ? "-y" : "-" + N(k) + "y") + Signed(k * line.height) + "=0";
}
OwnPair SameLine(Rng& rng) {
  const Line line = AnyLine(rng);
  return {Solved(line), Unsolved(line, rng.Between(1, 5))};
}
OwnPair OtherLine(Rng& rng) {
  const Line line = AnyLine(rng);
  const Line other = rng.Chance(50) ? Line{line.slope, -line.height} : Line{line.slope + 1, line.height};
  return {Solved(line), rng.Chance(50) ? Solved(other) : Unsolved(other, rng.Between(1, 5))};
}
OwnPair SameEllipse(Rng& rng) {
  const int a = rng.Between(2, 12), b = rng.Between(13, 20);
  return {"\\frac{x^2}{" + N(a) + "}+\\frac{y^2}{" + N(b) + "}=1", N(b) + "x^2+" + N(a) + "y^2=" + N(a * b)};
}
OwnPair OtherEllipse(Rng& rng) {
  const int a = rng.Between(2, 12), b = rng.Between(13, 20);
  const int x = rng.Chance(50) ? a : b;
  return {"\\frac{x^2}{" + N(a) + "}+\\frac{y^2}{" + N(b) + "}=1",
          x == a ? N(a) + "x^2+" + N(b) + "y^2=" + N(a * b) : N(b) + "x^2-" + N(a) + "y^2=" + N(a * b)};
}

// --- one inequality --------------------------------------------------------------------------------------------------

OwnPair InequalityTurned(Rng& rng) {
  constexpr std::array<const char*, 4> kSigns = {"<", ">", "\\le ", "\\ge "};
  const size_t i = rng.Below(kSigns.size()),
               other = (i + static_cast<size_t>(rng.Between(1, 3))) % kSigns.size();
  const std::string end = N(rng.Between(-20, 40));
  return {std::string("x") + kSigns[i] + end, std::string("x") + kSigns[other] + end};
}
OwnPair InequalityReversed(Rng& rng) {
  const std::string end = N(rng.Between(-20, 40));
  return rng.Chance(50) ? OwnPair{"x<" + end, end + ">x"} : OwnPair{"x \\ge " + end, end + "\\leq x"};
}

}  // namespace

std::span<const Maker> WrongRelations() {
  static constexpr Maker kMakers[] = {
      {"square below another", SquareBelowAnother},
      {"inequality turned", InequalityTurned},
      {"left side, another value", LeftSideAnotherValue},
      {"cases exchanged", CasesExchanged},
      {"another line", OtherLine},
      {"another ellipse", OtherEllipse},
  };
  return kMakers;
}

std::span<const Maker> EqualRelations() {
  static constexpr Maker kMakers[] = {
      {"square below", SquareBelow},
      {"outside of a distance", OutsideOfDistance},
      {"unions mixed", UnionsMixed},
      {"inequality reversed", InequalityReversed},
      {"left side", LeftSide},
      {"cases kept", CasesKept},
      {"line", SameLine},
      {"ellipse", SameEllipse},
  };
  return kMakers;
}

}  // namespace drover::verifier::mutation
