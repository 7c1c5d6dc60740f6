// libFuzzer: every reward format over arbitrary bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "verifier/answer/extract.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drover::verifier;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (RewardFormat format : {RewardFormat::kBoxed, RewardFormat::kAnswerTag, RewardFormat::kAnswerTagLenient,
                              RewardFormat::kPlain}) {
    const Extraction found = ExtractAnswer(text, format);
    if (found.answer && (!found.formatted || found.answer->size() > size)) std::abort();
  }
  JoinedBoxes(text);
  ExtractPlain(text, /*loose=*/true);
  return 0;
}
