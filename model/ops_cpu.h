// The part of ops.h's implementation that computes on the CPU, by the kernels of kernels/cpu: the functions of the same
// names there say what each computes. Bits of a row, or of a token of a sequence, do not depend on what else is in the
// tensors. No gradients here: ops_gradients.h.
#pragma once

#include <torch/types.h>

#include "absl/types/span.h"
#include "model/kernels/cpu/attention.h"
#include "model/op_settings.h"
#include "model/op_types.h"
#include "model/segment_pages.h"

namespace drover::model::ops::cpu_path {

// Tensors that the kernels take: float32 or bfloat16 on the CPU.
bool Takes(const torch::Tensor& tensor);

// Each product of Linear and AddLinear shows itself to LibTorch's observers (at::RecordFunction, scope USER_SCOPE) under this
// name, its inputs the rows, the outputs and the inputs of a row; the packing of weights is not in it. Unobserved it costs
// nanoseconds.
inline constexpr char kLinearProduct[] = "drover::linear_product";

torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear, torch::ScalarType out);
// Into x's own memory.
void AddLinear(const torch::Tensor& x_float32, const torch::Tensor& in, const LinearWeights& linear);
torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& factors_float32, double eps,
                   torch::ScalarType out);
RopeAngles MakeRopeAngles(const torch::Tensor& frequencies, double scale, const torch::Tensor& positions);
// `backward`: by the negative angles.
torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles, bool backward);
torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up, Activation activation);

// Backward passes. Of Norm: gradients of x, in its dtype, and of the factors; `gradient` is of what came out.
struct NormGradients {
  torch::Tensor x, factors_float32;
};
NormGradients NormBackward(const torch::Tensor& x, const torch::Tensor& factors_float32, double eps,
                           const torch::Tensor& gradient);
// Of GatedActivation, all of one dtype.
struct GateGradients {
  torch::Tensor gate, up;
};
GateGradients GateBackward(const torch::Tensor& gate, const torch::Tensor& up, Activation activation,
                           const torch::Tensor& gradient);
// sum += numbers, both contiguous and of as many elements.
void AddTo(const torch::Tensor& sum_float32, const torch::Tensor& numbers);

// Elements of a page of keys, or of values, of one layer; those of keys may not need all.
int64_t PageElements(int64_t key_heads, int64_t head_dim);

// Of one layer: [pages, PageElements], the pages at even steps.
struct PagedMemory {
  torch::Tensor keys;
  torch::Tensor values;
};

// Which of the N tokens are stored where, and which queries read what.
struct PagedTokens {
  absl::Span<const cpu::Slot> slots;
  absl::Span<const cpu::AttentionPart> parts;
};

// Stores keys and values, then attends. query [N, H, d], key and value [N, K, d] in the memory's dtype -> [N, H d].
torch::Tensor PagedAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                             const torch::Tensor& value_NKd, const PagedTokens& where,
                             const PagedMemory& memory, const AttentionSettings& settings);
torch::Tensor SequenceAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const SegmentPages& pages,
                                const AttentionSettings& settings);

TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy);
// Of the sum of log-probabilities times gradient_R: into out_RV, float32 rows next to each other, which may be the logits.
void ScoreGradient(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                   const torch::Tensor& gradient_R, const torch::Tensor& out_RV);
void WeighTokens(const torch::Tensor& logits_RV, const std::vector<WeightsWanted>& wanted,
                 VisitWeights visit);

}  // namespace drover::model::ops::cpu_path
