#include "learner/forward.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/ops.h"

namespace drover::learner {
namespace {

int64_t ChunkRows(const model::Transformer& model, const ForwardOptions& options) {
  const int64_t row_bytes = model.config().vocab_size * static_cast<int64_t>(sizeof(float));
  return std::max<int64_t>(1, options.chunk_bytes / row_bytes);
}

torch::Tensor PredictingRows(model::Transformer& model, const Microbatch& batch) {
  return model.Hidden(batch.input_ids_N, batch.segments).index_select(0, batch.rows_K);
}

// H of softmax(logits / temperature), with its gradient.
torch::Tensor Entropy(const torch::Tensor& logits_RV, double temperature) {
  const torch::Tensor logprobs_RV = (logits_RV / temperature).log_softmax(-1);
  // A log-probability of -inf has probability 0 and adds 0, not 0 x inf.
  return -(logprobs_RV.exp() * logprobs_RV.clamp_min(-1e4)).sum(-1);
}

TokenScores ScoreRows(model::Transformer& model, const torch::Tensor& hidden_RD,
                      const torch::Tensor& targets_R, const ForwardOptions& options) {
  const torch::Tensor logits_RV = model.Logits(hidden_RD);
  const bool differentiable = options.entropy_gradient && logits_RV.requires_grad();
  const model::ops::TokenScores scores = model::ops::ScoreTokens(logits_RV, targets_R, options.temperature,
                                                                 /*entropy=*/!differentiable);
  return {scores.logprobs_R, differentiable ? Entropy(logits_RV, options.temperature) : scores.entropy_R,
          options.value_head == nullptr ? torch::Tensor() : options.value_head->Values(hidden_RD)};
}

// Calls `use` with (first row, rows) for consecutive chunks of `rows` rows.
template <typename Use>
void ForChunks(int64_t rows, int64_t chunk_rows, const Use& use) {
  for (int64_t begin = 0; begin < rows; begin += chunk_rows) use(begin, std::min(chunk_rows, rows - begin));
}

}  // namespace

TokenScores Score(model::Transformer& model, const Microbatch& batch, const ForwardOptions& options) {
  at::NoGradGuard no_grad;
  const PhaseClock clock = options.phases.Time(&PhaseSeconds::scoring);
  const torch::Tensor hidden_KD = PredictingRows(model, batch);
  std::vector<torch::Tensor> logprobs;
  std::vector<torch::Tensor> entropy;
  std::vector<torch::Tensor> values;
  ForChunks(batch.tokens(), ChunkRows(model, options), [&](int64_t begin, int64_t rows) {
    TokenScores scores =
        ScoreRows(model, hidden_KD.narrow(0, begin, rows), batch.targets_K.narrow(0, begin, rows), options);
    logprobs.push_back(scores.logprobs_K);
    entropy.push_back(scores.entropy_K);
    if (options.value_head != nullptr) values.push_back(scores.values_K);
  });
  return {at::cat(logprobs), at::cat(entropy), values.empty() ? torch::Tensor() : at::cat(values)};
}

void ForwardBackward(model::Transformer& model, const Microbatch& batch, const ForwardOptions& options,
                     const ChunkLoss& loss) {
  torch::Tensor hidden_KD;
  {
    const PhaseClock clock = options.phases.Time(&PhaseSeconds::forward);
    hidden_KD = PredictingRows(model, batch);
  }
  // A leaf of its own: the chunks' gradients gather in its .grad before they go down the layers together.
  torch::Tensor leaf_KD = hidden_KD.detach().requires_grad_();
  {
    const PhaseClock clock = options.phases.Time(&PhaseSeconds::output);
    ForChunks(batch.tokens(), ChunkRows(model, options), [&](int64_t begin, int64_t rows) {
      const TokenScores scores =
          ScoreRows(model, leaf_KD.narrow(0, begin, rows), batch.targets_K.narrow(0, begin, rows), options);
      loss(begin, scores).backward();
    });
  }
  const PhaseClock clock = options.phases.Time(&PhaseSeconds::backward);
  hidden_KD.backward(leaf_KD.grad());
}

}  // namespace drover::learner
