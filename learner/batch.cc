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

int64_t LongestRow(absl::Span<const Sequence> sequences, const std::vector<std::vector<int64_t>>& rows) {
  int64_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, RowLength(sequences, row));
  return longest;
}

struct Layout {
  std::vector<std::vector<int64_t>> rows;  // the responses of each
  int64_t longest = 0;
  bool shared = false;
  int64_t positions() const { return static_cast<int64_t>(rows.size()) * longest; }
};

Layout ChooseLayout(absl::Span<const Sequence> sequences, const std::vector<int64_t>& responses) {
  Layout plain;
  for (int64_t r : responses) plain.rows.push_back({r});
  plain.longest = LongestRow(sequences, plain.rows);
  Layout shared;
  shared.shared = true;
  shared.rows = RowsByPrompt(sequences, responses);
  shared.longest = LongestRow(sequences, shared.rows);
  const bool worth =
      static_cast<double>(shared.positions()) <= kWorthSharing * static_cast<double>(plain.positions());
  return worth && shared.longest <= kLongestSharedRow ? shared : plain;
}

int64_t Positions(absl::Span<const Sequence> sequences,
                  const std::vector<std::vector<int64_t>>& microbatches) {
  int64_t positions = 0;
  for (const auto& responses : microbatches) positions += ChooseLayout(sequences, responses).positions();
  return positions;
}

torch::Tensor ToTensor(const std::vector<int64_t>& values, torch::Device device) {
  return torch::tensor(values, at::kLong).to(device);
}

// Fills a microbatch row by row on the CPU.
class Builder {
 public:
  Builder(absl::Span<const Sequence> sequences, const Layout& layout)
      : sequences_(sequences), length_(layout.longest) {
    const int64_t rows = static_cast<int64_t>(layout.rows.size());
    batch_.input_ids_BT = at::zeros({rows, length_}, at::kLong);
    if (!layout.shared) return;
    batch_.positions_BT = at::zeros({rows, length_}, at::kLong);
    // Padding sees itself, so that no softmax is over nothing.
    batch_.visible_BTT = at::eye(length_, at::kBool).repeat({rows, 1, 1});
  }

  void AddRow(int64_t b, const std::vector<int64_t>& row) {
    const Sequence& first = sequences_[row[0]];
    const int64_t prompt = static_cast<int64_t>(first.prompt.size());
    int64_t* ids = batch_.input_ids_BT.data_ptr<int64_t>() + b * length_;
    std::copy(first.prompt.begin(), first.prompt.end(), ids);
    See(b, 0, prompt, prompt);
    int64_t begin = prompt;
    for (int64_t r : row) {
      const auto& response = sequences_[r].response;
      const int64_t inputs = static_cast<int64_t>(response.size()) - 1;
      std::copy(response.begin(), response.end() - 1, ids + begin);
      See(b, begin, inputs, prompt);
      rows_.push_back(b * length_ + prompt - 1);
      for (int64_t t = 0; t < inputs; ++t) rows_.push_back(b * length_ + begin + t);
      targets_.insert(targets_.end(), response.begin(), response.end());
      batch_.responses.push_back(r);
      batch_.lengths.push_back(inputs + 1);
      begin += inputs;
    }
  }

  Microbatch Finish(torch::Device device) {
    batch_.input_ids_BT = batch_.input_ids_BT.to(device);
    if (batch_.positions_BT.defined()) {
      batch_.positions_BT = batch_.positions_BT.to(device);
      batch_.visible_BTT = batch_.visible_BTT.to(device);
    }
    batch_.rows_K = ToTensor(rows_, device);
    batch_.targets_K = ToTensor(targets_, device);
    return std::move(batch_);
  }

 private:
  // Tokens [begin, begin + count) of row b see the prompt and each other causally; the first of a response has the
  // position after the prompt's last.
  void See(int64_t b, int64_t begin, int64_t count, int64_t prompt) {
    if (!batch_.positions_BT.defined()) return;
    int64_t* positions = batch_.positions_BT.data_ptr<int64_t>() + b * length_;
    bool* visible = batch_.visible_BTT.data_ptr<bool>() + b * length_ * length_;
    for (int64_t t = 0; t < count; ++t) {
      positions[begin + t] = begin == 0 ? t : prompt + t;
      bool* sees = visible + (begin + t) * length_;
      if (begin > 0) std::fill(sees, sees + prompt, true);
      std::fill(sees + begin, sees + begin + t + 1, true);
    }
  }

  const absl::Span<const Sequence> sequences_;
  const int64_t length_;
  Microbatch batch_;
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
  for (const auto& row : RowsByPrompt(sequences, responses))
    together.insert(together.end(), row.begin(), row.end());
  std::vector<std::vector<int64_t>> by_prompt = CutInOrder(together, microbatch_responses);
  return Positions(sequences, by_prompt) < Positions(sequences, by_length) ? by_prompt : by_length;
}

Microbatch MakeMicrobatch(absl::Span<const Sequence> sequences, const std::vector<int64_t>& responses,
                          torch::Device device) {
  const Layout layout = ChooseLayout(sequences, responses);
  Builder builder(sequences, layout);
  for (size_t b = 0; b < layout.rows.size(); ++b) builder.AddRow(static_cast<int64_t>(b), layout.rows[b]);
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
