// The answer within text that no reward format has been applied to.
#pragma once

#include <string>
#include <string_view>

#include "verifier/types.h"

namespace drover::verifier {

// The answer's bytes, trimmed: without a label ("Answer: 5", "**5**"), and with `free_text` what the boxes, the announcement,
// the last LaTeX or the last number say where `text` is prose.
std::string FinalAnswer(std::string_view text, bool free_text, const Options& options);

// True if bare words deny a value beside them: "0 is wrong", "3 (rejected)", "not 4". Their letters would be factors of a
// product. Words alone ("incorrect") deny nothing.
bool DeniesItsValue(std::string_view answer);

}  // namespace drover::verifier
