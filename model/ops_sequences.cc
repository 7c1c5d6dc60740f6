#include "model/ops_sequences.h"

#include <ATen/ATen.h>

#include "model/ops.h"
#include "model/ops_cpu.h"
#include "model/ops_gradients.h"

namespace drover::model::ops {

torch::Tensor SequenceAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const Sequences& sequences,
                                const AttentionSettings& settings) {
  if (sequences.pages() != nullptr) {
    if (at::GradMode::is_enabled() && query_NHd.requires_grad()) {
      return with_gradients::SequenceAttention(query_NHd, key_NKd, value_NKd, sequences, settings);
    }
    return cpu_path::SequenceAttention(query_NHd, key_NKd, value_NKd, *sequences.pages(), settings);
  }
  const auto rows = [&](const torch::Tensor& heads) {
    return heads.unflatten(0, {sequences.rows(), sequences.length()});
  };
  const torch::Tensor out_BTD =
      sequences.visible_BTT().defined()
          ? MaskedAttention(rows(query_NHd), rows(key_NKd), rows(value_NKd), sequences.visible_BTT(),
                            rows(sequences.positions_N()), settings)
          : CausalAttention(rows(query_NHd), rows(key_NKd), rows(value_NKd), settings);
  return out_BTD.flatten(0, 1);
}

}  // namespace drover::model::ops
