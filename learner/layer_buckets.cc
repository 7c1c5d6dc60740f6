#include "learner/layer_buckets.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace drover::learner {
namespace {

constexpr char kLayers[] = "layers.";
constexpr char kHead[] = "lm_head.";
constexpr int kNone = -1;

// The number behind "layers.", at the name's beginning or behind a dot.
int LayerOf(absl::string_view name) {
  const size_t found = name.find(kLayers);
  if (found == name.npos || (found > 0 && name[found - 1] != '.')) return kNone;
  absl::string_view rest = name.substr(found + sizeof(kLayers) - 1);
  int layer = 0;
  return absl::SimpleAtoi(rest.substr(0, rest.find('.')), &layer) && layer >= 0 ? layer : kNone;
}

}  // namespace

LayerBuckets BucketsByLayer(const std::vector<std::string>& names) {
  LayerBuckets buckets;
  std::vector<int> done;  // what buckets are sorted by
  for (const std::string& name : names) {
    const int layer = LayerOf(name);
    if (layer != kNone && !buckets.layers.empty() && buckets.layers.back() == layer) {
      ++buckets.parameters.back();
      continue;
    }
    buckets.parameters.push_back(1);
    buckets.layers.push_back(layer);
    const bool head = absl::StartsWith(name, kHead);
    done.push_back(layer != kNone ? -layer : head ? std::numeric_limits<int>::min() : 1);
  }
  buckets.order.resize(done.size());
  std::iota(buckets.order.begin(), buckets.order.end(), size_t{0});
  std::stable_sort(buckets.order.begin(), buckets.order.end(),
                   [&](size_t a, size_t b) { return done[a] < done[b]; });
  return buckets;
}

}  // namespace drover::learner
