#include "learner/rollout.h"

#include "group/reward.h"

namespace drover::learner {
namespace {

absl::Span<const uint32_t> Ids(const google::protobuf::RepeatedField<uint32_t>& ids) {
  return {ids.data(), static_cast<size_t>(ids.size())};
}

}  // namespace

std::vector<std::vector<double>> Rollout::AdvantagesByGroup() const {
  std::vector<std::vector<double>> result;
  for (size_t r = 0; r < responses.size(); ++r) {
    if (r == 0 || groups[r] != groups[r - 1]) result.emplace_back();
    result.back().push_back(advantages[r]);
  }
  return result;
}

Rollout TakeApart(const std::vector<v1::Group>& groups, const AdvantageOptions& options, uint64_t rollout,
                  bool mask_truncated) {
  Rollout result;
  const std::vector<std::vector<double>> advantages = RolloutAdvantages(groups, options, rollout);
  for (size_t g = 0; g < groups.size(); ++g) {
    const v1::Group& group = groups[g];
    for (int i = 0; i < group.responses_size(); ++i) {
      const v1::Response& response = group.responses(i);
      result.groups.push_back(&group);
      result.responses.push_back(&response);
      result.sequences.push_back({Ids(group.prompt_token_ids()), Ids(response.token_ids())});
      result.lengths.push_back(group.prompt_token_ids_size() + response.token_ids_size());
      result.advantages.push_back(advantages[g][i]);
      result.masked.push_back(mask_truncated && group::Truncated(response));
    }
  }
  result.old_logprobs.resize(result.responses.size());
  result.reference_logprobs.resize(result.responses.size());
  return result;
}

}  // namespace drover::learner
