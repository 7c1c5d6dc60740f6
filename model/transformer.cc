#include "model/transformer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "base/check.h"
#include "model/layers.h"
#include "model/rope.h"
#include "model/transformer_impl.h"

namespace drover::model {
namespace {

// A master weight as it takes part in float32 arithmetic: its value rounded to dtype, its gradient unrounded.
// w + (round(w) - w) is round(w) exactly: the difference of two close numbers is exact, and so is that sum.
torch::Tensor Rounded(const torch::Tensor& weight, torch::ScalarType dtype) {
  if (weight.scalar_type() == dtype) return weight.to(at::kFloat);
  return weight + (weight.detach().to(dtype).to(at::kFloat) - weight.detach());
}

struct Heads {
  torch::Tensor q, k, v;  // [..., heads, d] in dtype
};

// One forward pass. Leading dimensions "..." are B, T for whole sequences and R for single tokens.
class Forward {
 public:
  explicit Forward(const ModelConfig& config, const TransformerOptions& options, const Parameters& parameters)
      : config_(config), dtype_(options.dtype), parameters_(parameters) {}

  torch::Tensor Embed(const torch::Tensor& input_ids) const {
    return Rounded(at::embedding(parameters_.embedding, input_ids), dtype_);
  }

  // x [..., D] float32. attend(layer, heads) -> [..., H d].
  template <typename Attend>
  torch::Tensor Layers(torch::Tensor x, const RopeAngles& angles, const Attend& attend) const {
    for (int64_t i = 0; i < config_.num_layers; ++i) {
      const LayerWeights& layer = parameters_.layers[i];
      const Heads heads = Project(layer, Norm(x, layer.attention_norm).to(dtype_), angles);
      x = Add(x, Linear(attend(i, heads), layer.output));
      x = Add(x, FeedForward(layer, Norm(x, layer.mlp_norm).to(dtype_)));
    }
    return x;
  }

  torch::Tensor FinalNorm(const torch::Tensor& x) const { return Norm(x, parameters_.final_norm); }

 private:
  torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& weight) const {
    return RmsNorm(x, Rounded(weight, dtype_), config_.rms_norm_eps);
  }

  torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear) const {
    if (!linear.bias.defined()) return at::linear(x, linear.weight.to(dtype_));
    return at::linear(x, linear.weight.to(dtype_), linear.bias.to(dtype_));
  }

  // Where no gradient is wanted nothing needs the old residual.
  static torch::Tensor Add(torch::Tensor& residual, const torch::Tensor& update) {
    return at::GradMode::is_enabled() ? residual + update : residual.add_(update);
  }

  Heads Project(const LayerWeights& layer, const torch::Tensor& x, const RopeAngles& angles) const {
    const int64_t q_heads = config_.num_heads;
    const int64_t kv_heads = config_.num_kv_heads;
    const bool fused = layer.qkv.weight.defined();
    Heads heads;
    if (fused) {
      const torch::Tensor all = Split(Linear(x, layer.qkv));
      heads.v = all.narrow(-2, q_heads + kv_heads, kv_heads);
      if (!config_.qk_norm) {  // q and k are turned together
        const torch::Tensor turned = Rotate(all.narrow(-2, 0, q_heads + kv_heads), angles).to(dtype_);
        heads.q = turned.narrow(-2, 0, q_heads);
        heads.k = turned.narrow(-2, q_heads, kv_heads);
        return heads;
      }
      heads.q = all.narrow(-2, 0, q_heads);
      heads.k = all.narrow(-2, q_heads, kv_heads);
    } else {
      heads.q = Split(Linear(x, layer.q));
      heads.k = Split(Linear(x, layer.k));
      heads.v = Split(Linear(x, layer.v));
    }
    if (config_.qk_norm) {
      heads.q = Norm(heads.q.to(at::kFloat), layer.q_norm);
      heads.k = Norm(heads.k.to(at::kFloat), layer.k_norm);
    }
    heads.q = Rotate(heads.q, angles).to(dtype_);
    heads.k = Rotate(heads.k, angles).to(dtype_);
    return heads;
  }

  torch::Tensor Split(const torch::Tensor& projected) const {
    return projected.unflatten(-1, {-1, config_.head_dim});
  }

  torch::Tensor FeedForward(const LayerWeights& layer, const torch::Tensor& x) const {
    torch::Tensor gate, up;
    if (layer.gate_up.defined()) {
      const torch::Tensor both = at::linear(x, layer.gate_up.to(dtype_));
      gate = both.narrow(-1, 0, config_.intermediate_size);
      up = both.narrow(-1, config_.intermediate_size, config_.intermediate_size);
    } else {
      gate = at::linear(x, layer.gate.to(dtype_));
      up = at::linear(x, layer.up.to(dtype_));
    }
    return at::linear(at::silu(gate) * up, layer.down.to(dtype_));
  }

  const ModelConfig& config_;
  const torch::ScalarType dtype_;
  const Parameters& parameters_;
};

// 0 where row r holds position l or will by the end of this step, -inf elsewhere; undefined when no row is shorter
// than the longest.
torch::Tensor LengthBias(const std::vector<int64_t>& positions, const torch::Tensor& positions_R,
                         int64_t length, torch::ScalarType dtype) {
  if (*std::min_element(positions.begin(), positions.end()) == length - 1) return {};
  const torch::Tensor absent_RL = at::arange(length, positions_R.options()) > positions_R.unsqueeze(1);
  return at::zeros(absent_RL.sizes(), positions_R.options().dtype(dtype))
      .masked_fill_(absent_RL, -std::numeric_limits<double>::infinity())
      .unsqueeze(1)
      .unsqueeze(1);
}

