#include "learner/batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "learner/plan.h"

namespace drover::learner {
namespace {

// A shared row is at most this long: its attention has no causal shortcut, and its mask has T x T entries.
constexpr int64_t kLongestSharedRow = 1024;
// Sharing must save at least a quarter of the positions to be worth its dense mask.
constexpr double kWorthSharing = 0.75;

// The rows of the shared layout: responses of one prompt, in the order in which the prompts appear.
std::vector<std::vector<int64_t>> RowsByPrompt(absl::Span<const Sequence> sequences,
                                               const std::vector<int64_t>& responses) {
  std::map<const uint32_t*, size_t> row_of;
  std::vector<std::vector<int64_t>> rows;
  for (int64_t r : responses) {
    const auto [found, fresh] = row_of.emplace(sequences[r].prompt.data(), rows.size());
    if (fresh) rows.emplace_back();
    rows[found->second].push_back(r);
  }
  return rows;
}

int64_t RowLength(absl::Span<const Sequence> sequences, const std::vector<int64_t>& row) {
  int64_t length = sequences[row[0]].prompt.size();
  for (int64_t r : row) length += sequences[r].response.size() - 1;
  return length;
}

struct Layout {
  std::vector<std::vector<int64_t>> rows;  // the responses of each prompt that is computed
  int64_t height = 0;                      // B
  int64_t length = 0;                      // T
  int64_t positions() const { return height * length; }
};

// Rows of their own, padded to the longest.
Layout Padded(absl::Span<const Sequence> sequences, std::vector<std::vector<int64_t>> rows) {
  Layout layout;
  for (const auto& row : rows) layout.length = std::max(layout.length, RowLength(sequences, row));
  layout.height = static_cast<int64_t>(rows.size());
  layout.rows = std::move(rows);
  return layout;
}

// All rows behind each other.
Layout Packed(absl::Span<const Sequence> sequences, std::vector<std::vector<int64_t>> rows) {
  Layout layout;
  for (const auto& row : rows) layout.length += RowLength(sequences, row);
  layout.height = 1;
  layout.rows = std::move(rows);
  return layout;
}

Layout ChooseLayout(absl::Span<const Sequence> sequences, const std::vector<int64_t>& responses,
                    BatchLayout kind) {
  if (kind == BatchLayout::kPacked) return Packed(sequences, RowsByPrompt(sequences, responses));
  std::vector<std::vector<int64_t>> alone;
  for (int64_t r : responses) alone.push_back({r});
  const Layout plain = Padded(sequences, std::move(alone));
  const Layout shared = Padded(sequences, RowsByPrompt(sequences, responses));
  const bool worth =
      static_cast<double>(shared.positions()) <= kWorthSharing * static_cast<double>(plain.positions());
  return worth && shared.length <= kLongestSharedRow ? shared : plain;
}

int64_t Positions(absl::Span<const Sequence> sequences, const std::vector<std::vector<int64_t>>& microbatches,
                  BatchLayout kind) {
  int64_t positions = 0;
  for (const auto& responses : microbatches) {
    positions += ChooseLayout(sequences, responses, kind).positions();
  }
  return positions;
}

torch::Tensor ToTensor(const std::vector<int64_t>& values, torch::Device device) {
  return torch::tensor(values, at::kLong).to(device);
}

// Fills a microbatch prompt by prompt on the CPU.
class Builder {
 public:
  Builder(absl::Span<const Sequence> sequences, const Layout& layout) : sequences_(sequences) {
    batch_.input_ids_BT = at::zeros({layout.height, layout.length}, at::kLong);
  }

  // A prompt and its responses, from token `begin` of the batch on.
  void Add(int64_t begin, const std::vector<int64_t>& row) {
    const Sequence& first = sequences_[row[0]];
    const int64_t prompt_begin = begin;
    const int64_t prompt = static_cast<int64_t>(first.prompt.size());
    int64_t* const ids = batch_.input_ids_BT.data_ptr<int64_t>();
    std::copy(first.prompt.begin(), first.prompt.end(), ids + begin);
    const bool alone = row.size() == 1;  // prompt and response are one segment
    batch_.segments.push_back({begin, alone ? RowLength(sequences_, row) : prompt, 0, 0});
    begin += prompt;
    for (int64_t r : row) {
      const auto& response = sequences_[r].response;
      const int64_t inputs = static_cast<int64_t>(response.size()) - 1;
      std::copy(response.begin(), response.end() - 1, ids + begin);
      if (!alone && inputs > 0) batch_.segments.push_back({begin, inputs, prompt_begin, prompt});
      rows_.push_back(prompt_begin + prompt - 1);
      for (int64_t t = 0; t < inputs; ++t) rows_.push_back(begin + t);
      targets_.insert(targets_.end(), response.begin(), response.end());
      batch_.responses.push_back(r);
      batch_.lengths.push_back(inputs + 1);
      begin += inputs;
    }
  }

  Microbatch Finish(torch::Device device) {
    batch_.input_ids_BT = batch_.input_ids_BT.to(device);
    batch_.rows_K = ToTensor(rows_, device);
    batch_.targets_K = ToTensor(targets_, device);
    return std::move(batch_);
  }

 private:
  const absl::Span<const Sequence> sequences_;
  Microbatch batch_;
  std::vector<int64_t> rows_;
  std::vector<int64_t> targets_;
};

}  // namespace

std::vector<std::vector<int64_t>> PlanMicrobatches(absl::Span<const Sequence> sequences,
                                                   const std::vector<int64_t>& responses,
                                                   int64_t microbatch_responses, BatchLayout kind) {
  std::vector<int64_t> lengths;
  for (const Sequence& sequence : sequences)
    lengths.push_back(sequence.prompt.size() + sequence.response.size());
  std::vector<std::vector<int64_t>> by_length = CutMicrobatches(responses, lengths, microbatch_responses);
  std::vector<int64_t> together;
  for (const auto& row : RowsByPrompt(sequences, responses))
    together.insert(together.end(), row.begin(), row.end());
  std::vector<std::vector<int64_t>> by_prompt = CutInOrder(together, microbatch_responses);
  const bool together_is_less = Positions(sequences, by_prompt, kind) < Positions(sequences, by_length, kind);
  return together_is_less ? by_prompt : by_length;
}

BatchLayout LayoutOn(torch::Device device) {
  return device.is_cpu() ? BatchLayout::kPacked : BatchLayout::kRows;
}

Microbatch MakeMicrobatch(absl::Span<const Sequence> sequences, const std::vector<int64_t>& responses,
                          torch::Device device, BatchLayout kind) {
  const Layout layout = ChooseLayout(sequences, responses, kind);
  Builder builder(sequences, layout);
  const bool packed = kind == BatchLayout::kPacked;
  int64_t begin = 0;
  for (const std::vector<int64_t>& row : layout.rows) {
    builder.Add(begin, row);
    begin += packed ? RowLength(sequences, row) : layout.length;
  }
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
