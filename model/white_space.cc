#include "model/white_space.h"

#include <unicode/uchar.h>

#include "model/utf8.h"

namespace drover::model {

bool IsWhiteSpace(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)); }

size_t BeforeSpace(std::string_view text, size_t first, size_t end) {
  while (end > first) {
    size_t begin = end - 1;
    while ((static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) --begin;
    size_t behind = begin;
    if (!IsWhiteSpace(NextCodePoint(text, behind))) break;
    end = begin;
  }
  return end;
}

size_t BehindSpace(std::string_view text, size_t begin) {
  while (begin < text.size()) {
    size_t next = begin;
    if (!IsWhiteSpace(NextCodePoint(text, next))) break;
    begin = next;
  }
  return begin;
}

}  // namespace drover::model
