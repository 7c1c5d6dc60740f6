#include <algorithm>

#include "verifier/equality/matcher.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxPieces = 64;

bool Infinite(const Operand& end) { return end.id == kNoNode; }

// The end without its node if it is plus or minus infinity ("+\infty" is a sum of one term or the constant itself).
Operand End(const Operand& operand, int* sign) {
  Operand at = operand;
  *sign = 1;
  while (at.node().kind == Kind::kNegate) {
    *sign = -*sign;
    at = at.Kid(0);
  }
  const bool infinity =
      at.node().kind == Kind::kConstant && static_cast<Constant>(at.node().value) == Constant::kInfinity;
  if (infinity) return {};
  *sign = 0;
  return operand;
}

bool MakePiece(const Operand& low, const Operand& high, bool low_open, bool high_open, Piece* out) {
  int low_sign = 0, high_sign = 0;
  out->low = End(low, &low_sign);
  out->high = End(high, &high_sign);
  out->low_open = low_open || low_sign != 0;
  out->high_open = high_open || high_sign != 0;
  return low_sign <= 0 && high_sign >= 0;
}

}  // namespace

bool IsRealSet(const Operand& operand) {
  switch (operand.node().kind) {
    case Kind::kInterval:
    case Kind::kUnion:
    case Kind::kIntersection:
    case Kind::kSetMinus:
    case Kind::kNumberSet:
      return true;
    case Kind::kRelation:
      return IsInequality(operand);
    case Kind::kList:
      for (uint32_t i = 0; i < operand.node().count; ++i) {
        if (IsInequality(operand.Kid(i))) return true;
      }
      return false;
    default:
      return false;
  }
}

// Where two ends lie: infinite low ends are below all, infinite high ends above all.
std::optional<int> Matcher::CompareEnds(const Operand& a, bool a_high, const Operand& b, bool b_high) {
  const int left = !Infinite(a) ? 0 : a_high ? 1 : -1, right = !Infinite(b) ? 0 : b_high ? 1 : -1;
  if (left != 0 || right != 0) return left < right ? -1 : left > right ? 1 : 0;
  return CompareReals(a, b, options_);
}

std::optional<std::vector<Piece>> Matcher::Ray(const Operand& variable, const Operand& bound,
                                               Relation relation) {
  const bool absolute = variable.node().kind == Kind::kFunction &&
                        static_cast<Function>(variable.node().value) == Function::kAbs &&
                        variable.Kid(0).node().kind == Kind::kSymbol;
  const bool plain = variable.node().kind == Kind::kSymbol || variable.node().kind == Kind::kApply;
  if ((!absolute && !plain) || !FreeSymbols(bound).empty() || !IsScalarKind(bound.node().kind))
    return std::nullopt;
  const bool less = relation == Relation::kLess || relation == Relation::kLessEqual;
  const bool open = relation == Relation::kLess || relation == Relation::kGreater;
  std::vector<Piece> out;
  if (relation == Relation::kNotEqual) {
    if (absolute) return std::nullopt;
    out.push_back({{}, bound, true, true});
    out.push_back({bound, {}, true, true});
  } else if (!absolute) {
    int sign = 0;
    const Operand end = End(bound, &sign);
    if (sign != 0 && less != (sign > 0)) return std::nullopt;  // "x < -\\infty" has no solutions
    out.push_back(less ? Piece{{}, end, true, open || sign != 0} : Piece{end, {}, open || sign != 0, true});
  } else if (less) {
    out.push_back({Negated(bound), bound, open, open});
  } else {
    out.push_back({{}, Negated(bound), true, open});
    out.push_back({bound, {}, open, true});
  }
  return out;
}

// "x < 3", "3 > x", "0 < x \le 1", "1 \le |z| \le 2", "x \ne 3", "x^2 < 4": all of a chain hold.
std::optional<std::vector<Piece>> Matcher::InequalityPieces(const Operand& operand) {
  std::optional<std::vector<Piece>> total;
  for (uint32_t i = 0; i + 1 < operand.node().count; ++i) {
    const Operand left = operand.Kid(i), right = operand.Kid(i + 1);
    auto part = Ray(left, right, RelationAt(operand, i));
    if (!part) part = Ray(right, left, Mirror(RelationAt(operand, i)));
    if (!part) part = Solve(left, right, RelationAt(operand, i));
    if (!part) return std::nullopt;
    total = total ? Intersect(*total, *part) : std::move(part);
    if (!total) return std::nullopt;
  }
  return total;
}

