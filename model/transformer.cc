#include "model/transformer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/check.h"
#include "model/decoder_layer.h"
#include "model/ops.h"
#include "model/ops_paged.h"
#include "model/ops_sequences.h"
#include "model/recompute.h"
#include "model/segments.h"
#include "model/transformer_core.h"

namespace drover::model {
namespace {

// Attend of all layers.
using AttendInLayer =
    absl::FunctionRef<torch::Tensor(int64_t layer, const Heads& heads, const AttentionSettings& settings)>;

std::vector<ops::RopeAngles> AnglesOf(const TransformerCore& core, const torch::Tensor& positions_N) {
  std::vector<ops::RopeAngles> angles;
  for (const Rope& rope : core.ropes) {
    angles.push_back(ops::MakeRopeAngles(rope.frequencies, rope.scale, positions_N));
  }
  return angles;
}

torch::Tensor EmbedTokens(const TransformerCore& core, const torch::Tensor& ids_N) {
  return GatherRows(ids_N, core.config.vocab_size, core.options.group, [&](const torch::Tensor& own_ids_N) {
    return ops::Embed(own_ids_N, core.embedding, core.embedding_scale, core.options.dtype);
  });
}

// The tokens of a pass over a cache.
torch::Tensor RunLayers(const TransformerCore& core, const torch::Tensor& ids_N,
                        const torch::Tensor& positions_N, AttendInLayer attend) {
  const std::vector<ops::RopeAngles> angles = AnglesOf(core, positions_N);
  torch::Tensor x = EmbedTokens(core, ids_N);
  for (size_t i = 0; i < core.layers.size(); ++i) {
    x = core.layers[i].Forward(x, angles, [&](const Heads& heads, const AttentionSettings& settings) {
      return attend(static_cast<int64_t>(i), heads, settings);
    });
  }
  return x;
}

// A layer whose weights are there as long as this is.
class HeldLayer {
 public:
  HeldLayer(const TransformerCore& core, int64_t layer, LayerUse use)
      : core_(core), layer_(layer), use_(use), exceptions_(std::uncaught_exceptions()) {
    core_.layer_weights->BeginLayer(layer_, use_);
  }
  ~HeldLayer() {
    for (const std::shared_ptr<PackedWeight>& packed : core_.packed[layer_]) packed->Drop();
    // A backward pass that an exception ends has no whole gradients: nothing but the weights' going may follow from it.
    const bool whole = std::uncaught_exceptions() == exceptions_;
    core_.layer_weights->EndLayer(layer_, whole ? use_ : LayerUse::kForward);
  }
  HeldLayer(const HeldLayer&) = delete;
  HeldLayer& operator=(const HeldLayer&) = delete;

