#include "verifier/equality/prepare.h"

#include <algorithm>
#include <cstdlib>

#include "verifier/equality/rational.h"

namespace drover::verifier {
namespace {

constexpr uint32_t kMaxMatrixPower = 16;
constexpr size_t kMaxDeterminant = 6;
constexpr uint32_t kMaxInverse = 4;

class Preparer {
 public:
  Preparer(Tree* tree, Budget& budget) : tree_(*tree), budget_(budget) {}

  // Returns the replacement of `id`.
  NodeId Structure(NodeId id) {
    const Node node = tree_[id];
    if (!budget_.Spend(1)) return id;
    switch (node.kind) {
      case Kind::kList:
      case Kind::kSet:
        return Elements(id);
      case Kind::kTuple:
      case Kind::kMatrix:
      case Kind::kUnion:
      case Kind::kIntersection:
      case Kind::kSetMinus:
        if (node.kind == Kind::kTuple && HasSign(id)) return BothSigns(id);
        return Rebuild(id, [this](NodeId kid) { return Structure(kid); });
      default:
        if (HasSign(id)) return BothSigns(id);
        if (HasMatrix(id)) return Matrix(id);
        return any_mark_ ? Raised(id) : id;
    }
  }

 private:
  static bool IsMark(Kind kind) {
    return kind == Kind::kDegree || kind == Kind::kPercent || kind == Kind::kQuantity;
  }

  // Degrees, percent signs and units of a whole sum or product belong to the whole: "-30^\circ" is (-30) degrees,
  // "2\cdot 5%" (2*5)%. A product may have one such factor; a sum has them all alike.
  NodeId Raised(NodeId id) {
    const Node node = tree_[id];
    const bool linear = node.kind == Kind::kNegate || node.kind == Kind::kSum || node.kind == Kind::kProduct;
    if (!linear || !budget_.Spend(1)) return id;
    const NodeId mapped = Rebuild(id, [this](NodeId kid) { return Raised(kid); });
    NodeId mark = kNoNode;
    uint32_t marked = 0;
    for (uint32_t i = 0; i < tree_[mapped].count; ++i) {
      const NodeId kid = tree_.Kid(mapped, i);
      if (!IsMark(tree_[kid].kind)) continue;
      if (mark != kNoNode && !SameMark(mark, kid)) return mapped;
      mark = kid;
      ++marked;
    }
    const uint32_t wanted = node.kind == Kind::kProduct ? 1 : node.count;
    if (mark == kNoNode || marked != wanted) return mapped;
    const Node outer = tree_[mark];
    const NodeId inner =
        Rebuild(mapped, [this](NodeId kid) { return IsMark(tree_[kid].kind) ? tree_.Kid(kid, 0) : kid; });
    return tree_.Add(outer.kind, {inner}, outer.value, outer.flag);
  }
  bool SameMark(NodeId a, NodeId b) const {
    if (tree_[a].kind != tree_[b].kind) return false;
    return tree_[a].kind != Kind::kQuantity || tree_.texts[tree_[a].value] == tree_.texts[tree_[b].value];
  }

  template <class Map>
  NodeId Rebuild(NodeId id, Map map) {
    const Node node = tree_[id];
    NodeIds kids(node.count);
    bool changed = false;
    for (uint32_t i = 0; i < node.count; ++i) {
      const NodeId kid = tree_.Kid(id, i);
      kids[i] = map(kid);
      changed = changed || kids[i] != kid;
    }
    return changed ? tree_.Add(node.kind, kids, node.value, node.flag) : id;
  }