std::optional<std::vector<Piece>> Matcher::Intersect(const std::vector<Piece>& a,
                                                     const std::vector<Piece>& b) {
  std::vector<Piece> out;
  if (a.size() * b.size() > kMaxPieces) return std::nullopt;
  for (const Piece& x : a) {
    for (const Piece& y : b) {
      const auto low = CompareEnds(x.low, false, y.low, false),
                 high = CompareEnds(x.high, true, y.high, true);
      if (!low || !high) return std::nullopt;
      Piece both;
      both.low = *low >= 0 ? x.low : y.low;
      both.low_open = *low > 0 ? x.low_open : *low < 0 ? y.low_open : x.low_open || y.low_open;
      both.high = *high <= 0 ? x.high : y.high;
      both.high_open = *high < 0 ? x.high_open : *high > 0 ? y.high_open : x.high_open || y.high_open;
      const auto order = CompareEnds(both.low, false, both.high, true);
      if (!order) return std::nullopt;
      const bool empty = *order > 0 || (*order == 0 && (both.low_open || both.high_open));
      if (!empty) out.push_back(both);
    }
  }
  return out;
}

std::optional<std::vector<Piece>> Matcher::Remove(const std::vector<Piece>& from,
                                                  const std::vector<Piece>& what) {
  std::optional<std::vector<Piece>> rest = from;
  for (const Piece& piece : what) {
    std::vector<Piece> outside;
    if (!Infinite(piece.low)) outside.push_back({{}, piece.low, true, !piece.low_open});
    if (!Infinite(piece.high)) outside.push_back({piece.high, {}, !piece.high_open, true});
    rest = Intersect(*rest, outside);
    if (!rest) return std::nullopt;
  }
  return rest;
}

// Sorted, with touching pieces merged.
std::optional<std::vector<Piece>> Matcher::Normalised(std::vector<Piece> pieces) {
  if (pieces.size() > kMaxPieces) return std::nullopt;
  for (size_t i = 1; i < pieces.size(); ++i) {  // insertion sort: an order that cannot be decided ends it
    for (size_t j = i; j > 0; --j) {
      const auto order = CompareEnds(pieces[j - 1].low, false, pieces[j].low, false);
      if (!order) return std::nullopt;
      if (*order < 0 || (*order == 0 && !pieces[j - 1].low_open)) break;
      std::swap(pieces[j - 1], pieces[j]);
    }
  }
  std::vector<Piece> out;
  for (const Piece& piece : pieces) {
    if (!out.empty()) {
      const auto touch = CompareEnds(out.back().high, true, piece.low, false);
      if (!touch) return std::nullopt;
      if (*touch > 0 || (*touch == 0 && (!out.back().high_open || !piece.low_open))) {
        const auto higher = CompareEnds(out.back().high, true, piece.high, true);
        if (!higher) return std::nullopt;
        if (*higher < 0) {
          out.back().high = piece.high;
          out.back().high_open = piece.high_open;
        } else if (*higher == 0) {
          out.back().high_open = out.back().high_open && piece.high_open;
        }
        continue;
      }
    }
    out.push_back(piece);
  }
  return out;
}

std::optional<std::vector<Piece>> Matcher::Pieces(const Operand& operand, int depth) {
  if (depth > 20) return std::nullopt;
  const Node& node = operand.node();
  switch (node.kind) {
    case Kind::kInterval:
      return EndPieces(operand, (node.flag & 1) != 0, (node.flag & 2) != 0);
    case Kind::kTuple:
      return node.count == 2 ? EndPieces(operand, true, true) : std::nullopt;
    case Kind::kNumberSet:
      return node.value == 'R' ? std::optional(std::vector<Piece>(1)) : std::nullopt;
    case Kind::kSet:
      return PointPieces(operand);
    case Kind::kRelation:
      return RelationPieces(operand, depth);
    case Kind::kUnion:
    case Kind::kList:
      return UnionPieces(operand, depth);
    case Kind::kIntersection:
      return FoldedPieces(operand, depth, &Matcher::Intersect);
    case Kind::kSetMinus:
      return FoldedPieces(operand, depth, &Matcher::Remove);
    default:
      return std::nullopt;
  }
}

std::optional<std::vector<Piece>> Matcher::EndPieces(const Operand& ends, bool low_open,
                                                     bool high_open) const {
  Piece piece;
  if (!MakePiece(ends.Kid(0), ends.Kid(1), low_open, high_open, &piece)) return std::nullopt;
  return std::vector<Piece>{piece};
}

