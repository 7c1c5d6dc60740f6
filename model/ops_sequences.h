// Attention of whole sequences, as ops.h computes it.
#pragma once

#include <torch/types.h>

#include "model/op_settings.h"
#include "model/sequences.h"

namespace drover::model::ops {

// query [N, H, d], key and value [N, K, d] of all tokens; K divides H: query head h reads key head h / (H / K). Returns
// [N, H d].
torch::Tensor SequenceAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const Sequences& sequences,
                                const AttentionSettings& settings);

}  // namespace drover::model::ops
