#include "programs/model/bench/unlike_lengths.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/status.h"

namespace drover::model_tool {
namespace {

// The group whose responses begin at `first`.
actor::GroupRequest GroupAt(const UnlikeWork& work, const std::vector<uint32_t>& lengths, size_t first) {
  const size_t end = std::min(first + work.group_size, lengths.size());
  actor::GroupRequest request;
  request.id = first;
  request.group = first;
  request.prompt_token_ids = work.prompts[first / work.group_size % work.prompts.size()];
  request.lengths.assign(lengths.begin() + static_cast<ptrdiff_t>(first),
                         lengths.begin() + static_cast<ptrdiff_t>(end));
  request.sampling.set_group_size(static_cast<uint32_t>(end - first));
  request.sampling.set_max_tokens(work.tokens.most);
  request.sampling.set_temperature(work.temperature);
  request.sampling.set_top_p(1.0);
  request.sampling.set_seed(work.seed);
  return request;
}

}  // namespace

std::vector<uint32_t> UnlikeLengths(const UnlikeWork& work) {
  std::vector<uint32_t> lengths = SpreadLengths(work.tokens, work.responses());
  RandomStream random(/*run_seed=*/0, RandomPurpose::kPromptOrder, /*stream=*/0);
  Shuffle(lengths, random);
  return lengths;
}

std::vector<uint32_t> EvenLengths(const UnlikeWork& work) {
  const std::vector<uint32_t> unlike = UnlikeLengths(work);
  const uint64_t sum = std::accumulate(unlike.begin(), unlike.end(), uint64_t{0});
  std::vector<uint32_t> lengths(unlike.size(), static_cast<uint32_t>(sum / unlike.size()));
  for (size_t i = 0; i < sum % unlike.size(); ++i) ++lengths[i];
  return lengths;
}

absl::StatusOr<UnlikeRound> RunUnlike(const UnlikeWork& work, const std::vector<uint32_t>& lengths,
                                      actor::Engine& engine) {
  for (size_t first = 0; first < lengths.size(); first += work.group_size) {
    RETURN_IF_ERROR(engine.Add(GroupAt(work, lengths, first)));
  }
  UnlikeRound round;
  const uint64_t before = engine.tokens_sampled();
  const absl::Time start = absl::Now();
  for (; engine.groups() > 0; ++round.steps) {
    for (const actor::FinishedGroup& group : engine.Step()) RETURN_IF_ERROR(group.status);
  }
  round.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  round.tokens = engine.tokens_sampled() - before;
  return round;
}

}  // namespace drover::model_tool
