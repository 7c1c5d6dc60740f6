#include "programs/drover/analyze/models.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/published_path.h"
#include "plot/canvas.h"

namespace drover::cli::analyze {
namespace {

using Parts = std::vector<std::string>;

static_assert(kMostModels <= plot::kColours);

Parts SplitAtSlashes(absl::string_view text) { return absl::StrSplit(text, '/', absl::SkipEmpty()); }

Parts PartsOf(const ModelOptions& model) {
  if (!model.folder.empty()) return SplitAtSlashes(model::PublishedPath(model.folder).string());
  const size_t scheme = model.endpoint.find("://");
  const std::string address =
      scheme == std::string::npos ? model.endpoint : model.endpoint.substr(scheme + 3);
  const std::string host = address.substr(0, address.find('/'));  // without the path, which is mostly /v1
  return SplitAtSlashes(absl::StrCat(host, "/", model.endpoint_model));
}

// The last `count` of `parts`, or all of them.
std::string LastParts(const Parts& parts, size_t count) {
  return absl::StrJoin(parts.end() - static_cast<std::ptrdiff_t>(std::min(count, parts.size())), parts.end(),
                       "/");
}

// The fewest last parts of the one at `index` that no other one ends in.
std::string NameOf(const std::vector<Parts>& all, size_t index) {
  size_t count = 1;
  const auto shared = [&] {
    for (size_t other = 0; other < all.size(); ++other) {
      if (other != index && LastParts(all[other], count) == LastParts(all[index], count)) return true;
    }
    return false;
  };
  while (count < all[index].size() && shared()) ++count;
  return LastParts(all[index], count);
}

// `name` as the name of one folder on any file system.
std::string FolderOf(const std::string& name) {
  std::string folder;
  for (char c : name) {
    if (c == '/') {
      folder += "__";
    } else {
      folder +=
          absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' ? c : '_';
    }
  }
  if (folder.empty() || folder[0] == '.') folder.insert(0, "_");
  return absl::StrCat("models/", folder);
}

absl::Status CheckFolders(const std::vector<std::string>& folders) {
  std::map<std::filesystem::path, std::string> seen;
  for (const std::string& folder : folders) {
    std::error_code error;
    const auto [first, is_new] =
        seen.emplace(std::filesystem::weakly_canonical(std::filesystem::path(folder) / "", error), folder);
    if (is_new) continue;
    return absl::InvalidArgumentError(
        first->second == folder
            ? absl::StrCat("--model ", folder, " is given twice")
            : absl::StrCat("--model ", first->second, " and --model ", folder, " are the same folder"));
  }
  return absl::OkStatus();
}

// Each by itself, without names.
absl::StatusOr<std::vector<ModelOptions>> Split(const AnalyzeOptions& options) {
  std::vector<ModelOptions> models;
  for (const std::string& folder : options.folders) {
    ModelOptions model = options.model;
    model.folder = folder;
    model.endpoint = model.endpoint_model = "";
    models.push_back(model);
  }
  if (!options.model.endpoint.empty()) models.push_back(options.model);
  if (models.empty()) {
    return absl::InvalidArgumentError("give --model DIR, or --endpoint URL with --endpoint-model NAME");
  }
  if (models.size() > kMostModels) {
    return absl::InvalidArgumentError(
        absl::StrCat(models.size(), " models are given; one analysis compares at most ", kMostModels));
  }
  if (models.size() > 1 && !options.model.endpoint.empty() && options.model.endpoint_model.empty()) {
    return absl::InvalidArgumentError(
        "--endpoint beside several --model needs --endpoint-model NAME, the model's name there");
  }
  return models;
}

}  // namespace

absl::StatusOr<std::vector<NamedModel>> ModelsOf(const AnalyzeOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<ModelOptions> models, Split(options));
  RETURN_IF_ERROR(CheckFolders(options.folders));
  std::vector<Parts> parts;
  for (const ModelOptions& model : models) parts.push_back(PartsOf(model));
  std::vector<NamedModel> named;
  std::map<std::string, std::string> folders;
  for (size_t i = 0; i < models.size(); ++i) {
    named.push_back({NameOf(parts, i), FolderOf(NameOf(parts, i)), models[i]});
    const auto [other, is_new] = folders.emplace(named[i].folder, named[i].name);
    if (is_new) continue;
    return absl::InvalidArgumentError(absl::StrCat("the models ", other->second, " and ", named[i].name,
                                                   " would be kept in the same folder, ", named[i].folder,
                                                   "; give one of them another name"));
  }
  return named;
}

}  // namespace drover::cli::analyze
