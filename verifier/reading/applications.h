// What letters before brackets are: "I(0)" is a function's value where a side uses I so, "n(n+1)" a product. Where it may be
// either, both readings must agree.
#pragma once

#include <optional>
#include <utility>

#include "verifier/reading/tree.h"

namespace drover::verifier {

// The two trees with all letters before brackets resolved.
struct Readings {
  bool any = false;        // a letter stands before a bracket: else all below is empty
  bool ambiguous = false;  // some may be either; `product` has them as products, else it is empty
  Tree gold, response;     // as applications, but for those that are products surely
  Tree gold_product, response_product;
};

Readings ReadApplications(const Tree& gold, const Tree& response);

}  // namespace drover::verifier