 private:
  const TransformerCore& core_;
  const int64_t layer_;
  const LayerUse use_;
  const int exceptions_;
};

// Null where weights are always there.
HoldForUse HoldOf(const TransformerCore& core, int64_t layer) {
  if (core.layer_weights == nullptr) return nullptr;
  return [&core, layer](LayerUse use) { return std::make_shared<HeldLayer>(core, layer, use); };
}

// What all layers of a pass over whole sequences read; layers that are computed again in the backward pass keep it.
struct SequencePass {
  const ops::Sequences sequences;
  const std::vector<ops::RopeAngles> angles;
};

torch::Tensor RunLayers(const TransformerCore& core, const torch::Tensor& ids_N,
                        const std::shared_ptr<const SequencePass>& pass) {
  const bool recompute = core.options.recompute_layers && at::GradMode::is_enabled();
  torch::Tensor x = EmbedTokens(core, ids_N);
  if (recompute && !x.requires_grad())
    x.requires_grad_();  // else nothing asks a layer again for its adapters' gradients
  for (size_t i = 0; i < core.layers.size(); ++i) {
    const DecoderLayer& layer = core.layers[i];
    const HoldForUse hold = HoldOf(core, static_cast<int64_t>(i));
    const auto forward = [&layer, pass](const torch::Tensor& in) {
      return layer.Forward(in, pass->angles, [&pass](const Heads& heads, const AttentionSettings& settings) {
        return ops::SequenceAttention(heads.query, heads.key, heads.value, pass->sequences, settings);
      });
    };
    if (recompute) {
      x = Recomputed(x, forward, hold);
      continue;
    }
    const std::shared_ptr<void> held = hold ? hold(LayerUse::kForward) : nullptr;
    x = forward(x);
  }
  return x;
}

torch::Tensor FinalNorm(const TransformerCore& core, const torch::Tensor& x) {
  return ops::Norm(x, core.final_norm, core.norms, core.options.dtype, at::kFloat);
}

}  // namespace

Transformer::Transformer(std::unique_ptr<TransformerCore> core) : core_(std::move(core)) {}
Transformer::~Transformer() = default;

const ModelConfig& Transformer::config() const { return core_->config; }
const TransformerOptions& Transformer::options() const { return core_->options; }
RankShare Transformer::share() const {
  return core_->options.group == nullptr ? RankShare{} : core_->options.group->share();
}
bool Transformer::TokensStandAlone() const { return ops::RowsStandAlone(core_->embedding); }
const std::map<std::string, torch::Tensor>& Transformer::weights() const { return core_->weights; }
const std::map<std::string, torch::Tensor>& Transformer::versioned() const {
  return core_->options.lora ? core_->adapters : core_->weights;
}

void Transformer::SetLayerWeights(LayerWeights* weights) { core_->layer_weights = weights; }
void Transformer::DropPacked() {
  for (const auto& layer : core_->packed) {
    for (const std::shared_ptr<PackedWeight>& packed : layer) packed->Drop();
  }
  core_->head.packed->Drop();
}
const WeightSource& Transformer::source() const { return core_->source; }
void Transformer::DropSource() { core_->source = nullptr; }

torch::Tensor Transformer::Hidden(const torch::Tensor& input_ids_BT) {
  const std::vector<Segment> segments = WholeRows(input_ids_BT.size(0), input_ids_BT.size(1));
  return Hidden(input_ids_BT.flatten(), segments).unflatten(0, input_ids_BT.sizes());
}

torch::Tensor Transformer::Hidden(const torch::Tensor& input_ids_N, const std::vector<Segment>& segments) {
  at::AutoGradMode mode(core_->options.trainable && at::GradMode::is_enabled());
  // Weights that are gone behind a layer's forward pass are not there for its backward pass.
  DROVER_CHECK(core_->layer_weights == nullptr || !at::GradMode::is_enabled() ||
               core_->options.recompute_layers);
  ops::Sequences sequences(segments, core_->options.device, core_->options.attention_by_rows);
  DROVER_CHECK(sequences.positions_N().size(0) == input_ids_N.size(0));
  std::vector<ops::RopeAngles> angles = AnglesOf(*core_, sequences.positions_N());
  const auto pass = std::make_shared<const SequencePass>(std::move(sequences), std::move(angles));
  return FinalNorm(*core_, RunLayers(*core_, input_ids_N, pass));
}

torch::Tensor Transformer::Logits(const torch::Tensor& hidden_ND) {
  return GatherColumns(ops::Logits(hidden_ND, core_->head, core_->logit_soft_cap, core_->options.dtype),
                       core_->config.vocab_size, core_->options.group);
}

torch::Tensor Transformer::Extend(const std::vector<int64_t>& token_ids, const std::vector<Part>& parts,
                                  KvCache* cache) {
  DROVER_CHECK(!parts.empty() && core_->layer_weights == nullptr);
  c10::InferenceMode inference;
  const ops::PagedPass pass(parts, *cache);
  DROVER_CHECK(static_cast<int64_t>(token_ids.size()) == pass.tokens());
  const auto attend = [&](int64_t layer, const Heads& heads, const AttentionSettings& settings) {
    return ops::PagedAttention(pass, layer, heads.query, heads.key, heads.value, settings, cache);
  };
  const torch::Tensor ids_N = ops::Upload(token_ids, core_->options.device);
  return FinalNorm(*core_, pass.Outputs(RunLayers(*core_, ids_N, pass.positions_N(), attend)));
}

}  // namespace drover::model
