#include "learner/rollout.h"

#include <algorithm>
#include <numeric>

#include "group/reward.h"

namespace drover::learner {
namespace {

absl::Span<const uint32_t> Ids(const google::protobuf::RepeatedField<uint32_t>& ids) {
  return {ids.data(), static_cast<size_t>(ids.size())};
}

}  // namespace

bool Rollout::HasAdvantage(int64_t response) const {
  const std::vector<double>& own = advantages[response];
  return std::any_of(own.begin(), own.end(), [](double advantage) { return advantage != 0.0; });
}

std::vector<std::vector<double>> Rollout::AdvantagesByGroup() const {
  std::vector<std::vector<double>> result;
  for (size_t r = 0; r < responses.size(); ++r) {
    if (r == 0 || groups[r] != groups[r - 1]) result.emplace_back();
    const std::vector<double>& own = advantages[r];
    result.back().push_back(std::accumulate(own.begin(), own.end(), 0.0) / static_cast<double>(own.size()));
  }
  return result;
}

std::vector<std::vector<float>> RecordedLogprobs(const Rollout& rollout) {
  std::vector<std::vector<float>> recorded;
  for (const v1::Response* response : rollout.responses) {
    recorded.emplace_back(response->logprobs().begin(), response->logprobs().end());
  }
  return recorded;
}

std::vector<std::vector<double>> ByResponse(const Rollout& rollout, const torch::Tensor& flat) {
  const double* next = flat.const_data_ptr<double>();
  std::vector<std::vector<double>> result;
  for (const Sequence& sequence : rollout.sequences) {
    result.emplace_back(next, next + sequence.response.size());
    next += sequence.response.size();
  }
  return result;
}

bool IsOfVersion(const Rollout& rollout, uint64_t version) {
  for (const v1::Response* response : rollout.responses) {
    for (const v1::VersionRun& run : response->versions()) {
      if (run.version() != version) return false;
    }
  }
  return true;
}

Rollout TakeApart(const std::vector<v1::Group>& groups, const AdvantageOptions& options, uint64_t rollout,
                  bool mask_truncated) {
  Rollout result;
  for (const v1::Group& group : groups) {
    for (const v1::Response& response : group.responses()) {
      result.groups.push_back(&group);
      result.responses.push_back(&response);
      result.sequences.push_back({Ids(group.prompt_token_ids()), Ids(response.token_ids())});
      result.lengths.push_back(group.prompt_token_ids_size() + response.token_ids_size());
      result.masked.push_back(mask_truncated && group::Truncated(response));
    }
  }
  if (options.baseline == Baseline::kValue) {
    result.advantages.assign(result.responses.size(), {0.0});
  } else {
    result.advantages = RolloutAdvantages(groups, options, rollout);
  }
  result.old_logprobs.resize(result.responses.size());
  result.reference_logprobs.resize(result.responses.size());
  result.old_values.resize(result.responses.size());
  return result;
}

}  // namespace drover::learner
