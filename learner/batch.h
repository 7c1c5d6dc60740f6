// Responses -> the tensors of a forward pass, and back from flat tokens to responses.
//
// Legend: N tokens of the pass, K response tokens of the microbatch in the order of its responses.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/segments.h"

namespace drover::learner {

// Token ids owned by someone else (a group, a supervised example).
struct Sequence {
  absl::Span<const uint32_t> prompt;    // at least one token
  absl::Span<const uint32_t> response;  // at least one token
};

// One forward pass: all prompts, each once, its responses after it, without padding (decision 0028). Nothing is predicted
// from the last token of a response, so it is no input. Every response sees its prompt and itself, at the positions that it
// would have alone (model/segments.h). Its results are the same to rounding, on the CPU the same bits, whatever else is in
// the microbatch.
struct Microbatch {
  std::vector<int64_t> responses;  // numbers of the responses (indices into what MakeMicrobatch was given)
  std::vector<int64_t> lengths;    // response tokens of each; they add up to K
  torch::Tensor input_ids_N;       // int64
  std::vector<model::Segment> segments;
  torch::Tensor rows_K;     // int64: which of the N hidden states predicts the token
  torch::Tensor targets_K;  // int64: the token
  int64_t tokens() const { return targets_K.size(0); }
};

// `responses`, cut into microbatches of at most `microbatch_responses`: ordered by length or kept together by prompt,
// whichever gives fewer tokens to compute. Responses share a prompt when their spans of it are the same memory.
std::vector<std::vector<int64_t>> PlanMicrobatches(absl::Span<const Sequence> sequences,
                                                   const std::vector<int64_t>& responses,
                                                   int64_t microbatch_responses);

// `responses` are indices into `sequences`; at least one. Those of the microbatch may be in another order.
Microbatch MakeMicrobatch(absl::Span<const Sequence> sequences, const std::vector<int64_t>& responses,
                          torch::Device device);

// values[r] repeated for each token of response r of the microbatch: float32 [K] on its device.
torch::Tensor PerToken(const Microbatch& batch, absl::Span<const double> values);

// The same where values[r] has one number for all tokens of response r, or one for each of them.
torch::Tensor PerToken(const Microbatch& batch, absl::Span<const std::vector<double>> values);

// The per-token values of the microbatch's responses, values[r][t], joined: float32 [K] on its device.
torch::Tensor JoinTokens(const Microbatch& batch, absl::Span<const std::vector<float>> values);

// The inverse of JoinTokens: writes values_K (any device) into values[r] of the microbatch's responses.
void SplitTokens(const Microbatch& batch, const torch::Tensor& values_K,
                 std::vector<std::vector<float>>* values);

}  // namespace drover::learner
