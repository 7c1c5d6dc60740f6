// How the tokens of a response spell its text, for who shows it token by token.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "model/tokenizer.h"

namespace drover::learner_process {

// How many of the characters (code points) of `text` each of `ids` brings; they add up to those of `text`. A character that
// is spread over several tokens belongs to the last of them; special tokens, and what was sampled after the end of the
// text, bring none. Nullopt when the text is no UTF-8 or is not what the tokens say.
std::optional<std::vector<uint32_t>> TokenChars(std::string_view text, absl::Span<const uint32_t> ids,
                                                const model::Tokenizer& tokenizer);

}  // namespace drover::learner_process
