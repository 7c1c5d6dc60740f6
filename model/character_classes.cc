#include "model/character_classes.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace drover::model {
namespace {

constexpr UChar32 kEnd = 0x110000;

// What Unicode 15.1 and 16 added to ICU 72's Unicode 15, as Hugging Face's tokenizers 0.23 (Oniguruma) class it.
struct Addition {
  char32_t first, last;
  uint8_t what;
};
constexpr Addition kAdditions[] = {{0x897, 0x897, kMark},
                                   {0x1B4E, 0x1B4F, kSign},
                                   {0x1B7F, 0x1B7F, kSign},
                                   {0x1C89, 0x1C89, kUpper},
                                   {0x1C8A, 0x1C8A, kLower},
                                   {0x2427, 0x2429, kSign},
                                   {0x2FFC, 0x2FFF, kSign},
                                   {0x31E4, 0x31E5, kSign},
                                   {0x31EF, 0x31EF, kSign},
                                   {0xA7CB, 0xA7CC, kUpper},
                                   {0xA7CD, 0xA7CD, kLower},
                                   {0xA7DA, 0xA7DA, kUpper},
                                   {0xA7DB, 0xA7DB, kLower},
                                   {0xA7DC, 0xA7DC, kUpper},
                                   {0x105C0, 0x105F3, kOtherLetter},
                                   {0x10D40, 0x10D49, kNumber},
                                   {0x10D4A, 0x10D4F, kOtherLetter},
                                   {0x10D50, 0x10D65, kUpper},
                                   {0x10D69, 0x10D6D, kMark},
                                   {0x10D6E, 0x10D6E, kSign},
                                   {0x10D6F, 0x10D6F, kOtherLetter},
                                   {0x10D70, 0x10D85, kLower},
                                   {0x10D8E, 0x10D8F, kSign},
                                   {0x10EC2, 0x10EC4, kOtherLetter},
                                   {0x10EFC, 0x10EFC, kMark},
                                   {0x11380, 0x11389, kOtherLetter},
                                   {0x1138B, 0x1138B, kOtherLetter},
                                   {0x1138E, 0x1138E, kOtherLetter},
                                   {0x11390, 0x113B5, kOtherLetter},
                                   {0x113B7, 0x113B7, kOtherLetter},
                                   {0x113B8, 0x113C0, kMark},
                                   {0x113C2, 0x113C2, kMark},
                                   {0x113C5, 0x113C5, kMark},
                                   {0x113C7, 0x113CA, kMark},
                                   {0x113CC, 0x113D0, kMark},
                                   {0x113D1, 0x113D1, kOtherLetter},
                                   {0x113D2, 0x113D2, kMark},
                                   {0x113D3, 0x113D3, kOtherLetter},
                                   {0x113D4, 0x113D5, kSign},
                                   {0x113D7, 0x113D8, kSign},
                                   {0x113E1, 0x113E2, kMark},
                                   {0x116D0, 0x116E3, kNumber},
                                   {0x11BC0, 0x11BE0, kOtherLetter},
                                   {0x11BE1, 0x11BE1, kSign},
                                   {0x11BF0, 0x11BF9, kNumber},
                                   {0x11F5A, 0x11F5A, kMark},
                                   {0x13460, 0x143FA, kOtherLetter},
                                   {0x16100, 0x1611D, kOtherLetter},
                                   {0x1611E, 0x1612F, kMark},
                                   {0x16130, 0x16139, kNumber},
                                   {0x16D40, 0x16D6C, kOtherLetter},
                                   {0x16D6D, 0x16D6F, kSign},
                                   {0x16D70, 0x16D79, kNumber},
                                   {0x18CFF, 0x18CFF, kOtherLetter},
                                   {0x1CC00, 0x1CCEF, kSign},
                                   {0x1CCF0, 0x1CCF9, kNumber},
                                   {0x1CD00, 0x1CEB3, kSign},
                                   {0x1E5D0, 0x1E5ED, kOtherLetter},
                                   {0x1E5EE, 0x1E5EF, kMark},
                                   {0x1E5F0, 0x1E5F0, kOtherLetter},
                                   {0x1E5F1, 0x1E5FA, kNumber},
                                   {0x1E5FF, 0x1E5FF, kSign},
                                   {0x1F8B2, 0x1F8BB, kSign},
                                   {0x1F8C0, 0x1F8C1, kSign},
                                   {0x1FA89, 0x1FA89, kSign},
                                   {0x1FA8F, 0x1FA8F, kSign},
                                   {0x1FABE, 0x1FABE, kSign},
                                   {0x1FAC6, 0x1FAC6, kSign},
                                   {0x1FADC, 0x1FADC, kSign},
                                   {0x1FADF, 0x1FADF, kSign},
                                   {0x1FAE9, 0x1FAE9, kSign},
                                   {0x1FBCB, 0x1FBEF, kSign},
                                   {0x2EBF0, 0x2EE5D, kOtherLetter}};

uint8_t ClassOfCategory(UCharCategory category) {
  const uint32_t bit = U_MASK(category);
  if (bit & (U_GC_LU_MASK | U_GC_LT_MASK)) return kUpper;
  if (bit & U_GC_LL_MASK) return kLower;
  if (bit & U_GC_L_MASK) return kOtherLetter;
  if (bit & U_GC_M_MASK) return kMark;
  if (bit & U_GC_N_MASK) return kNumber;
  if (bit & (U_GC_P_MASK | U_GC_S_MASK)) return kSign;
  return 0;
}

// Ranges of one category, as u_enumCharTypes gives them: [start, limit).
UBool PaintRange(const void* context, UChar32 start, UChar32 limit, UCharCategory category) {
  auto& flat = *static_cast<std::vector<uint8_t>*>(const_cast<void*>(context));
  std::fill(flat.begin() + start, flat.begin() + std::min(limit, kEnd), ClassOfCategory(category));
  return true;
}

}  // namespace

CharacterClasses::CharacterClasses() {
  std::vector<uint8_t> flat(kEnd, 0);
  u_enumCharTypes(PaintRange, &flat);
  for (UChar32 c = 0; c <= 0x3000; ++c) {  // U+3000 is the last white space
    if (u_isUWhiteSpace(c)) flat[static_cast<size_t>(c)] = kSpace;
  }
  for (const Addition& addition : kAdditions) {
    std::fill(flat.begin() + addition.first, flat.begin() + addition.last + 1, addition.what);
  }
  FoldPages(flat);
}

void CharacterClasses::FoldPages(const std::vector<uint8_t>& flat) {
  std::map<std::string_view, uint16_t> known;
  for (size_t page = 0; page < page_of_.size(); ++page) {
    const std::string_view content(reinterpret_cast<const char*>(flat.data()) + page * 256, 256);
    const auto [found, fresh] = known.emplace(content, static_cast<uint16_t>(known.size()));
    if (fresh) pages_.insert(pages_.end(), content.begin(), content.end());
    page_of_[page] = found->second;
  }
}

const CharacterClasses& CharacterClasses::Get() {
  static const auto* const kClasses = new CharacterClasses;
  return *kClasses;
}

}  // namespace drover::model
