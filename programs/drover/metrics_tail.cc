#include "programs/drover/metrics_tail.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace drover::cli {

void MetricsTail::LookForAnother() {
  struct stat found = {};
  if (::stat(path_.c_str(), &found) != 0) return;
  if (inode_ != 0 && found.st_ino != inode_) {
    at_ = 0;
    passed_over_ = incarnation_;
  }
  inode_ = found.st_ino;
}

std::vector<nlohmann::ordered_json> MetricsTail::TakeNew() {
  std::vector<nlohmann::ordered_json> lines;
  LookForAnother();
  std::ifstream file(path_, std::ios::binary);
  if (!file) return lines;
  file.seekg(at_);
  for (std::string line; std::getline(file, line) && !file.eof();) {
    at_ += static_cast<std::streamoff>(line.size()) + 1;
    auto object = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) continue;
    const int64_t incarnation = object.value("incarnation", int64_t{0});
    if (incarnation <= passed_over_) continue;
    incarnation_ = std::max(incarnation_, incarnation);
    lines.push_back(std::move(object));
  }
  return lines;
}

}  // namespace drover::cli
