// What the splitting expressions of tokenizers ask of a character, as one byte that a table gives at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace drover::model {

// Bits of a character's class; by Unicode's general categories, but for white space, which is a property. A character of
// class 0 is none of them (controls, formats, unassigned). White space has no other bit.
enum CharacterClass : uint8_t {
  kUpper = 1,        // Lu, Lt
  kLower = 2,        // Ll
  kOtherLetter = 4,  // Lm, Lo
  kMark = 8,         // M
  kNumber = 16,      // N
  kSpace = 32,       // White_Space
  kSign = 64,        // P, S
};
inline constexpr uint8_t kLetter = kUpper | kLower | kOtherLetter;  // L

// The classes of all code points, those of Unicode 16: from ICU, and what it lacks. Immutable.
class CharacterClasses {
 public:
  static const CharacterClasses& Get();

  uint8_t Of(char32_t c) const { return pages_[page_of_[c >> 8] << 8 | (c & 0xFF)]; }
  uint8_t OfAscii(uint8_t c) const { return pages_[c]; }  // page_of_[0] is 0

 private:
  CharacterClasses();
  void FoldPages(const std::vector<uint8_t>& flat);

  std::array<uint16_t, 0x1100> page_of_{};  // by code point / 256
  std::vector<uint8_t> pages_;              // distinct ones, 256 classes each
};

}  // namespace drover::model
