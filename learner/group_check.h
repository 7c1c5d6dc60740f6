// Is a graded group fit to be trained on? Groups come from other processes: call this where one enters.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "drover/v1/group.pb.h"

namespace drover::learner {

struct GroupLimits {
  int64_t vocab_size = 0;           // token ids are below it
  int64_t max_positions = 0;        // prompt and response together are at most this long
  int64_t max_response_tokens = 0;  // the generation budget L
  // Responses with tokens of several weight versions: only with loss.old_logprobs ACTOR, since there is no
  // one policy whose log-probabilities the learner could recompute.
  bool allow_mixed_versions = false;
};

// INVALID_ARGUMENT that names the lease, the response, what is wrong and what would be right: fewer than two
// responses, no prompt token, ids outside of the vocabulary, lengths over the limits, log-probabilities
// missing, not finite or above 0, version runs that do not add up, a reward that is not finite.
absl::Status CheckGroup(const v1::Group& group, const GroupLimits& limits);

}  // namespace drover::learner
