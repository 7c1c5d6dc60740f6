// The transformer that actor and learner share: Llama, Mistral, Qwen2 and Qwen3 as ModelConfig describes them.
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
#include "model/transformer_options.h"
#include "model/weight_set.h"

namespace drover::model {

struct TransformerCore;  // transformer_core.h

// Not thread-safe.
class Transformer {
 public:
  // Fresh weights: matrices normal with standard deviation init_std, norms 1, biases 0. The same for the same seed.
  static absl::StatusOr<std::unique_ptr<Transformer>> Create(const ModelConfig& config,
                                                             const TransformerOptions& options, uint64_t seed,
                                                             double init_std);
  // Weights that are all 0, for others to take their place: drawing billions of random numbers takes long.
  static absl::StatusOr<std::unique_ptr<Transformer>> CreateEmpty(const ModelConfig& config,
                                                                  const TransformerOptions& options);
  // A Hugging Face directory: config.json and safetensors (OpenModelWeights; its notes go to the log as warnings).
  // Errors name the file and the tensor; INVALID_ARGUMENT for weights that are not finite in `options.dtype`.
  static absl::StatusOr<std::unique_ptr<Transformer>> Load(const std::string& dir,
                                                           const TransformerOptions& options);
  ~Transformer();

  const ModelConfig& config() const;
  const TransformerOptions& options() const;

  // By Hugging Face name; lm_head.weight only where it is not tied. Trainable: the float32 leaves (change them in
  // place, under NoGradGuard; .grad gathers their gradients). Else views of what the forward reads, in dtype.
  const std::map<std::string, torch::Tensor>& weights() const;

  // input_ids_BT int64, right-padded with any valid id; causal. Returns [B, T, D] float32 after the final norm; what is
  // computed at padding is meaningless and influences nothing else. With gradients when trainable.
  torch::Tensor Hidden(const torch::Tensor& input_ids_BT);
  // The same for rows that hold several sequences with a common beginning (a prompt and its responses): positions_BT
  // int64 are the rotary positions, visible_BTT bool says which tokens s token t attends to ([b, t, s]; at least one
  // each), instead of causality.
  torch::Tensor Hidden(const torch::Tensor& input_ids_BT, const torch::Tensor& positions_BT,
                       const torch::Tensor& visible_BTT);
  // [N, V] float32 of hidden_ND as Hidden, Prefill or Decode returns it.
  torch::Tensor Logits(const torch::Tensor& hidden_ND);

  // One prompt of Prefill: row b of the input, `length` tokens of it real, goes to `rows` rows of the cache from
  // `row` on.
  struct PromptRows {
    int64_t length = 0;
    int64_t row = 0;
    int64_t rows = 0;
  };
  // Runs right-padded prompts and stores their keys and values; prompts[b] says where. Returns the hidden states of
  // each prompt's last token, [B, D] float32. No gradients. Reserve the cache before.
  torch::Tensor Prefill(const torch::Tensor& input_ids_BT, const std::vector<PromptRows>& prompts,
                        KvCache* cache);
  // Runs one more token for each of the rows 0..R-1; row r's has position positions[r]. Returns [R, D] float32. No
  // gradients. Reserve the cache before.
  torch::Tensor Decode(const std::vector<int64_t>& input_ids, const std::vector<int64_t>& positions,
                       KvCache* cache);

  // The weights rounded to dtype, as they are published.
  absl::StatusOr<WeightSet> Export() const;
  // Takes over the values of `weights`: names, shapes and dtypes must be those of Export. All or nothing;
  // INVALID_ARGUMENT names the first tensor that does not fit. Digests are not checked here: who receives
  // weights checks them.
  absl::Status Import(const WeightSet& weights);

 private:
  explicit Transformer(std::unique_ptr<TransformerCore> core);
  static absl::StatusOr<std::unique_ptr<Transformer>> Allocate(const ModelConfig& config,
                                                               const TransformerOptions& options);
  void RequireGradients();
  std::unique_ptr<TransformerCore> core_;
};

}  // namespace drover::model
