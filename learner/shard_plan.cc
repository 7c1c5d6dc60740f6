#include "learner/shard_plan.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace drover::learner {
namespace {

std::vector<size_t> OneBucket(size_t parameters) {
  return parameters == 0 ? std::vector<size_t>() : std::vector<size_t>{parameters};
}

}  // namespace

bool ShardPiece::operator==(const ShardPiece& other) const {
  return parameter == other.parameter && begin == other.begin && elements == other.elements &&
         place == other.place;
}

ShardPlan::ShardPlan(std::vector<int64_t> parameter_elements, int ranks)
    : ShardPlan(parameter_elements, OneBucket(parameter_elements.size()), ranks) {}

ShardPlan::ShardPlan(std::vector<int64_t> parameter_elements, const std::vector<size_t>& bucket_parameters,
                     int ranks)
    : parameter_elements_(std::move(parameter_elements)), ranks_(ranks) {
  DROVER_CHECK(ranks >= 1);
  int64_t begin = 0;  // of the bucket
  for (size_t parameters : bucket_parameters) {
    DROVER_CHECK(parameters >= 1 && offsets_.size() + parameters <= parameter_elements_.size());
    ShardBucket bucket{.first = offsets_.size(), .parameters = parameters, .begin = begin};
    int64_t elements = 0;
    for (size_t i = 0; i < parameters; ++i) {
      DROVER_CHECK(parameter_elements_[bucket.first + i] >= 1);
      offsets_.push_back(begin + elements);
      elements += parameter_elements_[bucket.first + i];
    }
    bucket.run_elements = (elements + ranks - 1) / ranks;
    begin += ranks * bucket.run_elements;
    buckets_.push_back(bucket);
  }
  DROVER_CHECK(offsets_.size() == parameter_elements_.size());
}

int64_t ShardPlan::run_elements() const {
  return buckets_.empty() ? 0 : buckets_.back().begin / ranks_ + buckets_.back().run_elements;
}

std::vector<ShardPiece> ShardPlan::Pieces(int rank) const {
  DROVER_CHECK(rank >= 0 && rank < ranks_);
  std::vector<ShardPiece> pieces;
  for (const ShardBucket& bucket : buckets_) {
    const int64_t run_begin = bucket.begin + rank * bucket.run_elements;
    const int64_t run_end = run_begin + bucket.run_elements;
    for (size_t i = bucket.first; i < bucket.first + bucket.parameters; ++i) {
      const int64_t begin = std::max(run_begin, offsets_[i]);
      const int64_t end = std::min(run_end, offsets_[i] + parameter_elements_[i]);
      if (begin >= end) continue;
      pieces.push_back({i, begin - offsets_[i], end - begin, bucket.begin / ranks_ + begin - run_begin});
    }
  }
  return pieces;
}

}  // namespace drover::learner
