#include "programs/learner/run_history.h"

#include <algorithm>

#include "group/reward.h"

namespace drover::learner_process {

Evaluation Score(uint64_t step, const std::vector<v1::Group>& groups) {
  Evaluation e{.step = step, .questions = groups.size()};
  uint64_t tokens = 0, truncated = 0;
  for (const v1::Group& group : groups) {
    const v1::Response& response = group.responses(0);
    e.correct += group::Correct(response);
    tokens += static_cast<uint64_t>(response.token_ids_size());
    truncated += group::Truncated(response);
  }
  const double n = std::max<double>(1, static_cast<double>(groups.size()));
  e.response_length = static_cast<double>(tokens) / n;
  e.truncated_share = static_cast<double>(truncated) / n;
  return e;
}

}  // namespace drover::learner_process