  bool Contains(NodeId id, Kind kind) {
    std::vector<NodeId> stack = {id};
    while (!stack.empty()) {
      const NodeId at = stack.back();
      stack.pop_back();
      if (tree_[at].kind == kind) return true;
      if (!budget_.Spend(1)) return false;
      for (uint32_t i = 0; i < tree_[at].count; ++i) stack.push_back(tree_.Kid(at, i));
    }
    return false;
  }
  bool HasSign(NodeId id) { return any_sign_ && Contains(id, Kind::kPlusMinus); }
  bool HasMatrix(NodeId id) {
    return any_matrix_ && tree_[id].kind != Kind::kMatrix && Contains(id, Kind::kMatrix);
  }

  // Elements of a list or set; lists among them are opened unless semicolons made them rows.
  NodeId Elements(NodeId id) {
    const Node node = tree_[id];
    NodeIds kids;
    bool changed = false;
    for (uint32_t i = 0; i < node.count; ++i) {
      const NodeId kid = tree_.Kid(id, i);
      const NodeId mapped = Structure(kid);
      // A bracketed condition ("(x<0 or x>1) and x<3") stays one.
      const bool condition = mapped == kid && (tree_[mapped].flag & (kOrList | kAndList)) != 0 &&
                             tree_[tree_.Kid(mapped, 0)].kind == Kind::kRelation;
      const bool open = tree_[mapped].kind == Kind::kList && !condition &&
                        (mapped != kid || (node.flag & kSemicolonList) == 0);
      changed = changed || mapped != kid || open;
      if (!open) {
        kids.push_back(mapped);
        continue;
      }
      for (uint32_t j = 0; j < tree_[mapped].count; ++j) kids.push_back(tree_.Kid(mapped, j));
    }
    if (static_cast<int64_t>(kids.size()) > budget_.limits().elements) return budget_.Exceed(), id;
    return changed ? tree_.Add(node.kind, kids, node.value, node.flag) : id;
  }

  // "1 \pm 2" is the list of both; all signs of one element go together.
  NodeId BothSigns(NodeId id) {
    const NodeId plus = WithSign(id, false), minus = WithSign(id, true);
    return tree_.Add(Kind::kList,
                     {HasMatrix(plus) ? Matrix(plus) : plus, HasMatrix(minus) ? Matrix(minus) : minus});
  }
  NodeId WithSign(NodeId id, bool lower) {
    const Node node = tree_[id];
    if (!budget_.Spend(1)) return id;
    if (node.kind == Kind::kPlusMinus) {
      const NodeId inner = WithSign(tree_.Kid(id, 0), lower);
      return lower != (node.flag == 1) ? tree_.Add(Kind::kNegate, {inner}) : inner;
    }
    return Rebuild(id, [this, lower](NodeId kid) { return WithSign(kid, lower); });
  }

  // Arithmetic whose operands are matrices; what does not fit together stays as it is.
  NodeId Matrix(NodeId id) {
    const Node node = tree_[id];
    if (!budget_.Spend(1) || node.kind == Kind::kMatrix || node.count == 0) return id;
    const NodeId mapped = Rebuild(id, [this](NodeId kid) { return HasMatrix(kid) ? Matrix(kid) : kid; });
    NodeId out = kNoNode;
    switch (node.kind) {
      case Kind::kSum:
        out = Fold(mapped, &Preparer::AddMatrices);
        break;
      case Kind::kProduct:
        out = Fold(mapped, &Preparer::Multiply);
        break;
      case Kind::kNegate:
        out = Scale(tree_.AddInteger(-1), tree_.Kid(mapped, 0));
        break;
      case Kind::kPower:
        out = Power(mapped);
        break;
      case Kind::kFunction:
        if (static_cast<Function>(node.value) == Function::kTranspose) out = Transpose(tree_.Kid(mapped, 0));
        if (static_cast<Function>(node.value) == Function::kDet) out = Determinant(tree_.Kid(mapped, 0));
        break;
      default:
        break;
    }
    return out == kNoNode ? mapped : out;
  }

  bool IsMatrix(NodeId id) const { return tree_[id].kind == Kind::kMatrix; }
  uint32_t Columns(NodeId id) const { return tree_[id].value; }
  uint32_t Rows(NodeId id) const { return tree_[id].count / tree_[id].value; }

