#include "verifier/utf8.h"

namespace drover::verifier {

size_t DecodeUtf8(std::string_view text, uint32_t* code) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    *code = lead;
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || text.size() < length) return 0;
  uint32_t value = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
  *code = value;
  return length;
}

bool IsReadableUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      if (text[i] == '\0') return false;
      ++i;
      continue;
    }
    uint32_t code = 0;
    const size_t length = DecodeUtf8(text.substr(i), &code);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string Printable(std::string_view bytes, size_t max_bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string_view shown = bytes.substr(0, max_bytes);
  while (shown.size() < bytes.size() && !shown.empty() &&
         (static_cast<unsigned char>(bytes[shown.size()]) & 0xC0) == 0x80) {
    shown.remove_suffix(1);  // never half a character
  }
  const bool utf8 = IsReadableUtf8(shown);
  std::string out;
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    // In UTF-8 the control characters U+0080 to U+009F are 0xC2 and the byte itself.
    const bool control = byte < 0x20 || byte == 0x7F ||
                         (utf8 && byte >= 0x80 && byte < 0xA0 && !out.empty() && out.back() == '\xC2');
    if (!control && (utf8 || byte < 0x80)) {
      out += c;
      continue;
    }
    if (utf8 && byte >= 0x80) out.pop_back();
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
  if (shown.size() < bytes.size()) out += "... (" + std::to_string(bytes.size()) + " bytes)";
  return out;
}

}  // namespace drover::verifier
