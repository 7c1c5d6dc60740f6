// Reads golds into the fuzzer's own model, on purpose timidly: what could be read in two ways is not read at all, and
// then only such steps are taken that need no reading.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verifier/mutation/answer.h"

namespace drover::verifier::mutation {

std::optional<Answer> ReadGold(std::string_view text);

}  // namespace drover::verifier::mutation
