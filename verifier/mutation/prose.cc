#include "verifier/mutation/prose.h"

#include <array>
#include <cstdlib>

namespace drover::verifier::mutation {

std::string InSentence(int value, Rng& rng) {
  constexpr std::array<const char*, 15> kSentences = {"The answer is #.",
                                                      "The answer is **#**.",
                                                      "The answer is: #",
                                                      "The answer is #, in total, so that is it.",
                                                      "The answer is # (see above).",
                                                      "The answer is #, since this was shown.",
                                                      "So the total is $#$.",
                                                      "So the value equals #",
                                                      "The minimum of the function is **#**",
                                                      "We get x = 7 first, so the answer is \\(#\\)",
                                                      "Hence x = #",
                                                      "Therefore it is *#*.",
                                                      "Thus the result is __#__.",
                                                      "Finally, this gives (#)",
                                                      "The only solution is x \u2208 {#}"};
  constexpr std::array<const char*, 3> kMinus = {"-", "\u2212", "\u2013"};
  std::string sentence = rng.Of(kSentences);
  const std::string sign = value < 0 ? rng.Of(kMinus) : "";
  return sentence.replace(sentence.find('#'), 1, sign + std::to_string(std::abs(value)));
}

std::string NumberWord(int value) {
  constexpr std::array<const char*, 21> kWords = {
      "zero",     "one",     "two",     "three",     "four",     "five",     "six",
      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
  return value < 0 || value > 20 ? "" : kWords[static_cast<size_t>(value)];
}

}  // namespace drover::verifier::mutation
