#include "verifier/equality/operand.h"

#include <algorithm>
#include <string>

namespace drover::verifier {

std::vector<uint32_t> FreeSymbols(const Operand& operand) {
  std::vector<uint32_t> out, bound;
  Walk(operand, [&](const Node& node) {
    // The index of a sum with plain bounds, as in ball_functions.cc.
    if (node.kind == Kind::kOpaque && node.count == 3) {
      const std::string& name = operand.tree->texts[node.value];
      const NodeId range = operand.tree->kids[node.first + (name.size() > 1 && name[1] == '^' ? 1 : 0)];
      const bool sum = name[0] == 's' || name[0] == 'p';
      if (sum && (*operand.tree)[range].kind == Kind::kRelation) {
        const Node& index = (*operand.tree)[operand.tree->Kid(range, 0)];
        if (index.kind == Kind::kSymbol) bound.push_back(index.value);
      }
    }
    const bool symbol = node.kind == Kind::kSymbol || node.kind == Kind::kApply;
    if (symbol && std::find(out.begin(), out.end(), node.value) == out.end()) out.push_back(node.value);
  });
  std::erase_if(out, [&bound](uint32_t symbol) {
    return std::find(bound.begin(), bound.end(), symbol) != bound.end();
  });
  return out;
}

}  // namespace drover::verifier
