#include "programs/drover/analyze/progress.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace drover::cli::analyze {

std::string ProgressText(const std::string& parts, size_t done, size_t all, size_t before,
                         absl::Duration since) {
  std::string text = absl::StrCat(done, " of ", all, " ", parts);
  if (done <= before || done >= all) return text;
  const absl::Duration left = since / static_cast<double>(done - before) * static_cast<double>(all - done);
  return absl::StrCat(text, ", about ", absl::FormatDuration(absl::Ceil(left, absl::Seconds(1))), " left");
}

void AnalysisProgress::Show(const std::string& name, const std::string& parts, size_t done, size_t all,
                            size_t before) {
  if (name != name_) {
    name_ = name;
    began_ = absl::Now();
  }
  const std::string place = absl::StrCat(name, " (", finished_ + 1, " of ", things_, ")");
  if (done < all) {
    line_.Show(absl::StrCat(place, ": ", ProgressText(parts, done, all, before, absl::Now() - began_)));
    return;
  }
  line_.Clear();
  std::fprintf(stderr, "%s: %zu %s, %s\n", place.c_str(), all, parts.c_str(),
               absl::FormatDuration(absl::Trunc(absl::Now() - began_, absl::Seconds(1))).c_str());
  ++finished_;
}

}  // namespace drover::cli::analyze
