// The transformer that actor and learner share, of whatever a ModelConfig describes.
//
//   architecture.h   what it is made of: a description
//   decoder_layer.h  its layers, of attention.h and feed_forward.h: their weights and their forward
//   ops.h            the arithmetic
//
// Shapes in names: B sequences, T tokens, D hidden size, H heads, d head size, V vocabulary, N and R any rows.
//
// Arithmetic: matrix products in `dtype`; the residual stream, RMSNorm, rotary embedding, softmax and logits in
// float32. With float32 that is what Hugging Face's implementation computes; with bfloat16 it rounds less often.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/config.h"
#include "model/kv_cache.h"
#include "model/layer_weights.h"
#include "model/pages.h"
#include "model/rank_share.h"
#include "model/segments.h"
#include "model/transformer_options.h"
#include "model/weight_set.h"

namespace drover::model {

struct TransformerCore;  // transformer_core.h

// Not thread-safe.
class Transformer {
 public:
  // Fresh weights: matrices normal with standard deviation init_std, norms so that they scale by 1, biases 0. The same for
  // the same seed.
  static absl::StatusOr<std::unique_ptr<Transformer>> Create(const ModelConfig& config,
                                                             const TransformerOptions& options, uint64_t seed,
                                                             double init_std);
  // Weights that are all 0, for others to take their place: drawing billions of random numbers takes long.
  static absl::StatusOr<std::unique_ptr<Transformer>> CreateEmpty(const ModelConfig& config,
                                                                  const TransformerOptions& options);
  // A Hugging Face directory: config.json and safetensors (OpenModelWeights; its notes go to the log as warnings). Adapters
  // of options.lora begin as InitializeAdapters says. Or a folder of adapters (lora_files.h), which become part of the weights
  // of the model that it names (MergedWeight, in options.dtype).
  // Errors name the file and the tensor; INVALID_ARGUMENT for weights that are not finite in `options.dtype`, and for
  // adapters of what the model has not.
  static absl::StatusOr<std::unique_ptr<Transformer>> Load(const std::string& dir,
                                                           const TransformerOptions& options);
  ~Transformer();

  // The same model without its adapters, not trainable: it shares the frozen weights' memory, but on the CPU packs them for
  // itself. Only of a model with adapters.
  std::unique_ptr<Transformer> WithoutAdapters() const;

  const ModelConfig& config() const;
  const TransformerOptions& options() const;
  // Of options().group: which rows, and which heads, are here.
  RankShare share() const;
  // Whether Extend's numbers for a token have the same bits whatever else goes through in the same pass.
  bool TokensStandAlone() const;

  // By Hugging Face name; lm_head.weight only where it is not tied. Trainable: the float32 leaves (change them in
  // place, under NoGradGuard; .grad gathers their gradients). Else, and with adapters, what the forward reads, in dtype.
  const std::map<std::string, torch::Tensor>& weights() const;
  // What training changes and a version of the weights is: the adapters by peft's names, float32 (leaves like the weights
  // when trainable); of a model that has none, the weights.
  const std::map<std::string, torch::Tensor>& versioned() const;

  // input_ids_BT int64, right-padded with any valid id; causal. Returns [B, T, D] float32 after the final norm; what is
  // computed at padding is meaningless and influences nothing else. With gradients when trainable.
  torch::Tensor Hidden(const torch::Tensor& input_ids_BT);
  // The same of sequences that stand one after the other without padding and may have a common beginning (a prompt and its
  // responses), as the segments say: [N, D].
  torch::Tensor Hidden(const torch::Tensor& input_ids_N, const std::vector<Segment>& segments);
  // [N, V] float32 of hidden_ND as Hidden or Extend returns it.
  torch::Tensor Logits(const torch::Tensor& hidden_ND);

  // Runs the tokens of some sequences, those of all parts one after the other, on from what the cache holds of them:
  // chunks of prompts and single tokens alike. Their keys and values are stored in the parts' pages, layer by layer, all
  // parts' before any part reads: what a part's pages hold of another part of the same pass is there in time. Returns the
  // hidden states of each part's last tokens, [sum of the parts' outputs, D] float32. No gradients.
  torch::Tensor Extend(const std::vector<int64_t>& token_ids, const std::vector<Part>& parts, KvCache* cache);

  // Passes over whole sequences have `weights` bring each layer's weights, and drop what products read of a layer's behind
  // it. With options().recompute_layers where they have gradients. Outlives the passes; null: weights are always there.
  void SetLayerWeights(LayerWeights* weights);
  // What products read of weights, on CPUs packed, is made again when it is next read.
  void DropPacked();
  // Of a deferred model: where its weights' values come from, else null. It keeps files open for as long as it lives.
  const WeightSource& source() const;
  void DropSource();

  // versioned(), as it is published: weights rounded to dtype, adapters as they are. Only of a whole model.
  absl::StatusOr<WeightSet> Export() const;
  // Takes over the values of `weights`: names, shapes and dtypes must be those of Export. All or nothing;
  // INVALID_ARGUMENT names the first tensor that does not fit. Digests are not checked here: who receives
  // weights checks them. A rank's part takes its rows of whole weights.
  absl::Status Import(const WeightSet& weights);

  // The same of the frozen weights of a model with adapters.
  absl::StatusOr<WeightSet> ExportBase() const;
  absl::Status ImportBase(const WeightSet& weights);
  // Import and ImportBase (`base`) in steps, for those to whom tensors come one by one: which there are, all of them ...
  absl::StatusOr<std::vector<TensorMeta>> ImportLayout(bool base) const;
  // ... whether a set would be taken ...
  absl::Status CheckImport(bool base, const WeightSet& weights) const;
  // ... and one of those tensors. All must have come before the next pass.
  absl::Status ImportTensor(bool base, const TensorView& tensor);

  // ExportBase's digest, without its copy.
  absl::StatusOr<std::string> BaseDigest() const;

 private:
  explicit Transformer(std::unique_ptr<TransformerCore> core);
  static std::unique_ptr<Transformer> Build(const ModelConfig& config, const TransformerOptions& options,
                                            const std::map<std::string, torch::Tensor>* lent);
  static absl::StatusOr<std::unique_ptr<Transformer>> Allocate(const ModelConfig& config,
                                                               const TransformerOptions& options);
  absl::Status Fill(WeightSource source);
  static absl::StatusOr<std::unique_ptr<Transformer>> LoadMerged(const std::string& dir,
                                                                 const TransformerOptions& options);
  void RequireGradients();
  std::unique_ptr<TransformerCore> core_;
};

}  // namespace drover::model
