// What supervised learning learns from.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"

namespace drover::learner {

struct SupervisedExample {
  std::vector<uint32_t> prompt_token_ids;    // at least one; no loss on them
  std::vector<uint32_t> response_token_ids;  // at least one
  // Which of response_token_ids are learned, 0 or 1 each, at least one of them; empty: all.
  std::vector<uint8_t> learned = {};

  int64_t learned_tokens() const;
};

struct ExampleLimits {
  int64_t vocab_size = 0;     // token ids are below it
  int64_t max_positions = 0;  // prompt and response together are at most this long
};

// INVALID_ARGUMENT that names the example and what is wrong with it: there is none, it lacks a part, is too long or has a
// token id outside of the vocabulary.
absl::Status CheckExamples(const std::vector<SupervisedExample>& examples, const ExampleLimits& limits);

}  // namespace drover::learner
