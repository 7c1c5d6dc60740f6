#include "verifier/equality/identity.h"

#include <algorithm>
#include <string_view>

#include "verifier/equality/form_builder.h"

namespace drover::verifier {
namespace {

constexpr int kMaxCells = 64;

// One cell: both sides' forms under the signs of the path.
class Cell {
 public:
  Cell(const Operand& gold, const Operand& response, const IdentityOptions& options, Kernels* kernels)
      : options_(options), kernels_(*kernels) {
    kernels_.left_reals = false;
    kernels_.left_symbols.clear();
    built_ = Build(gold, &gold_);
    gold_needs_ = kernels_.left_symbols;
    gold_left_ = std::exchange(kernels_.left_reals, false);
    if (gold_left_ && !options.complex_values) return;
    built_ = built_ && Build(response, &response_);
    response_left_ = kernels_.left_reals;
  }

  // Symbols below a root or logarithm of the gold that is not real here.
  const std::vector<uint32_t>& gold_needs() const { return gold_needs_; }
  bool OnlyResponseLeft() const { return response_left_ && !gold_left_ && !options_.complex_values; }
  bool GoldLeft() const { return gold_left_ && !options_.complex_values; }
  bool Equal() const { return built_ && kernels_.AreEqual(gold_, response_); }

 private:
  bool Build(const Operand& side, Form* out) {
    const FormOptions form{.log_is_natural = options_.log_is_natural};
    return FormBuilder(*side.tree, form, kernels_.budget(), &kernels_).Build(side.id, out) &&
           kernels_.Canonical(out) && !out->bottom.empty();
  }

  const IdentityOptions& options_;
  Kernels& kernels_;
  Form gold_, response_;
  std::vector<uint32_t> gold_needs_;
  bool built_ = false, gold_left_ = false, response_left_ = false;
};

void Merge(const std::vector<std::pair<uint32_t, Rational>>& points,
           std::vector<std::pair<uint32_t, Rational>>* all) {
  constexpr size_t kMaxPoints = 64;
  for (const auto& point : points) {
    if (all->size() < kMaxPoints && std::find(all->begin(), all->end(), point) == all->end())
      all->push_back(point);
  }
}

}  // namespace

Identity ProveIdentity(const Operand& gold, const Operand& response, const IdentityOptions& options,
                       Budget& budget) {
  Identity out;
  Kernels kernels(options.domain, budget);
  bool all = true, whole = true;
  int visited = 0;
  std::vector<uint32_t> needed;  // symbols whose signs the gold needs
  // The negative symbols of cells that only the response leaves the reals in.
  std::vector<std::vector<uint32_t>> left_only;
  do {
    const Cell cell(gold, response, options, &kernels);
    // Whether a symbol is negative there decides what that means.
    for (const uint32_t symbol : cell.OnlyResponseLeft() ? FreeSymbols(response) : std::vector<uint32_t>())
      kernels.Sign(GeneratorTerms(GeneratorKey(Generator::kSymbol, symbol)));
    std::vector<std::pair<uint32_t, Rational>> points;
    const bool empty = kernels.IsEmptyCell(&points);
    Merge(points, &out.points);
    whole = whole && ++visited <= kMaxCells && !budget.over() && !kernels.too_many_kinks();
    if (empty) continue;
    ++out.cells;
    needed.insert(needed.end(), cell.gold_needs().begin(), cell.gold_needs().end());
    if (cell.GoldLeft()) continue;
    if (cell.OnlyResponseLeft()) {
      left_only.push_back(kernels.NegativeSymbols());
      continue;
    }
    ++out.counted;
    all = all && cell.Equal();
  } while (whole && kernels.Advance());
  for (const std::vector<uint32_t>& negative : left_only) {
    all = all && std::any_of(negative.begin(), negative.end(), [&needed](uint32_t symbol) {
            return std::find(needed.begin(), needed.end(), symbol) != needed.end();
          });
  }
  out.equal = all && whole && out.counted > 0;
  return out;
}

std::vector<uint32_t> IntegerSymbols(const Operand& gold) {
  std::vector<uint32_t> out;
  const auto add = [&out](const Operand& below, bool counting_letters) {
    Walk(below, [&](const Node& node) {
      if (node.kind != Kind::kSymbol || std::find(out.begin(), out.end(), node.value) != out.end()) return;
      constexpr std::string_view kCounting = "nkmNjl";
      const std::string& name = (*below.tree->names)[node.value];
      if (!counting_letters || (name.size() == 1 && kCounting.find(name[0]) != kCounting.npos))
        out.push_back(node.value);
    });
  };
  const auto negative = [](Operand base) {
    bool sign = false;
    while (base.node().kind == Kind::kNegate) sign = !sign, base = base.Kid(0);
    if (base.node().kind == Kind::kNumber)
      return sign != (base.tree->numbers[base.node().value].value.sign() < 0);
    return sign && FreeSymbols(base).empty();
  };
  Walk(gold, [&](const Node& node) {
    const auto kid = [&](uint32_t i) { return Operand{gold.tree, gold.tree->kids[node.first + i]}; };
    if (node.kind == Kind::kPower && negative(kid(0))) add(kid(1), false);
    if (node.kind != Kind::kFunction || node.count == 0) return;
    const auto function = static_cast<Function>(node.value);
    if (function == Function::kFactorial || function == Function::kDoubleFactorial) add(kid(0), false);
    if (function == Function::kBinomial && node.count == 2) add(kid(0), false), add(kid(1), false);
    if (function != Function::kSin && function != Function::kCos) return;
    bool pi = false;
    Walk(kid(0), [&pi](const Node& n) {
      pi = pi || (n.kind == Kind::kConstant && static_cast<Constant>(n.value) == Constant::kPi);
    });
    if (pi) add(kid(0), true);
  });
  return out;
}

}  // namespace drover::verifier
