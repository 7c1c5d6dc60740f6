#include "recipe/nearest.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace drover::recipe {
namespace {

// Nobody's typo: names longer than this are not compared (the distance takes their product in time).
constexpr size_t kLongestName = 64;

// Optimal string alignment distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = absl::ascii_tolower(a[i - 1]) == absl::ascii_tolower(b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string Nearest(std::string_view got, const std::vector<std::string>& names) {
  if (got.empty() || got.size() > kLongestName) return "";
  std::string nearest;
  size_t fewest = 0;
  for (const std::string& name : names) {
    const size_t distance = Distance(got, name);
    const size_t allowed = std::clamp<size_t>(std::max(got.size(), name.size()) / 3, 1, 4);
    if (distance > allowed || (!nearest.empty() && distance >= fewest)) continue;
    nearest = name;
    fewest = distance;
  }
  return nearest;
}

}  // namespace drover::recipe
