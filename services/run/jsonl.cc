#include "services/run/jsonl.h"

#include <sstream>

#include "base/file.h"
#include "base/status.h"

namespace drover::run {

std::string ToLine(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

absl::StatusOr<std::vector<nlohmann::ordered_json>> ReadJsonl(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return std::vector<nlohmann::ordered_json>();
  if (!text.ok()) return text.status();
  std::vector<nlohmann::ordered_json> objects;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    auto object = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (object.is_object()) {
      objects.push_back(std::move(object));
    } else if (!lines.eof()) {
      return absl::DataLossError(
          absl::StrCat(path, ": line ", objects.size() + 1, " is not a JSON object; remove it to go on"));
    }
  }
  return objects;
}

absl::Status KeepStepsUpTo(const std::string& path, uint64_t step) {
  ASSIGN_OR_RETURN(const auto objects, ReadJsonl(path));
  if (objects.empty()) return absl::OkStatus();
  std::string kept;
  for (const auto& object : objects) {
    const auto at = object.find("step");
    if (at != object.end() && at->is_number_unsigned() && at->get<uint64_t>() > step) continue;
    kept += ToLine(object);
  }
  return WriteFileAtomically(path, kept);
}

}  // namespace drover::run
