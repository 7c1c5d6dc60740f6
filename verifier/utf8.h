// Bytes that are text, and bytes as a terminal may show them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drover::verifier {

// Decodes the code point that `text`, which is not empty, starts with; its length in bytes, or 0 if it is malformed.
size_t DecodeUtf8(std::string_view text, uint32_t* code);

// True for well-formed UTF-8 (no overlong forms, no surrogates) without NULs.
bool IsReadableUtf8(std::string_view text);

// Bytes as a terminal may show them: control characters, and bytes that are no UTF-8, as \xNN. Cut at `max_bytes` with a
// note of how many were left out.
std::string Printable(std::string_view bytes, size_t max_bytes);

}  // namespace drover::verifier
