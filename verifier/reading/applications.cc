#include "verifier/reading/applications.h"

#include <algorithm>
#include <string>
#include <vector>

namespace drover::verifier {
namespace {

bool IsMaybe(const Node& node) { return node.kind == Kind::kApply && (node.flag & kMaybeProduct) != 0; }

// How the letters are used on both sides, by name.
struct Usage {
  std::vector<uint32_t> functions;  // f(x) alone is a side of an equation, or is always an application
  std::vector<uint32_t> symbols;    // stands without a bracket somewhere: "x(3)" beside "x" may be a product

  static bool Has(const std::vector<uint32_t>& names, uint32_t name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
};

// Over the nodes below the root; the parser may leave others behind.
template <class Visit>
void ForEachNode(const Tree& tree, Visit visit) {
  std::vector<NodeId> stack = {tree.root};
  std::vector<bool> seen(tree.nodes.size(), false);
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (seen[id]) continue;
    seen[id] = true;
    visit(tree[id]);
    for (uint32_t i = 0; i < tree[id].count; ++i) stack.push_back(tree.Kid(id, i));
  }
}

void Collect(const Tree& tree, Usage* usage) {
  ForEachNode(tree, [&](const Node& node) {
    if (node.kind == Kind::kSymbol) usage->symbols.push_back(node.value);
    if (node.kind == Kind::kApply && !IsMaybe(node)) usage->functions.push_back(node.value);
    if (node.kind != Kind::kRelation) return;
    for (uint32_t i = 0; i < node.count; ++i) {
      const Node& side = tree[tree.kids[node.first + i]];
      const uint32_t op = i == 0 ? 0 : i - 1;
      const bool equation = tree.relations[node.value + op] == Relation::kEqual;
      if (equation && IsMaybe(side) && (side.flag & kCompound) == 0) usage->functions.push_back(side.value);
    }
  });
}

// A letter that is applied to a number or a letter and never stands alone is a function in all its places: "V(4/2)" is
// V(2).
void CollectApplied(const Tree& tree, Usage* usage) {
  ForEachNode(tree, [&](const Node& node) {
    if (!IsMaybe(node) || (node.flag & kCompound) != 0 || Usage::Has(usage->symbols, node.value)) return;
    usage->functions.push_back(node.value);
  });
}

enum class Meaning { kFunction, kProduct, kEither };

Meaning MeaningOf(const Node& node, const Usage& usage) {
  if (Usage::Has(usage.functions, node.value)) return Meaning::kFunction;
  const bool function_name = (node.flag & kFunctionName) != 0, compound = (node.flag & kCompound) != 0;
  const bool symbol = Usage::Has(usage.symbols, node.value);
  if (!symbol && (function_name || !compound)) return Meaning::kFunction;
  return compound ? Meaning::kProduct : Meaning::kEither;
}

// A copy of the tree with letters before brackets resolved.
class Resolver {
 public:
  Resolver(const Tree& from, const Usage& usage, bool either_is_product)
      : usage_(usage), either_is_product_(either_is_product) {
    tree_ = from;
    done_.assign(from.nodes.size(), kNoNode);
  }

  Tree Run() {
    tree_.root = Resolve(tree_.root, 0);
    return std::move(tree_);
  }

 private:
  static constexpr int kMaxDepth = 400;

  bool IsProduct(NodeId id) const {
    const Node& node = tree_[id];
    if (!IsMaybe(node)) return false;
    const Meaning meaning = MeaningOf(node, usage_);
    return meaning == Meaning::kProduct || (meaning == Meaning::kEither && either_is_product_);
  }

  // "V(t)^2" is V times t^2 where V is a factor: what stands behind the bracket belongs to it alone.
  static bool IsPostfix(const Node& node) {
    if (node.kind == Kind::kFunction) {
      const auto function = static_cast<Function>(node.value);
      return function == Function::kFactorial || function == Function::kDoubleFactorial;
    }
    return node.kind == Kind::kPower || node.kind == Kind::kPercent || node.kind == Kind::kDegree;
  }

  NodeId Resolve(NodeId id, int depth) {
    if (done_[id] != kNoNode) return done_[id];
    if (depth > kMaxDepth) return id;
    const Node node = tree_[id];
    NodeIds kids(node.count);
    for (uint32_t i = 0; i < node.count; ++i) kids[i] = tree_.Kid(id, i);
    NodeId out = id;
    if (IsProduct(id)) {
      const NodeId letter = tree_.Add(Kind::kSymbol, {}, node.value);
      out = tree_.Add(Kind::kProduct, {letter, Resolve(kids[0], depth + 1)});
    } else if (IsPostfix(node) && IsProduct(kids[0])) {
      const Node apply = tree_[kids[0]];
      const NodeId letter = tree_.Add(Kind::kSymbol, {}, apply.value);
      const NodeId argument = tree_.kids[apply.first];
      kids[0] = Resolve(argument, depth + 1);
      for (size_t i = 1; i < kids.size(); ++i) kids[i] = Resolve(kids[i], depth + 1);
      out = tree_.Add(Kind::kProduct, {letter, tree_.Add(node.kind, kids, node.value, node.flag)});
    } else {
      bool changed = IsMaybe(node);
      for (NodeId& kid : kids) {
        const NodeId resolved = Resolve(kid, depth + 1);
        changed = changed || resolved != kid;
        kid = resolved;
      }
      const auto flag = static_cast<uint8_t>(node.kind == Kind::kApply ? 0 : node.flag);
      if (changed) out = tree_.Add(node.kind, kids, node.value, flag);
    }
    return done_[id] = out;
  }

  const Usage& usage_;
  const bool either_is_product_;
  Tree tree_;
  std::vector<NodeId> done_;  // of the nodes that were read
};

}  // namespace

Readings ReadApplications(const Tree& gold, const Tree& response) {
  Readings out;
  for (const Tree* tree : {&gold, &response}) {
    out.any = out.any || std::any_of(tree->nodes.begin(), tree->nodes.end(), IsMaybe);
  }
  if (!out.any) return out;
  Usage usage;
  Collect(gold, &usage);
  Collect(response, &usage);
  CollectApplied(gold, &usage);
  CollectApplied(response, &usage);
  for (const Tree* tree : {&gold, &response}) {
    ForEachNode(*tree, [&](const Node& node) {
      out.ambiguous = out.ambiguous || (IsMaybe(node) && MeaningOf(node, usage) == Meaning::kEither);
    });
  }
  out.gold = Resolver(gold, usage, false).Run();
  out.response = Resolver(response, usage, false).Run();
  if (!out.ambiguous) return out;
  out.gold_product = Resolver(gold, usage, true).Run();
  out.response_product = Resolver(response, usage, true).Run();
  return out;
}

}  // namespace drover::verifier
