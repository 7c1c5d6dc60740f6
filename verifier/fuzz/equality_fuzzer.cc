// libFuzzer: two answers apart by a line end are compared both ways, as bare answers or in a box (by the length's
// parity); the same request gets the same verdict again, tried on every sixteenth input.
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
  const bool boxed = size % 2 == 0;
  GradeRequest request{.golds = {left}, .response = right, .already_extracted = !boxed};
  if (boxed) request.response = "\\boxed{" + right + "}";
  const Verdict first = Grade(request);
  if (size % 16 == 0) {
    const Verdict second = Grade(request);
    if (first.reason != second.reason || first.reward != second.reward) std::abort();
  }
  request.golds = {right};
  request.response = boxed ? "\\boxed{" + left + "}" : left;
  Grade(request);
  return 0;
}
