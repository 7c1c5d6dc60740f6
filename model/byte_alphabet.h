// GPT-2's byte alphabet: how tokenizer.json spells bytes. Printable Latin-1 bytes stand for themselves; the other
// 68, in order, are U+0100, U+0101, ... (openai/gpt-2, src/encoder.py, bytes_to_unicode).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::model {

// The character that spells `byte`.
char32_t ByteCharacter(uint8_t byte);

// `bytes` spelled, as UTF-8.
std::string SpellBytes(std::string_view bytes);

// The bytes that `spelled` (valid UTF-8) spells; nullopt when a character is outside the alphabet.
std::optional<std::string> UnspellBytes(std::string_view spelled);

}  // namespace drover::model
