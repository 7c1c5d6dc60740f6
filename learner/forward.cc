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
  const torch::Tensor hidden_BTD =
      batch.positions_BT.defined() ? model.Hidden(batch.input_ids_BT, batch.positions_BT, batch.visible_BTT)
                                   : model.Hidden(batch.input_ids_BT);
  return hidden_BTD.flatten(0, 1).index_select(0, batch.rows_K);
}

TokenScores ScoreRows(model::Transformer& model, const torch::Tensor& hidden_RD,
                      const torch::Tensor& targets_R, double temperature) {
  const model::ops::TokenScores scores =
      model::ops::ScoreTokens(model.Logits(hidden_RD), targets_R, temperature, /*entropy=*/true);
  return {scores.logprobs_R, scores.entropy_R};
}

// Calls `use` with (first row, rows) for consecutive chunks of `rows` rows.
template <typename Use>
void ForChunks(int64_t rows, int64_t chunk_rows, const Use& use) {
  for (int64_t begin = 0; begin < rows; begin += chunk_rows) use(begin, std::min(chunk_rows, rows - begin));
}

}  // namespace

TokenScores Score(model::Transformer& model, const Microbatch& batch, const ForwardOptions& options) {
  at::NoGradGuard no_grad;
  const torch::Tensor hidden_KD = PredictingRows(model, batch);
  std::vector<torch::Tensor> logprobs;
  std::vector<torch::Tensor> entropy;
  ForChunks(batch.tokens(), ChunkRows(model, options), [&](int64_t begin, int64_t rows) {
    TokenScores scores = ScoreRows(model, hidden_KD.narrow(0, begin, rows),
                                   batch.targets_K.narrow(0, begin, rows), options.temperature);
    logprobs.push_back(scores.logprobs_K);
    entropy.push_back(scores.entropy_K);
  });
  return {at::cat(logprobs), at::cat(entropy)};
}

void ForwardBackward(model::Transformer& model, const Microbatch& batch, const ForwardOptions& options,
                     const ChunkLoss& loss) {
  const torch::Tensor hidden_KD = PredictingRows(model, batch);
  // A leaf of its own: the chunks' gradients gather in its .grad before they go down the layers together.
  torch::Tensor leaf_KD = hidden_KD.detach().requires_grad_();
  ForChunks(batch.tokens(), ChunkRows(model, options), [&](int64_t begin, int64_t rows) {
    const TokenScores scores = ScoreRows(model, leaf_KD.narrow(0, begin, rows),
                                         batch.targets_K.narrow(0, begin, rows), options.temperature);
    loss(begin, scores).backward();
  });
  hidden_KD.backward(leaf_KD.grad());
}

}  // namespace drover::learner
