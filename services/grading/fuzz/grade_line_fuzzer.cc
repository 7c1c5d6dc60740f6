// Any bytes as a line of `drover grade`: refused with a reason, or graded into a line that is JSON.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "services/grading/grade_lines.h"
#include "services/grading/grade_one.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = drover::grading::ParseGradeLine(text, {});
  if (!line.ok()) {
    if (line.status().message().empty()) std::abort();
    return 0;
  }
  const std::string out =
      drover::grading::FormatGradeLine(line->id, drover::grading::GradeOne(line->request));
  if (!nlohmann::json::accept(out) || out.find('\n') != std::string::npos) std::abort();
  return 0;
}
