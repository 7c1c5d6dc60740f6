#include "learner/batch.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace drover::learner {
namespace {

torch::Tensor ToTensor(const std::vector<int64_t>& values, torch::Device device) {
  return torch::tensor(values, at::kLong).to(device);
}

}  // namespace

Microbatch MakeMicrobatch(absl::Span<const Sequence> sequences, std::vector<int64_t> responses,
                          torch::Device device) {
  int64_t longest = 0;
  for (int64_t r : responses) {
    longest = std::max<int64_t>(longest, sequences[r].prompt.size() + sequences[r].response.size() - 1);
  }
  Microbatch batch;
  const int64_t rows = static_cast<int64_t>(responses.size());
  torch::Tensor ids_BT = at::zeros({rows, longest}, at::kLong);
  int64_t* id = ids_BT.data_ptr<int64_t>();
  std::vector<int64_t> predicting_rows;
  std::vector<int64_t> targets;
  for (int64_t b = 0; b < rows; ++b) {
    const Sequence& sequence = sequences[responses[b]];
    const int64_t row = b * longest;
    std::copy(sequence.prompt.begin(), sequence.prompt.end(), id + row);
    const int64_t prompt = static_cast<int64_t>(sequence.prompt.size());
    const int64_t length = static_cast<int64_t>(sequence.response.size());
    std::copy(sequence.response.begin(), sequence.response.end() - 1, id + row + prompt);
    for (int64_t t = 0; t < length; ++t) {
      predicting_rows.push_back(row + prompt - 1 + t);
      targets.push_back(sequence.response[t]);
    }
    batch.lengths.push_back(length);
  }
  batch.responses = std::move(responses);
  batch.input_ids_BT = ids_BT.to(device);
  batch.rows_K = ToTensor(predicting_rows, device);
  batch.targets_K = ToTensor(targets, device);
  return batch;
}

torch::Tensor PerToken(const Microbatch& batch, absl::Span<const double> values) {
  std::vector<float> flat;
  flat.reserve(batch.tokens());
  for (size_t b = 0; b < batch.responses.size(); ++b) {
    flat.insert(flat.end(), batch.lengths[b], static_cast<float>(values[batch.responses[b]]));
  }
  return torch::tensor(flat, at::kFloat).to(batch.targets_K.device());
}

torch::Tensor JoinTokens(const Microbatch& batch, absl::Span<const std::vector<float>> values) {
  std::vector<float> flat;
  flat.reserve(batch.tokens());
  for (int64_t r : batch.responses) flat.insert(flat.end(), values[r].begin(), values[r].end());
  return torch::tensor(flat, at::kFloat).to(batch.targets_K.device());
}

void SplitTokens(const Microbatch& batch, const torch::Tensor& values_K,
                 std::vector<std::vector<float>>* values) {
  const torch::Tensor flat_K = values_K.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* next = flat_K.data_ptr<float>();
  for (size_t b = 0; b < batch.responses.size(); ++b) {
    (*values)[batch.responses[b]].assign(next, next + batch.lengths[b]);
    next += batch.lengths[b];
  }
}

}  // namespace drover::learner
