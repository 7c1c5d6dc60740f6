#include "model/ops_sequences.h"

#include <ATen/ATen.h>
#include <ATen/OpMathType.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "model/ops.h"
#include "model/ops_cpu.h"
#include "model/ops_gradients.h"

namespace drover::model::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows of the tokens' keys or values. What several rows say of a token's gradient is added in float32: a prompt has as many as
// responses, too many for bfloat16's sums.
struct GatherFunction : torch::autograd::Function<GatherFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& heads_NKd,
                               const torch::Tensor& tokens) {
    context->save_for_backward({tokens});
    context->saved_data["tokens"] = heads_NKd.size(0);
    return heads_NKd.index_select(0, tokens);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const torch::Tensor& of_rows = gradients[0];
    std::vector<int64_t> shape = of_rows.sizes().vec();
    shape[0] = context->saved_data["tokens"].toInt();
    const torch::Tensor sum =
        at::zeros(shape, of_rows.options().dtype(at::toOpMathType(of_rows.scalar_type())));
    sum.index_add_(0, context->get_saved_variables()[0], of_rows.to(sum.scalar_type()));
    return {sum.to(of_rows.scalar_type()), {}};
  }
};

torch::Tensor AttendInRows(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                           const torch::Tensor& value_NKd, const SequenceRows& rows,
                           const AttentionSettings& settings) {
  const auto shaped = [&](const torch::Tensor& heads) {
    return heads.unflatten(0, {rows.rows, rows.length});
  };
  if (!rows.tokens.defined()) {
    return CausalAttention(shaped(query_NHd), shaped(key_NKd), shaped(value_NKd), settings).flatten(0, 1);
  }
  // Of a token's queries one is read, so that its gradient is no sum: all others' are 0.
  return CausalAttention(shaped(query_NHd.index_select(0, rows.tokens)),
                         shaped(GatherFunction::apply(key_NKd, rows.tokens)),
                         shaped(GatherFunction::apply(value_NKd, rows.tokens)), settings)
      .flatten(0, 1);
}

}  // namespace

torch::Tensor SequenceAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const Sequences& sequences,
                                const AttentionSettings& settings) {
  if (sequences.pages() != nullptr) {
    if (at::GradMode::is_enabled() && query_NHd.requires_grad()) {
      return with_gradients::SequenceAttention(query_NHd, key_NKd, value_NKd, sequences, settings);
    }
    return cpu_path::SequenceAttention(query_NHd, key_NKd, value_NKd, *sequences.pages(), settings);
  }
  std::vector<torch::Tensor> out;
  for (const SequenceRows& rows : sequences.rows()) {
    out.push_back(AttendInRows(query_NHd, key_NKd, value_NKd, rows, settings));
  }
  const torch::Tensor all = out.size() == 1 ? out[0] : at::cat(out);
  return sequences.places_N().defined() ? all.index_select(0, sequences.places_N()) : all;
}

}  // namespace drover::model::ops