  NodeId Fold(NodeId id, NodeId (Preparer::*combine)(NodeId, NodeId)) {
    NodeId total = tree_.Kid(id, 0);
    for (uint32_t i = 1; i < tree_[id].count && total != kNoNode; ++i)
      total = (this->*combine)(total, tree_.Kid(id, i));
    return total;
  }

  NodeId AddMatrices(NodeId a, NodeId b) {
    if (!IsMatrix(a) || !IsMatrix(b) || Columns(a) != Columns(b) || Rows(a) != Rows(b)) return kNoNode;
    NodeIds cells;
    for (uint32_t i = 0; i < tree_[a].count; ++i) {
      cells.push_back(tree_.Add(Kind::kSum, {tree_.Kid(a, i), tree_.Kid(b, i)}));
    }
    return tree_.Add(Kind::kMatrix, cells, Columns(a));
  }

  NodeId Scale(NodeId factor, NodeId matrix) {
    if (!IsMatrix(matrix)) return kNoNode;
    NodeIds cells;
    for (uint32_t i = 0; i < tree_[matrix].count; ++i) {
      cells.push_back(tree_.Add(Kind::kProduct, {factor, tree_.Kid(matrix, i)}));
    }
    return tree_.Add(Kind::kMatrix, cells, Columns(matrix));
  }

  NodeId Multiply(NodeId a, NodeId b) {
    if (!IsMatrix(a) && !IsMatrix(b)) return tree_.Add(Kind::kProduct, {a, b});
    if (!IsMatrix(a)) return Scale(a, b);
    if (!IsMatrix(b)) return Scale(b, a);
    if (Columns(a) != Rows(b)) return kNoNode;
    const uint32_t inner = Columns(a), columns = Columns(b), rows = Rows(a);
    if (!budget_.Spend(int64_t{4} * inner * columns * rows)) return kNoNode;
    NodeIds cells;
    for (uint32_t i = 0; i < rows; ++i) {
      for (uint32_t j = 0; j < columns; ++j) {
        NodeIds terms;
        for (uint32_t k = 0; k < inner; ++k) {
          const NodeId left = tree_.Kid(a, i * inner + k), right = tree_.Kid(b, k * columns + j);
          terms.push_back(tree_.Add(Kind::kProduct, {left, right}));
        }
        cells.push_back(Folded(tree_.Add(Kind::kSum, terms)));
      }
    }
    return tree_.Add(Kind::kMatrix, cells, columns);
  }

  // A rational cell as a number, so that powers of matrices do not build towers of trees.
  NodeId Folded(NodeId id) {
    const auto value = RationalValue(tree_, id, budget_);
    return value ? tree_.AddNumber({.value = *value}) : id;
  }

  NodeId Power(NodeId id) {
    const NodeId base = tree_.Kid(id, 0);
    const auto exponent = RationalValue(tree_, tree_.Kid(id, 1), budget_);
    int64_t n = 0;
    if (!IsMatrix(base) || !exponent || !exponent->ToInt(&n)) return kNoNode;
    if (n == 0 || std::abs(n) > kMaxMatrixPower) return budget_.Exceed(), kNoNode;
    if (n < 0) {
      const NodeId inverse = Inverse(base);
      if (inverse == kNoNode) return kNoNode;
      return n == -1 ? inverse : Power(tree_.Add(Kind::kPower, {inverse, tree_.AddInteger(-n)}));
    }
    NodeId out = base;
    for (int64_t i = 1; i < n && out != kNoNode; ++i) out = Multiply(out, base);
    return out;
  }

