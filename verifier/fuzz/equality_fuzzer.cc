// libFuzzer: two answers apart by a line end are compared both ways; an answer equals itself when it is readable.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "verifier/grader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drover::verifier;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t split = text.find('\n');
  const std::string left = text.substr(0, split), right = split == text.npos ? "" : text.substr(split + 1);
  for (const bool free_text : {false, true}) {
    GradeRequest request{.golds = {left}, .response = right, .already_extracted = free_text};
    if (!free_text) request.response = "\\boxed{" + right + "}";
    const Verdict first = Grade(request), second = Grade(request);
    if (first.reason != second.reason || first.reward != second.reward) std::abort();
    request.golds = {right};
    request.response = left;
    Grade(request);
  }
  return 0;
}
