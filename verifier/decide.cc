#include "verifier/decide.h"

#include "verifier/chars.h"
#include "verifier/fast_number.h"

namespace drover::verifier {

Reason Decide(std::string_view gold, std::string_view response, const Options& options, std::string* rule) {
  const auto a = ReadFastNumber(gold, options.budget.bits);
  const auto b = ReadFastNumber(response, options.budget.bits);
  if (a && b) return a->value == b->value ? Reason::kEqualExact : Reason::kDifferent;
  if (TrimSpace(gold) == TrimSpace(response)) return Reason::kEqualText;
  return a ? Reason::kUnparsedResponse : Reason::kUnparsedGold;
}

}  // namespace drover::verifier
