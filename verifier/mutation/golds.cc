#include "verifier/mutation/golds.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "verifier/mutation/read_gold.h"

namespace drover::verifier::mutation {
namespace {

constexpr std::array<const char*, 14> kLetters = {"x", "y", "t", "a", "b", "c", "R",
                                                  "r", "M", "m", "n", "k", "u", "\\omega"};

Expr AnyLetter(Rng& rng) { return Symbol(rng.Of(kLetters)); }
Expr AnyInteger(Rng& rng, int low, int high) { return Integer(rng.Between(low, high)); }

Expr AnyFraction(Rng& rng) {
  const int below = rng.Between(2, 40);
  int above = rng.Between(1, 90);
  if (above % below == 0) ++above;
  Expr out = Quotient(Integer(above), Integer(below));
  return rng.Chance(25) ? Negative(out) : out;
}

Expr AnySurd(Rng& rng) {
  constexpr std::array<int, 9> kRadicands = {2, 3, 5, 6, 7, 10, 11, 13, 19};
  Expr root = Root(Integer(rng.Of(kRadicands)));
  if (rng.Chance(60)) root = Product(AnyInteger(rng, 2, 12), root);
  if (rng.Chance(50)) root = Sum(AnyInteger(rng, 1, 30), rng.Chance(50) ? root : Negative(root));
  return rng.Chance(25) ? Quotient(root, AnyInteger(rng, 2, 9)) : root;
}

Expr AnyTerm(Rng& rng, const Expr& x, int degree) {
  const Expr power = degree == 0 ? Integer(1) : degree == 1 ? x : Power(x, Integer(degree));
  const int factor = rng.Between(1, 12);
  return degree == 0 ? Integer(factor) : factor == 1 ? power : Product(Integer(factor), power);
}

Expr AnyPolynomial(Rng& rng) {
  const Expr x = AnyLetter(rng);
  std::vector<Expr> terms;
  for (int degree = rng.Between(1, 4); degree >= 0; --degree) {
    if (!terms.empty() && rng.Chance(25)) continue;
    Expr term = AnyTerm(rng, x, degree);
    terms.push_back(!terms.empty() && rng.Chance(40) ? Negative(term) : term);
  }
  return terms.size() == 1 ? terms[0] : Make(Op::kSum, std::move(terms));
}

// Linear in several letters, so that exchanging two of them shows.
Expr AnyLinear(Rng& rng) {
  const Expr a = AnyLetter(rng);
  Expr b = AnyLetter(rng);
  if (b->text == a->text) b = Symbol(a->text == "x" ? "X" : "x");
  const Expr first = rng.Chance(50) ? a : Product(AnyInteger(rng, 2, 9), a);
  const Expr sum = rng.Chance(60) ? Difference(first, b) : Sum(first, b);
  return rng.Chance(30) ? Difference(sum, AnyInteger(rng, 3, 60)) : sum;
}

// Of letters that nobody takes for integers: \cos(n\pi) may mean (-1)^n.
Expr AnyTrigonometric(Rng& rng) {
  constexpr std::array<const char*, 6> kReals = {"x", "y", "t", "a", "u", "\\theta"};
  const Expr t = Symbol(rng.Of(kReals));
  const std::string name = rng.Chance(50) ? "\\sin" : "\\cos";
  Expr argument = rng.Chance(50) ? Product(Pi(), t) : Product(AnyInteger(rng, 2, 5), t);
  if (rng.Chance(40)) argument = Sum(argument, Quotient(Pi(), AnyInteger(rng, 3, 6)));
  const Expr wave = Function(name, argument);
  return rng.Chance(60) ? Product(AnyInteger(rng, 2, 9), wave) : wave;
}

Expr AnyExponential(Rng& rng) {
  const Expr t = AnyLetter(rng);
  const Expr power = Power(Make(Op::kConstant, "e"), Negative(Product(AnyInteger(rng, 2, 6), t)));
  return rng.Chance(50) ? Quotient(power, AnyInteger(rng, 2, 15)) : Sum(AnyLetter(rng), power);
}

// I(0) e^{-t/RC}: a function's value as a factor.
Expr AnyApplication(Rng& rng) {
  constexpr std::array<const char*, 6> kNames = {"y", "I", "A", "V", "N", "q"};
  const Expr start = Make(Op::kApplication, rng.Of(kNames), {AnyInteger(rng, 0, 2)});
  if (rng.Chance(25)) return start;
  return Product(start, Power(Make(Op::kConstant, "e"), Negative(Quotient(Symbol("t"), Symbol("\\tau")))));
}

Expr AnyKinked(Rng& rng) {
  const Expr x = AnyLetter(rng);
  const Expr inner = Difference(x, AnyInteger(rng, 2, 40));
  return rng.Chance(50) ? Absolute(inner)
                        : Make(rng.Chance(50) ? Op::kMaximum : Op::kMinimum, {x, AnyInteger(rng, 3, 60)});
}

Expr AnyCount(Rng& rng) {
  const Expr n = Symbol("n");
  switch (rng.Below(4)) {
    case 0:
      return Make(Op::kBinomial, {Product(Integer(2), n), n});
    case 1:
      return Make(Op::kFloor, {Quotient(Sum(Product(Integer(2), n), Integer(1)), AnyInteger(rng, 3, 9))});
    case 2:
      return Difference(Power(Integer(2), n), AnyInteger(rng, 1, 9));
    default:
      return Quotient(Product(n, Sum(n, Integer(1))), Integer(2));
  }
}

Expr AnyComplex(Rng& rng) {
  const Expr imaginary = Product(AnyInteger(rng, 2, 20), Make(Op::kConstant, "i"));
  return Sum(AnyInteger(rng, 1, 20), rng.Chance(50) ? imaginary : Negative(imaginary));
}

Expr AnyRationalFunction(Rng& rng) {
  const Expr x = AnyLetter(rng);
  return Quotient(rng.Chance(50) ? AnyInteger(rng, 1, 9) : AnyPolynomial(rng),
                  Sum(x, AnyInteger(rng, 1, 20)));
}

Expr AnyLogarithm(Rng& rng) {
  if (rng.Chance(50)) return Function("\\ln", AnyInteger(rng, 2, 60));
  return Make(Op::kFunction, "\\log", {AnyInteger(rng, 11, 60), AnyInteger(rng, 2, 10)});
}

Expr AnyConstant(Rng& rng) {
  switch (rng.Below(7)) {
    case 0:
      return AnyInteger(rng, -9, 400);
    case 5:
      return AnyInteger(rng, 401, 99'999);
    case 6:
      return AnyLogarithm(rng);
    case 1:
      return AnyFraction(rng);
    case 2:
      return AnySurd(rng);
    case 3:
      return Product(AnyInteger(rng, 2, 30), Pi());
    default:
      return Number(std::to_string(rng.Between(1, 300)) + "." + std::to_string(rng.Between(1, 9)));
  }
}

Expr AnyScalar(Rng& rng) {
  static constexpr std::array<Expr (*)(Rng&), 11> kMakers = {
      AnyConstant,    AnyConstant, AnyPolynomial, AnyLinear,  AnyTrigonometric,   AnyExponential,
      AnyApplication, AnyKinked,   AnyCount,      AnyComplex, AnyRationalFunction};
  return rng.Of(kMakers)(rng);
}

Answer AnyItems(Rng& rng, Shape shape) {
  Answer out;
  out.shape = shape;
  const bool integers = rng.Chance(60);
  for (int count = rng.Between(2, 4); count > 0; --count) {
    out.items.push_back(Scalar(integers ? AnyInteger(rng, -9, 60) : AnyConstant(rng)));
  }
  return out;
}

Answer AnyInterval(Rng& rng) {
  Answer out;
  out.shape = Shape::kInterval;
  const int low = rng.Between(-20, 20);
  out.items = {Scalar(Integer(low)), Scalar(Integer(low + rng.Between(1, 30)))};
  out.before = rng.Chance(50) ? "[" : "(";
  out.after = out.before == "(" || rng.Chance(50) ? "]" : ")";
  if (rng.Chance(25)) out.items[1] = Answer(), out.after = ")";
  return out;
}

Answer AnyNamed(Rng& rng) {
  Answer out;
  out.shape = Shape::kNamed;
  if (rng.Chance(50)) {
    out.name = rng.Chance(50) ? "x" : "k";
    out.items = {Scalar(AnyConstant(rng))};
    return out;
  }
  out.name = "f(x)";
  const Expr body = AnyPolynomial(rng);
  out.items = {Scalar(Substitute(body, Symbols(body).empty() ? "x" : Symbols(body)[0], Symbol("x")))};
  return out;
}

Answer AnyQuantity(Rng& rng) {
  constexpr std::array<const char*, 8> kAfter = {"^\\circ",        "\\%",          "\\text{ cm}",
                                                 "\\text{ km}",    "\\text{ kg}",  "\\text{ s}",
                                                 "\\text{ hours}", "\\text{ cm}^2"};
  Answer out = Scalar(AnyInteger(rng, 2, 179));
  out.shape = Shape::kQuantity;
  if (rng.Chance(15)) {
    out.before = "\\$";
  } else {
    out.after = rng.Of(kAfter);
  }
  return out;
}

Answer AnyAnswer(Rng& rng) {
  switch (rng.Below(12)) {
    case 0:
      return AnyItems(rng, Shape::kTuple);
    case 1:
      return AnyItems(rng, Shape::kList);
    case 2:
      return AnyItems(rng, Shape::kSet);
    case 3:
      return AnyInterval(rng);
    case 4:
      return AnyNamed(rng);
    case 5:
      return AnyQuantity(rng);
    default:
      return Scalar(AnyScalar(rng));
  }
}

// Two values in one text, which the model of answers has no shape for.
Gold BothSigns(Rng& rng) {
  constexpr std::array<int, 5> kRadicands = {2, 3, 5, 7, 11};
  const std::string root = "\\sqrt{" + std::to_string(rng.Of(kRadicands)) + "}";
  return {std::to_string(rng.Between(1, 30)) + " \\pm " + std::to_string(rng.Between(2, 9)) + root,
          std::nullopt};
}

void Collect(const nlohmann::json& answer, std::vector<std::string>* texts) {
  if (answer.is_string()) texts->push_back(answer.get<std::string>());
  if (answer.is_number()) texts->push_back(answer.dump());
  if (answer.is_array()) {
    for (const auto& one : answer) Collect(one, texts);
  }
}

}  // namespace

std::vector<std::string> ReadGoldTexts(const std::string& directory) {
  std::vector<std::string> files, texts;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(directory, missing)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (json.is_object() && json.contains("answer")) Collect(json["answer"], &texts);
    }
  }
  return texts;
}

std::vector<Gold> ReadGolds(const std::string& directory) {
  std::vector<Gold> golds;
  for (std::string& text : ReadGoldTexts(directory)) {
    std::optional<Answer> answer = ReadGold(text);
    golds.push_back({std::move(text), std::move(answer)});
  }
  return golds;
}

Gold GenerateGold(Rng& rng) {
  if (rng.Chance(3)) return BothSigns(rng);
  Answer answer = AnyAnswer(rng);
  std::string text = Write(answer, AnySpelling(rng));
  // Benchmarks write whole numbers as floats (44.0), and lists without spaces.
  int value = 0;
  if (answer.shape == Shape::kScalar && IsInteger(answer.value, &value) && rng.Chance(20)) text += ".0";
  if (answer.shape == Shape::kList && rng.Chance(50)) std::erase(text, ' ');
  return {std::move(text), std::move(answer)};
}

}  // namespace drover::verifier::mutation
