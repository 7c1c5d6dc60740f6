// Is a graded group fit to be trained on? Groups come from other processes. The one check of what a group holds: the
// experience store asks it before it accepts one and again when it reads one back, the trainer before an update.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "drover/v1/group.pb.h"

namespace drover::group {

struct GroupLimits {
  int64_t vocab_size = 0;               // token ids are below it
  int64_t max_positions = 0;            // prompt and response together are at most this long
  int64_t max_prompt_tokens = 1 << 20;  // data.max_prompt_tokens
  int64_t max_response_tokens = 0;      // the generation budget L
  int64_t min_responses = 2;            // an advantage compares a response with its group
  double min_reward = -1e3;
  double max_reward = 1e3;
  // Responses with tokens of several weight versions: only with loss.old_logprobs ACTOR or a loss.correction, since there
  // is no one policy whose log-probabilities the learner could recompute.
  bool allow_mixed_versions = false;
};

// INVALID_ARGUMENT that begins with the field ("group.responses[1].token_ids[2]: ") and says what it holds and what
// it may: too few responses, ids outside of the vocabulary, lengths over the limits, log-probabilities missing, not
// finite or above 0, version runs that go back or do not add up, a reward out of its range.
absl::Status CheckGroup(const v1::Group& group, const GroupLimits& limits);

}  // namespace drover::group
