#include "programs/drover/metrics_tail.h"

#include <fstream>

namespace drover::cli {

std::vector<nlohmann::ordered_json> MetricsTail::TakeNew() {
  std::vector<nlohmann::ordered_json> lines;
  std::ifstream file(path_, std::ios::binary);
  if (!file) return lines;
  file.seekg(at_);
  for (std::string line; std::getline(file, line) && !file.eof();) {
    at_ += static_cast<std::streamoff>(line.size()) + 1;
    auto object = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (object.is_object()) lines.push_back(std::move(object));
  }
  return lines;
}

}  // namespace drover::cli