torch::Tensor Upload(const std::vector<int64_t>& values, torch::Device device) {
  return at::from_blob(const_cast<int64_t*>(values.data()), {static_cast<int64_t>(values.size())},
                       at::TensorOptions(at::kLong))
      .to(device, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

Transformer::Transformer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transformer::~Transformer() = default;

const ModelConfig& Transformer::config() const { return impl_->config; }
const TransformerOptions& Transformer::options() const { return impl_->options; }
const std::map<std::string, torch::Tensor>& Transformer::weights() const { return impl_->parameters.by_name; }

torch::Tensor Transformer::Hidden(const torch::Tensor& input_ids_BT) {
  at::AutoGradMode mode(impl_->options.trainable && at::GradMode::is_enabled());
  const Forward forward(impl_->config, impl_->options, impl_->parameters);
  const torch::Tensor positions_T = at::arange(input_ids_BT.size(1), input_ids_BT.options());
  const torch::Tensor x_BTD =
      forward.Layers(forward.Embed(input_ids_BT), MakeRopeAngles(impl_->frequencies, positions_T),
                     [](int64_t, const Heads& heads) { return CausalAttention(heads.q, heads.k, heads.v); });
  return forward.FinalNorm(x_BTD);
}

torch::Tensor Transformer::Hidden(const torch::Tensor& input_ids_BT, const torch::Tensor& positions_BT,
                                  const torch::Tensor& visible_BTT) {
  at::AutoGradMode mode(impl_->options.trainable && at::GradMode::is_enabled());
  const Forward forward(impl_->config, impl_->options, impl_->parameters);
  const torch::Tensor x_BTD = forward.Layers(
      forward.Embed(input_ids_BT), MakeRopeAngles(impl_->frequencies, positions_BT),
      [&](int64_t, const Heads& heads) { return MaskedAttention(heads.q, heads.k, heads.v, visible_BTT); });
  return forward.FinalNorm(x_BTD);
}

torch::Tensor Transformer::Logits(const torch::Tensor& hidden_ND) {
  const torch::Tensor& head = impl_->parameters.head;
  if (impl_->options.trainable) return at::linear(hidden_ND, Rounded(head, impl_->options.dtype));
  if (!impl_->float_head.defined()) {
    c10::InferenceMode plain_tensor(false);
    impl_->float_head = head.to(at::kFloat);  // the same tensor if it is float32
  }
  return at::linear(hidden_ND, impl_->float_head);
}

torch::Tensor Transformer::Prefill(const torch::Tensor& input_ids_BT, const std::vector<PromptRows>& prompts,
                                   KvCache* cache) {
  DROVER_CHECK(input_ids_BT.size(0) == static_cast<int64_t>(prompts.size()));
  c10::InferenceMode inference;
  const Forward forward(impl_->config, impl_->options, impl_->parameters);
  const torch::Tensor positions_T = at::arange(input_ids_BT.size(1), input_ids_BT.options());
  const auto attend = [&](int64_t layer, const Heads& heads) {
    for (size_t b = 0; b < prompts.size(); ++b) {
      const auto real = [&](const torch::Tensor& heads_BTKd) {
        return heads_BTKd.select(0, b).narrow(0, 0, prompts[b].length).transpose(0, 1);
      };
      cache->WritePrompt(layer, prompts[b].row, prompts[b].rows, real(heads.k), real(heads.v));
    }
    return CausalAttention(heads.q, heads.k, heads.v);
  };
  const torch::Tensor x_BTD =
      forward.Layers(forward.Embed(input_ids_BT), MakeRopeAngles(impl_->frequencies, positions_T), attend);
  std::vector<int64_t> last;
  for (size_t b = 0; b < prompts.size(); ++b)
    last.push_back(b * input_ids_BT.size(1) + prompts[b].length - 1);
  return forward.FinalNorm(x_BTD.flatten(0, 1).index_select(0, Upload(last, input_ids_BT.device())));
}

torch::Tensor Transformer::Decode(const std::vector<int64_t>& input_ids,
                                  const std::vector<int64_t>& positions, KvCache* cache) {
  DROVER_CHECK(!input_ids.empty() && input_ids.size() == positions.size());
  c10::InferenceMode inference;
  const Forward forward(impl_->config, impl_->options, impl_->parameters);
  const int64_t rows = static_cast<int64_t>(positions.size());
  const int64_t length = *std::max_element(positions.begin(), positions.end()) + 1;
  const torch::Tensor positions_R = Upload(positions, impl_->options.device);
  const torch::Tensor bias_R11L = LengthBias(positions, positions_R, length, impl_->options.dtype);
  const auto attend = [&](int64_t layer, const Heads& heads) {
    cache->WriteToken(layer, positions_R, heads.k, heads.v);
    return CachedAttention(heads.q, cache->Keys(layer, rows, length), cache->Values(layer, rows, length),
                           bias_R11L);
  };
  const torch::Tensor x_RD = forward.Layers(forward.Embed(Upload(input_ids, impl_->options.device)),
                                            MakeRopeAngles(impl_->frequencies, positions_R), attend);
  return forward.FinalNorm(x_RD);
}

}  // namespace drover::model
