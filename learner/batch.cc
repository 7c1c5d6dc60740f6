#include "learner/batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "learner/plan.h"

namespace drover::learner {
namespace {

// Responses of one prompt together, in the order in which the prompts appear.
std::vector<std::vector<int64_t>> ByPrompt(absl::Span<const Sequence> sequences,
                                           const std::vector<int64_t>& responses) {
  std::map<const uint32_t*, size_t> number_of;
  std::vector<std::vector<int64_t>> prompts;
  for (int64_t r : responses) {
    const auto [found, fresh] = number_of.emplace(sequences[r].prompt.data(), prompts.size());
    if (fresh) prompts.emplace_back();
    prompts[found->second].push_back(r);
  }
  return prompts;
}

// Of a prompt with its `responses`.
int64_t InputTokens(absl::Span<const Sequence> sequences, const std::vector<int64_t>& responses) {
  int64_t tokens = sequences[responses[0]].prompt.size();
  for (int64_t r : responses) tokens += sequences[r].response.size() - 1;
  return tokens;
}

int64_t InputTokens(absl::Span<const Sequence> sequences,
                    const std::vector<std::vector<int64_t>>& microbatches) {
  int64_t tokens = 0;
  for (const auto& responses : microbatches) {
    for (const auto& of_prompt : ByPrompt(sequences, responses)) tokens += InputTokens(sequences, of_prompt);
  }
  return tokens;
}

torch::Tensor ToTensor(const std::vector<int64_t>& values, torch::Device device) {
  return torch::tensor(values, at::kLong).to(device);
}

// Fills a microbatch prompt by prompt on the CPU.
class Builder {
 public:
  explicit Builder(absl::Span<const Sequence> sequences) : sequences_(sequences) {}

  // A prompt and its responses.
  void Add(const std::vector<int64_t>& responses) {
    const Sequence& first = sequences_[responses[0]];
    const int64_t prompt_begin = tokens();
    const int64_t prompt = static_cast<int64_t>(first.prompt.size());
    const bool alone = responses.size() == 1;  // prompt and response are one segment
    batch_.segments.push_back({prompt_begin, alone ? InputTokens(sequences_, responses) : prompt, 0, 0});
    ids_.insert(ids_.end(), first.prompt.begin(), first.prompt.end());
    for (int64_t r : responses) {
      const auto& response = sequences_[r].response;
      const int64_t begin = tokens();
      const int64_t inputs = static_cast<int64_t>(response.size()) - 1;
      if (!alone && inputs > 0) batch_.segments.push_back({begin, inputs, prompt_begin, prompt});
      ids_.insert(ids_.end(), response.begin(), response.end() - 1);
      rows_.push_back(prompt_begin + prompt - 1);
      for (int64_t t = 0; t < inputs; ++t) rows_.push_back(begin + t);
      targets_.insert(targets_.end(), response.begin(), response.end());
      batch_.responses.push_back(r);
      batch_.lengths.push_back(inputs + 1);
    }
  }

  Microbatch Finish(torch::Device device) {
    batch_.input_ids_N = ToTensor(ids_, device);
    batch_.rows_K = ToTensor(rows_, device);
    batch_.targets_K = ToTensor(targets_, device);
    return std::move(batch_);
  }

 private:
  int64_t tokens() const { return static_cast<int64_t>(ids_.size()); }

  const absl::Span<const Sequence> sequences_;
  Microbatch batch_;
  std::vector<int64_t> ids_;
  std::vector<int64_t> rows_;
  std::vector<int64_t> targets_;
};

}  // namespace

std::vector<std::vector<int64_t>> PlanMicrobatches(absl::Span<const Sequence> sequences,
                                                   const std::vector<int64_t>& responses,
                                                   int64_t microbatch_responses) {
  std::vector<int64_t> lengths;
  for (const Sequence& sequence : sequences)
    lengths.push_back(sequence.prompt.size() + sequence.response.size());
  std::vector<std::vector<int64_t>> by_length = CutMicrobatches(responses, lengths, microbatch_responses);
  std::vector<int64_t> together;
  for (const auto& of_prompt : ByPrompt(sequences, responses))
    together.insert(together.end(), of_prompt.begin(), of_prompt.end());
  std::vector<std::vector<int64_t>> by_prompt = CutInOrder(together, microbatch_responses);
  return InputTokens(sequences, by_prompt) < InputTokens(sequences, by_length) ? by_prompt : by_length;
}

Microbatch MakeMicrobatch(absl::Span<const Sequence> sequences, const std::vector<int64_t>& responses,
                          torch::Device device) {
  Builder builder(sequences);
  for (const std::vector<int64_t>& of_prompt : ByPrompt(sequences, responses)) builder.Add(of_prompt);
  return builder.Finish(device);
}

torch::Tensor PerToken(const Microbatch& batch, absl::Span<const double> values) {
  std::vector<float> flat;
  flat.reserve(batch.tokens());
  for (size_t b = 0; b < batch.responses.size(); ++b) {
    flat.insert(flat.end(), batch.lengths[b], static_cast<float>(values[batch.responses[b]]));
  }
  return torch::tensor(flat, at::kFloat).to(batch.targets_K.device());
}

torch::Tensor PerToken(const Microbatch& batch, absl::Span<const std::vector<double>> values) {
  std::vector<float> flat;
  flat.reserve(batch.tokens());
  for (size_t b = 0; b < batch.responses.size(); ++b) {
    const std::vector<double>& own = values[batch.responses[b]];
    DROVER_CHECK(own.size() == 1 || static_cast<int64_t>(own.size()) == batch.lengths[b]);
    if (own.size() == 1) {
      flat.insert(flat.end(), batch.lengths[b], static_cast<float>(own[0]));
    } else {
      flat.insert(flat.end(), own.begin(), own.end());
    }
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
