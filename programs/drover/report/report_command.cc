#include "programs/drover/report/report_command.h"

#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "base/token.h"
#include "services/page/html.h"
#include "services/page/run_data.h"

namespace drover::cli::report {
namespace {

using Json = nlohmann::ordered_json;

absl::Status CheckRuns(const std::vector<std::string>& runs) {
  std::set<std::string> seen;
  for (const std::string& run : runs) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::weakly_canonical(run, error);
    if (!seen.insert(error ? run : path.string()).second) {
      return absl::InvalidArgumentError(absl::StrCat(run, ": this run is given twice"));
    }
  }
  return absl::OkStatus();
}

// Folders of the same name are called by their paths, so that no two runs share a name.
void NameApart(const std::vector<std::string>& paths, Json* runs) {
  std::multiset<std::string> names;
  for (const Json& run : *runs) names.insert(run["name"].get<std::string>());
  for (size_t i = 0; i < runs->size(); ++i) {
    if (names.count((*runs)[i]["name"].get<std::string>()) > 1) (*runs)[i]["name"] = paths[i];
  }
}

absl::Status Write(const std::string& out, const std::string& page) {
  if (out != "-" && MayBeReplaced(out)) return WriteFileAtomically(out, page);
  std::FILE* file = out == "-" ? stdout : std::fopen(out.c_str(), "wb");
  if (file == nullptr) return ErrnoError(out, "open");
  const bool written = std::fwrite(page.data(), 1, page.size(), file) == page.size();
  const bool flushed = (out == "-" ? std::fflush(file) : std::fclose(file)) == 0;
  return written && flushed ? absl::OkStatus() : ErrnoError(out, "write");
}

}  // namespace

absl::Status WriteReport(const ReportOptions& options) {
  RETURN_IF_ERROR(CheckRuns(options.runs));
  page::RunLimits limits;
  limits.samples.max_bytes = options.samples_mib << 20;
  Json runs = Json::array();
  for (const std::string& path : options.runs) {
    ASSIGN_OR_RETURN(Json run, page::ReadRun(run::RunFolder(path), limits));
    runs.push_back(std::move(run));
  }
  NameApart(options.runs, &runs);
  const std::string title = runs.size() == 1 ? absl::StrCat("Run ", runs[0]["name"].get<std::string>())
                                             : absl::StrCat(runs.size(), " runs");
  return Write(
      options.out,
      page::Html({.title = title, .data = Json({{"runs", std::move(runs)}}), .nonce = UnguessableToken()}));
}

}  // namespace drover::cli::report
