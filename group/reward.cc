#include "group/reward.h"

#include <algorithm>

namespace drover::group {

bool Truncated(const v1::Response& response) { return response.finish_reason() == v1::FINISH_REASON_LENGTH; }

double Reward(const v1::Response& response) { return Truncated(response) ? 0.0 : response.reward(); }

bool Correct(const v1::Response& response) { return Reward(response) > 0.5; }

bool RewardsAllEqual(const v1::Group& group) {
  return std::all_of(group.responses().begin(), group.responses().end(), [&](const v1::Response& response) {
    return Reward(response) == Reward(group.responses(0));
  });
}

}  // namespace drover::group
