// UTF-8 by hand: what the tokenizer needs of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::model {

// The byte where `text` stops being UTF-8 (overlong forms, surrogates and values above U+10FFFF are not UTF-8);
// nullopt when all of it is.
std::optional<size_t> FirstInvalidUtf8(std::string_view text);

// The code point at `position` of valid UTF-8, which is moved past it.
char32_t NextCodePoint(std::string_view text, size_t& position);

// The code point that ends at the end of `text`, valid and not empty.
char32_t LastCodePoint(std::string_view text);

bool IsAscii(std::string_view text);

// Appends `bytes` as UTF-8: what is none becomes U+FFFD, one for each longest beginning of a character that does not go on
// (Unicode Standard, chapter 3, "U+FFFD Substitution of Maximal Subparts"; what Rust's from_utf8_lossy does).
void AppendLossy(std::string_view bytes, std::string& text);

// The bytes at the end of `bytes` that begin a character and could become one with more behind them: 0 to 3.
size_t UnfinishedUtf8(std::string_view bytes);

void AppendUtf8(char32_t code_point, std::string& text);

}  // namespace drover::model
