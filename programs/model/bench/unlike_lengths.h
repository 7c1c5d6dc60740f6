// Responses of unlike lengths beside as many tokens in responses of one length, through the same rows of the engine:
//
//   waiting groups ----> rows, decoded together ----> done
//                (a row that ends takes the next response at once)
//
// Both are the same number of responses in groups with a prompt in common, with the same sum of tokens, all of them waiting
// from the beginning; unlike lengths come in an order that knows nothing of them, so that those of a group are unlike, too.
// What is compared is what the unlike lengths cost: rows that begin and end at other times, prompts that are read beside
// them, longer contexts, and the last rows of all, which run on with nobody beside them.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actor/engine.h"
#include "programs/model/bench/lengths.h"

namespace drover::model_tool {

struct UnlikeWork {
  TokenRange tokens;        // of a response
  uint32_t rows = 1;        // decoded at a time
  uint32_t batches = 8;     // responses are so many times the rows
  uint32_t group_size = 8;  // so many responses in a row have the same prompt, but for the last group
  double temperature = 1.0;
  uint64_t seed = 0;                           // of the tokens
  std::vector<std::vector<uint32_t>> prompts;  // used again from the first where they do not suffice

  uint32_t responses() const { return rows * batches; }
};

// By response, in the order in which they are asked for. The sums are the same.
std::vector<uint32_t> UnlikeLengths(const UnlikeWork& work);
std::vector<uint32_t> EvenLengths(const UnlikeWork& work);

// All responses of one kind, prompts read.
struct UnlikeRound {
  double seconds = 0.0;
  uint64_t tokens = 0;
  int64_t steps = 0;
  double per_second() const { return static_cast<double>(tokens) / seconds; }
  double per_step() const { return static_cast<double>(tokens) / static_cast<double>(steps); }
};
// `lengths` are those of the responses, all within work.tokens. The engine has nothing else to do, and room for all groups to
// wait. Errors of the engine.
absl::StatusOr<UnlikeRound> RunUnlike(const UnlikeWork& work, const std::vector<uint32_t>& lengths,
                                      actor::Engine& engine);

}  // namespace drover::model_tool
