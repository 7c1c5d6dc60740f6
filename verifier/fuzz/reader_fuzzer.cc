// libFuzzer: the LaTeX reader over arbitrary bytes; a tree that is read can be printed and prepared.
#include <cstddef>
#include <cstdint>
#include <string>

#include "verifier/equality/prepare.h"
#include "verifier/reading/parser.h"
#include "verifier/reading/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drover::verifier;
  const std::string text = NormalizeMath(std::string_view(reinterpret_cast<const char*>(data), size));
  for (const bool european : {false, true}) {
    Names names;
    Budget budget{BudgetLimits()};
    auto tree = ReadMath(text, {.european_decimals = european}, &names, budget);
    if (!tree) continue;
    PrepareTree(&*tree, budget);
    ToString(*tree, tree->root);
  }
  return 0;
}
