#include "model/transformer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "base/check.h"
#include "model/decoder_layer.h"
#include "model/ops.h"
#include "model/transformer_core.h"

namespace drover::model {
namespace {

// One forward pass. Leading dimensions "..." are B, T for whole sequences and R for single tokens.
torch::Tensor RunLayers(const TransformerCore& core, const torch::Tensor& input_ids,
                        const torch::Tensor& positions,
                        absl::FunctionRef<torch::Tensor(int64_t layer, const Heads& heads)> attend) {
  const ops::RopeAngles angles = ops::MakeRopeAngles(core.frequencies, positions);
  torch::Tensor x = ops::Embed(input_ids, core.embedding, core.options.dtype);
  for (size_t i = 0; i < core.layers.size(); ++i) {
    x = core.layers[i].Forward(x, angles,
                               [&](const Heads& heads) { return attend(static_cast<int64_t>(i), heads); });
  }
  return x;
}

torch::Tensor FinalNorm(const TransformerCore& core, const torch::Tensor& x) {
  return ops::Norm(x, core.final_norm, core.config.rms_norm_eps, core.options.dtype);
}

torch::Tensor Upload(const std::vector<int64_t>& values, torch::Device device) {
  return at::from_blob(const_cast<int64_t*>(values.data()), {static_cast<int64_t>(values.size())},
                       at::TensorOptions(at::kLong))
      .to(device, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

Transformer::Transformer(std::unique_ptr<TransformerCore> core) : core_(std::move(core)) {}
Transformer::~Transformer() = default;

const ModelConfig& Transformer::config() const { return core_->config; }
const TransformerOptions& Transformer::options() const { return core_->options; }
const std::map<std::string, torch::Tensor>& Transformer::weights() const { return core_->weights; }

torch::Tensor Transformer::Hidden(const torch::Tensor& input_ids_BT) {
  at::AutoGradMode mode(core_->options.trainable && at::GradMode::is_enabled());
  const torch::Tensor positions_T = at::arange(input_ids_BT.size(1), input_ids_BT.options());
  return FinalNorm(*core_, RunLayers(*core_, input_ids_BT, positions_T, [](int64_t, const Heads& heads) {
    return ops::CausalAttention(heads.query, heads.key, heads.value);
  }));
}

torch::Tensor Transformer::Hidden(const torch::Tensor& input_ids_BT, const torch::Tensor& positions_BT,
                                  const torch::Tensor& visible_BTT) {
  at::AutoGradMode mode(core_->options.trainable && at::GradMode::is_enabled());
  return FinalNorm(*core_, RunLayers(*core_, input_ids_BT, positions_BT, [&](int64_t, const Heads& heads) {
    return ops::MaskedAttention(heads.query, heads.key, heads.value, visible_BTT);
  }));
}

torch::Tensor Transformer::Logits(const torch::Tensor& hidden_ND) {
  const torch::Tensor& head = core_->head;
  if (core_->options.trainable) return ops::Logits(hidden_ND, ops::Rounded(head, core_->options.dtype));
  if (!core_->float_head.defined()) {
    c10::InferenceMode plain_tensor(false);
    core_->float_head = head.to(at::kFloat);  // the same tensor if it is float32
  }
  return ops::Logits(hidden_ND, core_->float_head);
}

torch::Tensor Transformer::Prefill(const torch::Tensor& input_ids_BT, const std::vector<PromptRows>& prompts,
                                   KvCache* cache) {
  DROVER_CHECK(input_ids_BT.size(0) == static_cast<int64_t>(prompts.size()));
  c10::InferenceMode inference;
  const torch::Tensor positions_T = at::arange(input_ids_BT.size(1), input_ids_BT.options());
  const torch::Tensor x_BTD =
      RunLayers(*core_, input_ids_BT, positions_T, [&](int64_t layer, const Heads& heads) {
        for (size_t b = 0; b < prompts.size(); ++b) {
          const auto real = [&](const torch::Tensor& heads_BTKd) {
            return heads_BTKd.select(0, b).narrow(0, 0, prompts[b].length).transpose(0, 1);
          };
          cache->WritePrompt(layer, prompts[b].row, prompts[b].rows, real(heads.key), real(heads.value));
        }
        return ops::CausalAttention(heads.query, heads.key, heads.value);
      });
  std::vector<int64_t> last;
  for (size_t b = 0; b < prompts.size(); ++b)
    last.push_back(b * input_ids_BT.size(1) + prompts[b].length - 1);
  return FinalNorm(*core_, x_BTD.flatten(0, 1).index_select(0, Upload(last, input_ids_BT.device())));
}

torch::Tensor Transformer::Decode(const std::vector<int64_t>& input_ids,
                                  const std::vector<int64_t>& positions, KvCache* cache) {
  DROVER_CHECK(!input_ids.empty() && input_ids.size() == positions.size());
  c10::InferenceMode inference;
  const TransformerOptions& options = core_->options;
  const int64_t rows = static_cast<int64_t>(positions.size());
  const int64_t length = *std::max_element(positions.begin(), positions.end()) + 1;
  const torch::Tensor positions_R = Upload(positions, options.device);
  const torch::Tensor bias_R11L = ops::CacheBias(positions, positions_R, length, options.dtype);
  const torch::Tensor x_RD = RunLayers(
      *core_, Upload(input_ids, options.device), positions_R, [&](int64_t layer, const Heads& heads) {
        cache->WriteToken(layer, positions_R, heads.key, heads.value);
        return ops::CachedAttention(heads.query, cache->Keys(layer, rows, length),
                                    cache->Values(layer, rows, length), bias_R11L);
      });
  return FinalNorm(*core_, x_RD);
}

}  // namespace drover::model