  NodeId Transpose(NodeId matrix) {
    if (!IsMatrix(matrix)) return kNoNode;
    const uint32_t rows = Rows(matrix), columns = Columns(matrix);
    NodeIds cells;
    for (uint32_t j = 0; j < columns; ++j) {
      for (uint32_t i = 0; i < rows; ++i) cells.push_back(tree_.Kid(matrix, i * columns + j));
    }
    return tree_.Add(Kind::kMatrix, cells, rows);
  }

  // The adjugate over the determinant, of small matrices.
  NodeId Inverse(NodeId matrix) {
    const NodeId determinant = Determinant(matrix);
    const uint32_t n = Columns(matrix);
    if (determinant == kNoNode || n > kMaxInverse) return kNoNode;
    if (n == 1) return tree_.Add(Kind::kMatrix, {tree_.Add(Kind::kInverse, {determinant})}, 1);
    const NodeId scale = tree_.Add(Kind::kInverse, {determinant});
    NodeIds cells;
    for (uint32_t i = 0; i < n; ++i) {
      for (uint32_t j = 0; j < n; ++j) {  // without row j and column i
        NodeIds rest;
        for (uint32_t k = 0; k < n * n; ++k) {
          if (k / n != j && k % n != i) rest.push_back(tree_.Kid(matrix, k));
        }
        const NodeId minor = Determinant(tree_.Add(Kind::kMatrix, rest, n - 1));
        if (minor == kNoNode) return kNoNode;
        const NodeId cofactor = (i + j) % 2 == 0 ? minor : tree_.Add(Kind::kNegate, {minor});
        cells.push_back(Folded(tree_.Add(Kind::kProduct, {scale, cofactor})));
      }
    }
    return tree_.Add(Kind::kMatrix, cells, n);
  }

  // Expansion along the first row, of small matrices.
  NodeId Determinant(NodeId matrix) {
    if (!IsMatrix(matrix) || Rows(matrix) != Columns(matrix) || Rows(matrix) > kMaxDeterminant)
      return kNoNode;
    std::vector<uint32_t> columns(Columns(matrix));
    for (uint32_t i = 0; i < columns.size(); ++i) columns[i] = i;
    return Minor(matrix, 0, columns);
  }
  NodeId Minor(NodeId matrix, uint32_t row, const std::vector<uint32_t>& columns) {
    if (!budget_.Spend(4)) return kNoNode;
    const uint32_t width = Columns(matrix);
    if (columns.size() == 1) return tree_.Kid(matrix, row * width + columns[0]);
    NodeIds terms;
    for (size_t k = 0; k < columns.size(); ++k) {
      std::vector<uint32_t> rest = columns;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(k));
      const NodeId minor = Minor(matrix, row + 1, rest);
      if (minor == kNoNode) return kNoNode;
      const NodeId term = tree_.Add(Kind::kProduct, {tree_.Kid(matrix, row * width + columns[k]), minor});
      terms.push_back(k % 2 == 0 ? term : tree_.Add(Kind::kNegate, {term}));
    }
    return tree_.Add(Kind::kSum, terms);
  }

  Tree& tree_;
  Budget& budget_;
  const uint64_t kinds_ = KindsOf(tree_);
  const bool any_sign_ = Any(Kind::kPlusMinus);
  const bool any_matrix_ = Any(Kind::kMatrix);
  const bool any_mark_ = Any(Kind::kDegree) || Any(Kind::kPercent) || Any(Kind::kQuantity);

  static_assert(static_cast<int>(Kind::kText) < 64);
  static uint64_t KindsOf(const Tree& tree) {
    uint64_t kinds = 0;
    for (const Node& node : tree.nodes) kinds |= uint64_t{1} << static_cast<int>(node.kind);
    return kinds;
  }
  bool Any(Kind kind) const { return (kinds_ >> static_cast<int>(kind) & 1) != 0; }
};

}  // namespace

bool PrepareTree(Tree* tree, Budget& budget) {
  tree->root = Preparer(tree, budget).Structure(tree->root);
  return !budget.over();
}

}  // namespace drover::verifier
