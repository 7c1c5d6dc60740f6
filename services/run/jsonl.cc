#include "services/run/jsonl.h"

#include <memory>
#include <optional>
#include <sstream>

#include "base/file.h"
#include "base/status.h"

namespace drover::run {
namespace {

// The object of a line; nullopt when it is no JSON object with a step.
std::optional<nlohmann::ordered_json> ParseRecord(const std::string& line) {
  auto object = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  const auto at = object.find("step");
  if (at == object.end() || !at->is_number_unsigned()) return std::nullopt;
  return object;
}

}  // namespace

nlohmann::ordered_json OrNull(const std::optional<double>& value) {
  return value.has_value() ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

std::string ToLine(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// Lines are small and rare: open, append, close.
absl::Status AppendLines(const std::string& path, std::string_view lines, FileSystem* files) {
  ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> file, files->OpenForAppending(path));
  return file->Append(lines);
}

absl::StatusOr<std::vector<nlohmann::ordered_json>> ReadJsonl(const std::string& path, FileSystem* files) {
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes, files);
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

absl::StatusOr<uint64_t> KeepStepsUpTo(const std::string& path, uint64_t step, FileSystem* files) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes, files);
  if (absl::IsNotFound(text.status())) return 0;
  if (!text.ok()) return text.status();
  std::string kept;
  uint64_t dropped = 0;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto object = ParseRecord(line);
    if (!object) {
      ++dropped;
    } else if ((*object)["step"].get<uint64_t>() <= step) {
      kept += ToLine(*object);
    }
  }
  if (kept != *text) RETURN_IF_ERROR(WriteFileAtomically(path, kept, files));
  return dropped;
}

absl::StatusOr<JsonlCount> CountJsonl(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return JsonlCount();
  if (!text.ok()) return text.status();
  JsonlCount count;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) ++(ParseRecord(line) ? count.records : count.broken);
  return count;
}

std::string DroppedText(const std::string& path, uint64_t lines) {
  return absl::StrCat(path, ": ", lines, lines == 1 ? " line that is" : " lines that are",
                      " no whole record dropped");
}

}  // namespace drover::run
