// The CPU's operations (ops_cpu.h) with gradients: forwards are the same functions, so that a trainable model computes the
// bits that an actor's does; backwards are the formulas, by LibTorch's products and kernels of ours.
//
// A weight's gradient is added where its .grad lies where it has one already: autograd then gets none for it. So backward
// passes gather in .grad as they always do, and torch::autograd::grad of a weight that has one is not for these.
#pragma once

#include <torch/types.h>

#include "model/op_settings.h"
#include "model/op_types.h"
#include "model/sequences.h"

namespace drover::model::ops::with_gradients {

torch::Tensor Embed(const torch::Tensor& ids, const torch::Tensor& table_VD, torch::ScalarType dtype);
torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear, torch::ScalarType out);
torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& factors_float32, double eps,
                   torch::ScalarType out);
torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles);
torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up, Activation activation);
torch::Tensor SequenceAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const Sequences& sequences,
                                const AttentionSettings& settings);

TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy);

}  // namespace drover::model::ops::with_gradients
