#include "learner/plan.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace drover::learner {
namespace {

// A stream number for each (rollout, epoch): epochs are at most 100 (recipe.proto).
constexpr uint64_t kEpochsPerRollout = 1024;

// Longest first; equal lengths by number, so that the order is the same everywhere.
void SortByLength(std::vector<int64_t>& responses, absl::Span<const int64_t> lengths) {
  std::sort(responses.begin(), responses.end(),
            [&](int64_t a, int64_t b) { return lengths[a] != lengths[b] ? lengths[a] > lengths[b] : a < b; });
}

}  // namespace

std::vector<std::vector<int64_t>> PlanSteps(int64_t responses, uint64_t rollout, const PlanOptions& options) {
  std::vector<std::vector<int64_t>> steps;
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    std::vector<int64_t> order(responses);
    std::iota(order.begin(), order.end(), 0);
    RandomStream random(options.seed, RandomPurpose::kMinibatchOrder, rollout * kEpochsPerRollout + epoch);
    Shuffle(order, random);
    for (auto& step : CutInOrder(order, options.minibatch_responses)) steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<int64_t> RankShare(absl::Span<const int64_t> minibatch, absl::Span<const int64_t> lengths,
                               int rank, int ranks) {
  std::vector<int64_t> sorted(minibatch.begin(), minibatch.end());
  SortByLength(sorted, lengths);
  std::vector<int64_t> share;
  for (size_t begin = 0, round = 0; begin < sorted.size(); begin += ranks, ++round) {
    const size_t i = begin + (round % 2 == 0 ? rank : ranks - 1 - rank);
    if (i < sorted.size()) share.push_back(sorted[i]);
  }
  return share;
}

std::vector<std::vector<int64_t>> CutMicrobatches(std::vector<int64_t> share,
                                                  absl::Span<const int64_t> lengths,
                                                  int64_t microbatch_responses) {
  SortByLength(share, lengths);
  return CutInOrder(share, microbatch_responses);
}

std::vector<std::vector<int64_t>> CutByTokens(std::vector<int64_t> share, absl::Span<const int64_t> lengths,
                                              int64_t tokens) {
  SortByLength(share, lengths);
  std::vector<std::vector<int64_t>> pieces;
  int64_t left = 0;
  for (const int64_t response : share) {
    if (pieces.empty() || lengths[response] > left) {
      pieces.emplace_back();
      left = tokens;
    }
    pieces.back().push_back(response);
    left -= lengths[response];
  }
  return pieces;
}

std::vector<std::vector<int64_t>> CutInOrder(const std::vector<int64_t>& items, int64_t size) {
  const int64_t count = static_cast<int64_t>(items.size());
  std::vector<std::vector<int64_t>> pieces;
  for (int64_t begin = 0; begin < count; begin += size) {
    const int64_t end = std::min(count, begin + size);
    pieces.emplace_back(items.begin() + begin, items.begin() + end);
  }
  return pieces;
}

}  // namespace drover::learner
