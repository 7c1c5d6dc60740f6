// Text for people. ExplainGrade itself is declared in grader.h, the rules in rules.h.
#pragma once

#include <string>
#include <string_view>

namespace drover::verifier {

// Bytes as a terminal may show them: control characters, and bytes that are no UTF-8, as \xNN. Cut at `max_bytes` with a
// note of how many were left out.
std::string Printable(std::string_view bytes, size_t max_bytes);

}  // namespace drover::verifier
