#include "model/utf8.h"

namespace drover::model {
namespace {

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Bytes of the character that begins with `lead`; 0 for a byte that begins none.
size_t CharacterBytes(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;  // a continuation, or an overlong form of ASCII
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

// The ranges of the second byte that keep overlong forms, surrogates and values above U+10FFFF out (Unicode
// Standard, table 3-7).
bool SecondByteFits(uint8_t lead, uint8_t second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second < 0xA0;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second < 0x90;
    default:
      return true;
  }
}

}  // namespace

std::optional<size_t> FirstInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    uint8_t lead = static_cast<uint8_t>(text[i]);
    size_t bytes = CharacterBytes(lead);
    if (bytes == 0 || bytes > text.size() - i) return i;
    for (size_t k = 1; k < bytes; ++k) {
      if (!IsContinuation(text[i + k])) return i;
    }
    if (bytes > 1 && !SecondByteFits(lead, static_cast<uint8_t>(text[i + 1]))) return i;
    i += bytes;
  }
  return std::nullopt;
}

char32_t NextCodePoint(std::string_view text, size_t& position) {
  uint8_t lead = static_cast<uint8_t>(text[position]);
  size_t bytes = CharacterBytes(lead);
  char32_t value = bytes == 1 ? lead : lead & (0x7F >> bytes);
  for (size_t k = 1; k < bytes; ++k) value = value << 6 | (static_cast<uint8_t>(text[position + k]) & 0x3F);
  position += bytes;
  return value;
}

char32_t LastCodePoint(std::string_view text) {
  size_t position = text.size() - 1;
  while (IsContinuation(text[position])) --position;
  return NextCodePoint(text, position);
}

void AppendUtf8(char32_t c, std::string& text) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | c >> 6);
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | c >> 12);
    text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | c >> 18);
    text += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace drover::model