std::optional<std::vector<Piece>> Matcher::PointPieces(const Operand& set) const {
  std::vector<Piece> out;
  for (const Operand& point : Kids(set)) {
    if (!IsScalarKind(point.node().kind)) return std::nullopt;
    out.push_back({point, point, false, false});
  }
  return out;
}

std::optional<std::vector<Piece>> Matcher::RelationPieces(const Operand& relation, int depth) {
  if (IsInequality(relation)) return InequalityPieces(relation);
  const Named named = Unwrap(relation);
  if (named.name.id == kNoNode) return std::nullopt;
  if (IsScalarKind(named.value.node().kind))
    return std::vector<Piece>{{named.value, named.value, false, false}};
  return Pieces(named.value, depth + 1);
}

// Conditions in a row: all of them if they can hold together ("x > 1, x < 3"), else the cases ("x < 1, x > 3").
std::optional<std::vector<Piece>> Matcher::UnionPieces(const Operand& operand, int depth) {
  const Node node = operand.node();
  std::optional<std::vector<Piece>> total, common;
  for (uint32_t i = 0; i < node.count; ++i) {
    const auto part = Pieces(operand.Kid(i), depth + 1);
    if (!part) return std::nullopt;
    if (i == 0) {
      total = common = part;
      continue;
    }
    total->insert(total->end(), part->begin(), part->end());
    if (node.kind == Kind::kList && !common->empty()) common = Intersect(*common, *part);
    if (!common) return std::nullopt;
  }
  const bool cases = node.kind == Kind::kUnion || (node.flag & kOrList) != 0;
  return !cases && common && !common->empty() ? common : total;
}

std::optional<std::vector<Piece>> Matcher::FoldedPieces(const Operand& operand, int depth,
                                                        CombinePieces combine) {
  auto total = Pieces(operand.Kid(0), depth + 1);
  for (uint32_t i = 1; i < operand.node().count && total; ++i) {
    const auto part = Pieces(operand.Kid(i), depth + 1);
    if (!part) return std::nullopt;
    total = (this->*combine)(*total, *part);
  }
  return total;
}

// "x < 3" against "y < 3".
bool Matcher::OtherVariable(const Operand& gold, const Operand& response) const {
  const std::vector<uint32_t> g = FreeSymbols(gold), r = FreeSymbols(response);
  return g.size() == 1 && r.size() == 1 && g != r;
}

Outcome Matcher::MatchPieces(const Operand& gold, const Operand& response) {
  if (OtherVariable(gold, response)) return Decided(Rule::kNames, Outcome::kDifferent);
  const auto g_raw = Pieces(gold, 0), r_raw = Pieces(response, 0);
  if (!g_raw || !r_raw) {
    const bool same = gold.node().kind == response.node().kind &&
                      gold.node().count == response.node().count &&
                      gold.node().value == response.node().value &&
                      (gold.node().kind == Kind::kList || gold.node().flag == response.node().flag);
    const bool relation = gold.node().kind == Kind::kRelation;
    if (same && gold.node().kind == Kind::kNumberSet) return Decided(Rule::kSet, Outcome::kEqualExact);
    return same && !relation && gold.node().count > 0 ? InOrder(Kids(gold), Kids(response))
                                                      : Decided(Rule::kKind, Outcome::kDifferent);
  }
  const auto g = Normalised(*g_raw), r = Normalised(*r_raw);
  if (!g || !r) {
    if (g_raw->size() != r_raw->size()) return Decided(Rule::kPieces, Outcome::kDifferent);
  }
  const std::vector<Piece>& a = g && r ? *g : *g_raw;
  const std::vector<Piece>& b = g && r ? *r : *r_raw;
  if (a.size() != b.size()) return Decided(Rule::kPieces, Outcome::kDifferent);
  Outcome all = Outcome::kEqualExact;
  for (size_t i = 0; i < a.size() && IsEqual(all); ++i) {
    if (a[i].low_open != b[i].low_open || a[i].high_open != b[i].high_open)
      return Decided(Rule::kEnds, Outcome::kDifferent);
    for (const auto& [x, y] : {std::pair{a[i].low, b[i].low}, std::pair{a[i].high, b[i].high}}) {
      if (Infinite(x) != Infinite(y)) return Decided(Rule::kEnds, Outcome::kDifferent);
      if (!Infinite(x)) all = Both(all, MatchScalars(x, y));
    }
  }
  return all;
}

}  // namespace drover::verifier
