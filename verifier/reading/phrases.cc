#include "verifier/reading/phrases.h"

#include <algorithm>
#include <utility>

#include "verifier/chars.h"
#include "verifier/reading/number_words.h"
#include "verifier/reading/text.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxPhraseBytes = 160;

constexpr std::pair<std::string_view, std::string_view> kPhrases[] = {
    {"all real numbers", "\\mathbb{R}"},
    {"all reals", "\\mathbb{R}"},
    {"real numbers", "\\mathbb{R}"},
    {"the set of all real numbers", "\\mathbb{R}"},
    {"the set of real numbers", "\\mathbb{R}"},
    {"the reals", "\\mathbb{R}"},
    {"all integers", "\\mathbb{Z}"},
    {"the set of integers", "\\mathbb{Z}"},
    {"no solution", "\\emptyset"},
    {"no solutions", "\\emptyset"},
    {"no real solution", "\\emptyset"},
    {"no real solutions", "\\emptyset"},
    {"empty set", "\\emptyset"},
    {"the empty set", "\\emptyset"},
    {"none", "\\emptyset"},
    {"dne", "\\text{does not exist}"},
    {"does not exist", "\\text{does not exist}"},
    {"undefined", "\\text{does not exist}"},
    {"not defined", "\\text{does not exist}"},
};

}  // namespace

bool HasFormulaMark(std::string_view text) {
  static constexpr CharSet kMarks("^_=<>+|");
  return kMarks.AnyIn(text);
}

bool IsWords(std::string_view bare) {
  int letters = 0;
  for (char c : bare) letters += IsAlpha(c) || static_cast<unsigned char>(c) >= 0x80;
  return letters >= 2;
}

std::string PhraseAsMath(std::string_view text) {
  if (text.size() < 3 || text.size() > kMaxPhraseBytes || HasFormulaMark(text)) return {};
  if (std::any_of(text.begin(), text.end(), IsDigit)) return {};
  const std::string bare = LowerCase(BareText(text));
  for (const auto& [phrase, latex] : kPhrases) {
    if (bare == phrase) return std::string(latex);
  }
  const auto number = ReadNumberWords(bare);
  return number ? number->ToString() : std::string();
}

}  // namespace drover::verifier
