#include "verifier/mutation/answer.h"

#include <algorithm>

#include "verifier/mutation/evaluate.h"

namespace drover::verifier::mutation {
namespace {

std::string Join(const std::vector<Answer>& items, const Spelling& spelling) {
  std::string text;
  for (const Answer& item : items) text += (text.empty() ? "" : ", ") + Write(item, spelling);
  return text;
}

// Made of digits alone: such values are compared exactly, and a decimal point says nothing of rounding.
bool IsDecimal(const Expr& expr) {
  return !Any(expr, [](const Node& node) {
    return node.op != Op::kNumber && node.op != Op::kNegative && node.op != Op::kProduct &&
           node.op != Op::kPower;
  });
}

// A gold with a decimal point may stand for what rounds to it: against exact values a small difference proves nothing.
long double Margin(const Expr& gold, const Expr& answer) {
  const bool point = Any(gold, [](const Node& node) {
    return node.op == Op::kNumber && node.text.find('.') != std::string::npos;
  });
  return point && !IsDecimal(answer) ? 0.02L : 0.0L;
}

bool Differ(const Expr& gold, const Expr& answer) {
  if (!gold || !answer) return static_cast<bool>(gold) != static_cast<bool>(answer);
  return ShowsDifference(gold, answer, Margin(gold, answer));
}

// Some element of either is none of the other's.
bool ElementsDiffer(const std::vector<Answer>& gold, const std::vector<Answer>& answer) {
  const auto unlike_all = [&](const Answer& one) {
    return std::all_of(answer.begin(), answer.end(),
                       [&](const Answer& other) { return ProvedDifferent(one, other); });
  };
  const auto like_none = [&](const Answer& other) {
    return std::all_of(gold.begin(), gold.end(),
                       [&](const Answer& one) { return ProvedDifferent(one, other); });
  };
  return std::any_of(gold.begin(), gold.end(), unlike_all) ||
         std::any_of(answer.begin(), answer.end(), like_none);
}

}  // namespace

Answer Scalar(Expr value) {
  Answer out;
  out.value = std::move(value);
  return out;
}

std::string Write(const Answer& answer, const Spelling& spelling) {
  switch (answer.shape) {
    case Shape::kScalar:
      return ToLatex(answer.value, spelling);
    case Shape::kTuple:
      return spelling.left_right ? "\\left(" + Join(answer.items, spelling) + "\\right)"
                                 : "(" + Join(answer.items, spelling) + ")";
    case Shape::kList:
      return Join(answer.items, spelling);
    case Shape::kSet:
      return "\\{" + Join(answer.items, spelling) + "\\}";
    case Shape::kInterval: {
      const auto end = [&](int i, const char* infinite) {
        return answer.items[i].value ? Write(answer.items[i], spelling) : std::string(infinite);
      };
      return answer.before + end(0, "-\\infty") + ", " + end(1, "\\infty") + answer.after;
    }
    case Shape::kNamed:
      return answer.name + (spelling.spaces ? " = " : "=") + Write(answer.items[0], spelling);
    case Shape::kQuantity: {
      // A mark after 40/5 or 3+4 would be read as one of its last number.
      Spelling own = spelling;
      if (own.fraction == Spelling::Fraction::kSlash) own.fraction = Spelling::Fraction::kFrac;
      const std::string value = ToLatex(answer.value, own);
      return answer.before + (answer.value->op == Op::kSum ? "(" + value + ")" : value) + answer.after;
    }
    case Shape::kWord:
    case Shape::kChoice:
      return answer.before;
  }
  return "";
}

std::vector<Expr> Leaves(const Answer& answer) {
  if (answer.value) return {answer.value};
  std::vector<Expr> leaves;
  for (const Answer& item : answer.items) {
    for (Expr& leaf : Leaves(item)) leaves.push_back(std::move(leaf));
  }
  return leaves;
}

Answer WithLeaf(const Answer& answer, int place, const Expr& by) {
  Answer copy = answer;
  if (copy.value) {
    copy.value = by;
    return copy;
  }
  for (Answer& item : copy.items) {
    const int count = static_cast<int>(Leaves(item).size());
    if (place < count) {
      item = WithLeaf(item, place, by);
      break;
    }
    place -= count;
  }
  return copy;
}

bool ProvedDifferent(const Answer& gold, const Answer& answer) {
  if (gold.value || answer.value) return Differ(gold.value, answer.value);
  if (gold.shape == Shape::kList || gold.shape == Shape::kSet) {
    return ElementsDiffer(gold.items, answer.items);
  }
  if (gold.items.size() != answer.items.size()) return true;
  for (size_t i = 0; i < gold.items.size(); ++i) {
    if (ProvedDifferent(gold.items[i], answer.items[i])) return true;
  }
  return false;
}

}  // namespace drover::verifier::mutation
