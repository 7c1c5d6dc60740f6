#include "model/utf8.h"

#include <cstring>

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

// What a text that is not empty begins with: a whole character, or the longest part of one (at least a byte).
struct Prefix {
  size_t bytes;
  bool whole;
};

Prefix ReadPrefix(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t bytes = CharacterBytes(lead);
  if (bytes == 0) return {1, false};
  for (size_t k = 1; k < bytes; ++k) {
    if (k == text.size() || !IsContinuation(text[k])) return {k, false};
    if (k == 1 && !SecondByteFits(lead, static_cast<uint8_t>(text[1]))) return {1, false};
  }
  return {bytes, true};
}

bool EightAreAscii(std::string_view text, size_t at) {
  if (text.size() - at < 8) return false;
  uint64_t eight;
  std::memcpy(&eight, text.data() + at, 8);
  return (eight & 0x8080808080808080) == 0;
}

}  // namespace

std::optional<size_t> FirstInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (EightAreAscii(text, i)) {
      i += 8;
      continue;
    }
    const Prefix prefix = ReadPrefix(text.substr(i, 4));
    if (!prefix.whole) return i;
    i += prefix.bytes;
  }
  return std::nullopt;
}

bool IsAscii(std::string_view text) {
  size_t i = 0;
  while (EightAreAscii(text, i)) i += 8;
  for (; i < text.size(); ++i) {
    if (static_cast<uint8_t>(text[i]) >= 0x80) return false;
  }
  return true;
}

void AppendLossy(std::string_view bytes, std::string& text) {
  while (!bytes.empty()) {
    const size_t valid = FirstInvalidUtf8(bytes).value_or(bytes.size());
    text += bytes.substr(0, valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) return;
    text += "\uFFFD";
    bytes.remove_prefix(ReadPrefix(bytes.substr(0, 4)).bytes);
  }
}

size_t UnfinishedUtf8(std::string_view bytes) {
  for (size_t length = 1; length <= 3 && length <= bytes.size(); ++length) {
    const std::string_view end = bytes.substr(bytes.size() - length);
    if (IsContinuation(end[0])) continue;
    const Prefix prefix = ReadPrefix(end);
    return !prefix.whole && prefix.bytes == length && CharacterBytes(static_cast<uint8_t>(end[0])) > length
               ? length
               : 0;
  }
  return 0;
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
