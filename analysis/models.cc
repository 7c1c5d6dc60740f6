#include "analysis/models.h"

#include "absl/strings/str_cat.h"
#include "analysis/markdown.h"

namespace drover::analysis {

std::string ModelsPart(const std::vector<std::vector<std::string>>& models) {
  std::vector<std::vector<std::string>> rows;
  for (const std::vector<std::string>& model : models) {
    rows.push_back(
        {model[0], model[1], absl::StrCat("[", model[2], "/report.md](", model[2], "/report.md)")});
  }
  return absl::StrCat(
      "\n## The models\n\n", MarkdownTable({"model", "is", "its own report"}, rows),
      "\nEach was asked the same questions under the same settings, which its own report has. Intervals are "
      "of one model: whether two "
      "differ on the same questions is tested by `drover compare`, of their folders `responses/SETTING`.\n");
}

}  // namespace drover::analysis
