#include "model/published_path.h"

#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace drover::model {

std::filesystem::path PublishedPath(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(folder, error).lexically_normal();
  if (error) path = folder.lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // a slash at the end
  const std::filesystem::path snapshots = path.parent_path();
  const std::string published = snapshots.parent_path().filename().string();
  absl::string_view name = published;
  if (snapshots.filename() != "snapshots" || !absl::ConsumePrefix(&name, "models--")) return path;
  std::filesystem::path shown = snapshots.parent_path().parent_path() / path.filename();
  for (const absl::string_view part : absl::StrSplit(name, "--")) shown /= std::string(part);
  return shown;
}

}  // namespace drover::model
