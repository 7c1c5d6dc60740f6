#include "learner/shard_plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace drover::learner {

bool ShardPiece::operator==(const ShardPiece& other) const {
  return parameter == other.parameter && begin == other.begin && elements == other.elements;
}

ShardPlan::ShardPlan(std::vector<int64_t> parameter_elements, int ranks)
    : parameter_elements_(std::move(parameter_elements)), ranks_(ranks) {
  DROVER_CHECK(ranks >= 1);
  for (int64_t elements : parameter_elements_) DROVER_CHECK(elements >= 1);
  const int64_t all = std::accumulate(parameter_elements_.begin(), parameter_elements_.end(), int64_t{0});
  run_elements_ = (all + ranks - 1) / ranks;
}

std::vector<ShardPiece> ShardPlan::Pieces(int rank) const {
  DROVER_CHECK(rank >= 0 && rank < ranks_);
  const int64_t run_begin = rank * run_elements_;
  const int64_t run_end = run_begin + run_elements_;
  std::vector<ShardPiece> pieces;
  int64_t offset = 0;  // of the parameter in the flat vector
  for (size_t i = 0; i < parameter_elements_.size(); ++i) {
    const int64_t begin = std::max(run_begin, offset);
    const int64_t end = std::min(run_end, offset + parameter_elements_[i]);
    if (begin < end) pieces.push_back({i, begin - offset, end - begin});
    offset += parameter_elements_[i];
  }
  return pieces;
}

}  // namespace drover::learner
