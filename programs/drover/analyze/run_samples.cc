#include "programs/drover/analyze/run_samples.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::cli::analyze {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMostBytes = uint64_t{16} << 30;

// nullopt for a line that is no group.
std::optional<std::pair<int64_t, std::vector<analysis::Sample>>> ParseGroup(const Json& line) {
  if (!line.is_object()) return std::nullopt;
  const auto step = line.find("step"), prompt = line.find("prompt"), responses = line.find("responses");
  const auto group = line.find("group");
  if (step == line.end() || !step->is_number_integer() || prompt == line.end() || !prompt->is_string() ||
      responses == line.end() || !responses->is_array() || group == line.end()) {
    return std::nullopt;
  }
  std::vector<analysis::Sample> samples;
  const auto& text = prompt->get_ref<const std::string&>();
  for (const Json& response : *responses) {
    if (!response.is_object() || !response.contains("text") || !response["text"].is_string() ||
        !response.contains("reward") || !response["reward"].is_number() || !response.contains("tokens") ||
        !response["tokens"].is_number_unsigned()) {
      return std::nullopt;
    }
    samples.push_back(
        {absl::StrCat("step-", step->get<int64_t>(), "/group-", group->dump(), "#", samples.size()),
         HexDigest(text), text, response["text"].get<std::string>(), response["reward"].get<double>() > 0.5,
         response["tokens"].get<uint64_t>()});
  }
  return std::make_pair(step->get<int64_t>(), std::move(samples));
}

std::vector<StepSamples> Binned(std::map<int64_t, std::vector<analysis::Sample>> steps, size_t bins) {
  std::vector<StepSamples> binned;
  const size_t each = (steps.size() + bins - 1) / std::max<size_t>(bins, 1);
  size_t in_bin = each;
  for (auto& [step, samples] : steps) {
    if (in_bin == each) {
      binned.push_back({.first = step, .samples = {}});
      in_bin = 0;
    }
    ++in_bin;
    binned.back().last = step;
    std::move(samples.begin(), samples.end(), std::back_inserter(binned.back().samples));
  }
  return binned;
}

}  // namespace

absl::StatusOr<std::vector<StepSamples>> ReadRunSamples(const std::string& run, size_t bins) {
  const std::string path = absl::StrCat(run, "/samples.jsonl");
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMostBytes));
  std::map<int64_t, std::vector<analysis::Sample>> steps;
  size_t begin = 0, number = 0;
  for (size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    ++number;
    const auto from = text.begin() + static_cast<std::ptrdiff_t>(begin);
    auto group =
        ParseGroup(Json::parse(from, text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false));
    if (!group.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": is no group of a run"));
    }
    std::vector<analysis::Sample>& samples = steps[group->first];
    std::move(group->second.begin(), group->second.end(), std::back_inserter(samples));
  }
  if (steps.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": no group is in it"));
  return Binned(std::move(steps), bins);
}

absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> Checkpoints(const std::string& run) {
  const std::string folder = absl::StrCat(run, "/checkpoints");
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(folder));
  std::vector<std::pair<int64_t, std::string>> checkpoints;
  for (const FolderEntry& entry : entries) {
    int64_t step = 0;
    constexpr absl::string_view kPrefix = "step-";
    if (!absl::StartsWith(entry.name, kPrefix)) continue;
    if (!absl::SimpleAtoi(absl::string_view(entry.name).substr(kPrefix.size()), &step)) continue;
    checkpoints.emplace_back(step, absl::StrCat(folder, "/", entry.name));
  }
  if (checkpoints.empty()) return absl::NotFoundError(absl::StrCat(folder, ": no checkpoint is there"));
  std::sort(checkpoints.begin(), checkpoints.end());
  return checkpoints;
}

}  // namespace drover::cli::analyze
