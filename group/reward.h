// What the rewards of a group say: the one definition for the store's filter, metrics, reports and training alike
// (R_i of docs/reference/algorithm.md).
#pragma once

#include "drover/v1/group.pb.h"

namespace drover::group {

// Cut at the length limit.
bool Truncated(const v1::Response& response);

// The reward of a response: the verifier's, but 0 for a truncated one, whatever the verifier gave.
double Reward(const v1::Response& response);

// Counts as a right answer where those are counted: a reward above 0.5.
bool Correct(const v1::Response& response);

// All responses have the same reward, so that none has an advantage. True of fewer than two responses.
bool RewardsAllEqual(const v1::Group& group);

}  // namespace drover::group
