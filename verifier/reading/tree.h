// The tree that the reader builds. Nodes live in one array and refer to each other by index; there are no pointers, so
// a tree is freed without recursion.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verifier/cas.h"
#include "verifier/reading/words.h"

namespace drover::verifier {

using NodeId = uint32_t;
using NodeIds = absl::InlinedVector<NodeId, 4>;  // as large as a vector
constexpr NodeId kNoNode = 0xFFFFFFFF;

enum class Kind : uint8_t {
  // Scalars.
  kNumber,     // value: index into numbers
  kSymbol,     // value: name id
  kConstant,   // value: Constant
  kSum,        // children
  kProduct,    // children
  kNegate,     // child
  kInverse,    // child: 1/child
  kPower,      // base, exponent
  kFunction,   // value: Function; children: arguments
  kApply,      // value: name id of an unknown function; children: arguments; flag: kMaybeProduct, kCompound
  kPlusMinus,  // child: both signs; flag 1: the lower sign first
  kPercent,    // child: a hundredth of it
  kDegree,     // child: degrees of arc
  kOpaque,     // value: text index (an operator read but not evaluated); children: its parts
  // Quantities and structures.
  kQuantity,  // child: number; value: text index of the unit
  kList,      // children; bare "1, 2"; flag: kBracedList, kSemicolonList, kOrList
  kTuple,     // children; round or angle brackets
  kSet,       // children
  kInterval,  // lower, upper; flag bit 0: lower open, bit 1: upper open
  kUnion,     // children
  kIntersection,
  kSetMinus,    // children: first without the rest
  kNumberSet,   // value: 'R', 'Z', 'N', 'Q', 'C'
  kMatrix,      // children row by row; value: number of columns
  kRelation,    // children; ops in Tree::relations from `value` on, one less than the children
  kRatio,       // children
  kCongruence,  // value, modulus
  kText,        // value: text index
};

constexpr bool IsScalarKind(Kind kind) { return kind <= Kind::kOpaque; }

// Node::flag of a list.
constexpr uint8_t kBracedList = 1;     // braces without backslash
constexpr uint8_t kSemicolonList = 2;  // rows: lists among the elements stay apart
constexpr uint8_t kOrList = 8;         // parted by "or"
constexpr uint8_t kAndList = 16;       // parted by "and"

// Node::flag of an application. Letters before a bracket are read as applications; applications.h decides what they are.
constexpr uint8_t kMaybeProduct = 1;  // of one argument, a letter that could also be a factor
constexpr uint8_t kCompound = 2;      // the argument is a sum or product
constexpr uint8_t kFunctionName = 4;  // the letter mostly names a function (f, g, h, F, G)

struct Node {
  Kind kind;
  uint8_t flag = 0;
  uint32_t value = 0;
  uint32_t first = 0;  // of `count` entries in Tree::kids
  uint32_t count = 0;
};

// A number as it was written.
struct Literal {
  Rational value;
  int decimals = -1;     // digits after the point; -1: an integer
  int digits = 0;        // significant digits
  bool grouped = false;  // with commas between groups of three, which could also part a list
  bool scientific = false;
  bool exact = false;  // repeating decimals, based integers: never a rounded value
  bool cut = false;    // "3.14159...": the first digits of an unending decimal
};

// Names shared by the two trees of a comparison, so that equal names have equal ids.
class Names {
 public:
  uint32_t Intern(std::string_view name) {
    for (uint32_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return i;
    }
    if (names_.size() >= kMaxNames) return kMaxNames;
    if (names_.empty()) names_.reserve(8);
    names_.emplace_back(name);
    return static_cast<uint32_t>(names_.size() - 1);
  }
  const std::string& operator[](uint32_t id) const { return id < names_.size() ? names_[id] : kTooMany; }

  static constexpr uint32_t kMaxNames = 256;  // more distinct names than this are over budget

 private:
  inline static const std::string kTooMany = "?";
  std::vector<std::string> names_;
};

struct Tree {
  std::vector<Node> nodes;
  std::vector<NodeId> kids;
  std::vector<Literal> numbers;
  std::vector<std::string> texts;
  std::vector<Relation> relations;
  Names* names = nullptr;
  NodeId root = kNoNode;
  std::string_view source;  // the normalised bytes it was read from

  const Node& operator[](NodeId id) const { return nodes[id]; }
  NodeId Kid(NodeId id, uint32_t i) const { return kids[nodes[id].first + i]; }

  NodeId Add(Kind kind, std::initializer_list<NodeId> children = {}, uint32_t value = 0, uint8_t flag = 0) {
    return Add(kind, std::span(children.begin(), children.size()), value, flag);
  }
  // `children` are not of `kids`, which grows.
  NodeId Add(Kind kind, std::span<const NodeId> children, uint32_t value = 0, uint8_t flag = 0) {
    const uint32_t first = static_cast<uint32_t>(kids.size());
    kids.insert(kids.end(), children.begin(), children.end());
    nodes.push_back({kind, flag, value, first, static_cast<uint32_t>(children.size())});
    return static_cast<NodeId>(nodes.size() - 1);
  }
  NodeId AddNumber(Literal literal) {
    numbers.push_back(std::move(literal));
    return Add(Kind::kNumber, {}, static_cast<uint32_t>(numbers.size() - 1));
  }
  NodeId AddInteger(int64_t value) { return AddNumber({.value = Rational(value)}); }
  NodeId AddText(Kind kind, std::string text, std::initializer_list<NodeId> children = {}) {
    return AddText(kind, std::move(text), std::span(children.begin(), children.size()));
  }
  NodeId AddText(Kind kind, std::string text, std::span<const NodeId> children) {
    texts.push_back(std::move(text));
    return Add(kind, children, static_cast<uint32_t>(texts.size() - 1));
  }
};

// An S-expression, for explanations and tests: "(* 2 (^ x 2))". Cut at `max_bytes`.
std::string ToString(const Tree& tree, NodeId id, size_t max_bytes = 2000);

}  // namespace drover::verifier
