#include "verifier/reading/tree.h"

namespace drover::verifier {
namespace {

constexpr int kMaxPrintedDepth = 60;

std::string_view ConstantName(uint32_t value) {
  switch (static_cast<Constant>(value)) {
    case Constant::kPi:
      return "pi";
    case Constant::kE:
      return "e";
    case Constant::kI:
      return "i";
    case Constant::kInfinity:
      return "oo";
  }
  return "?";
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kSum:
      return "+";
    case Kind::kProduct:
      return "*";
    case Kind::kNegate:
      return "-";
    case Kind::kInverse:
      return "inverse";
    case Kind::kPower:
      return "^";
    case Kind::kPlusMinus:
      return "plus-minus";
    case Kind::kPercent:
      return "percent";
    case Kind::kDegree:
      return "degree";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kSet:
      return "set";
    case Kind::kInterval:
      return "interval";
    case Kind::kUnion:
      return "union";
    case Kind::kIntersection:
      return "intersection";
    case Kind::kSetMinus:
      return "set-minus";
    case Kind::kMatrix:
      return "matrix";
    case Kind::kRelation:
      return "relation";
    case Kind::kRatio:
      return "ratio";
    case Kind::kCongruence:
      return "mod";
    default:
      return "?";
  }
}

std::string_view RelationName(Relation relation) {
  static constexpr std::string_view kNames[] = {"=", "!=", "<", "<=", ">", ">=", "in", "~", "=="};
  return kNames[static_cast<int>(relation)];
}

void Print(const Tree& tree, NodeId id, int depth, size_t max_bytes, std::string* out) {
  if (out->size() > max_bytes || depth > kMaxPrintedDepth || id == kNoNode) {
    *out += "...";
    return;
  }
  const Node& node = tree[id];
  std::string head(KindName(node.kind));
  switch (node.kind) {
    case Kind::kNumber:
      *out += tree.numbers[node.value].value.ToString();
      return;
    case Kind::kSymbol:
      *out += (*tree.names)[node.value];
      return;
    case Kind::kConstant:
      *out += ConstantName(node.value);
      return;
    case Kind::kNumberSet:
      *out += "set-of-";
      *out += static_cast<char>(node.value);
      return;
    case Kind::kText:
      *out += '"' + tree.texts[node.value] + '"';
      return;
    case Kind::kFunction:
      head = FunctionName(static_cast<Function>(node.value));
      break;
    case Kind::kApply:
      head = "apply " + (*tree.names)[node.value];
      break;
    case Kind::kQuantity:
      head = "unit \"" + tree.texts[node.value] + '"';
      break;
    case Kind::kOpaque:
      head = "opaque \"" + tree.texts[node.value] + '"';
      break;
    case Kind::kInterval:
      head += (node.flag & 1) != 0 ? " (" : " [";
      head += (node.flag & 2) != 0 ? ")" : "]";
      break;
    case Kind::kMatrix:
      head += " columns=" + std::to_string(node.value);
      break;
    default:
      break;
  }
  *out += '(' + head;
  for (uint32_t i = 0; i < node.count; ++i) {
    *out += ' ';
    if (node.kind == Kind::kRelation && i > 0)
      *out += std::string(RelationName(tree.relations[node.value + i - 1])) + ' ';
    Print(tree, tree.Kid(id, i), depth + 1, max_bytes, out);
  }
  *out += ')';
}

}  // namespace

std::string ToString(const Tree& tree, NodeId id, size_t max_bytes) {
  std::string out;
  Print(tree, id, 0, max_bytes, &out);
  return out;
}

}  // namespace drover::verifier
