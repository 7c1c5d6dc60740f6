// Attention over the segments of a batch as LibTorch computes it, by rows, against the definition in double precision.
#include "model/ops_sequences.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "model/ops.h"

namespace drover::model::ops {
namespace by_rows {  // names of its own: files are compiled together
namespace {

constexpr int64_t kHeads = 6, kKeyHeads = 2, kHeadDim = 8;
using Tensors = std::vector<torch::Tensor>;

struct Batch {
  std::string name;
  std::vector<Segment> segments;
};

// Prompts with 3, 2 and 1 responses, of one token and more; sequences alone, of one token and long ones.
std::vector<Batch> Batches() {
  return {{"shared",
           {{0, 7, 0, 0},
            {7, 5, 0, 7},
            {12, 1, 0, 7},
            {13, 9, 0, 7},
            {22, 1, 0, 0},
            {23, 4, 22, 1},
            {27, 1, 22, 1},
            {28, 5, 0, 0},
            {33, 2, 28, 5},
            {35, 1, 0, 0},
            {36, 11, 0, 0}}},
          {"part of a prompt", {{0, 6, 0, 0}, {6, 3, 0, 4}, {9, 2, 0, 2}}},
          {"lengths apart", {{0, 40, 0, 0}, {40, 3, 0, 40}, {43, 2, 0, 0}, {45, 20, 0, 0}, {65, 4, 45, 20}}},
          {"equal rows", WholeRows(3, 6)},
          {"one", WholeRows(1, 9)},
          {"one token", WholeRows(1, 1)}};
}

int64_t TokensOf(const Batch& batch) { return batch.segments.back().begin + batch.segments.back().tokens; }

// [t, s]: whether token t of the batch sees token s.
torch::Tensor Visible(const Batch& batch, int64_t window) {
  const torch::Tensor visible_NN = at::zeros({TokensOf(batch), TokensOf(batch)}, at::kBool);
  auto visible = visible_NN.accessor<bool, 2>();
  for (const Segment& segment : batch.segments) {
    for (int64_t t = 0; t < segment.tokens; ++t) {
      const int64_t position = segment.prefix + t;
      for (int64_t seen = 0; seen <= position; ++seen) {
        if (window > 0 && seen <= position - window) continue;
        const bool own = seen >= segment.prefix;
        visible[segment.begin + t]
               [own ? segment.begin + seen - segment.prefix : segment.prefix_begin + seen] = true;
      }
    }
  }
  return visible_NN;
}

torch::Tensor Definition(const Tensors& in, const torch::Tensor& visible_NN,
                         const AttentionSettings& settings) {
  const torch::Tensor query = in[0].transpose(0, 1);
  const torch::Tensor key = in[1].repeat_interleave(kHeads / kKeyHeads, 1).transpose(0, 1);
  const torch::Tensor value = in[2].repeat_interleave(kHeads / kKeyHeads, 1).transpose(0, 1);
  torch::Tensor scores = at::matmul(query, key.transpose(1, 2)) * settings.scale;
  if (settings.soft_cap > 0.0) scores = at::tanh(scores / settings.soft_cap) * settings.soft_cap;
  scores = scores.masked_fill(visible_NN.logical_not(), -std::numeric_limits<double>::infinity());
  return at::matmul(scores.softmax(-1), value).transpose(0, 1).flatten(1);
}

// Query, key and value.
Tensors RandomInputs(int64_t tokens) {
  return {at::randn({tokens, kHeads, kHeadDim}, at::kDouble),
          at::randn({tokens, kKeyHeads, kHeadDim}, at::kDouble),
          at::randn({tokens, kKeyHeads, kHeadDim}, at::kDouble)};
}

Tensors Leaves(const Tensors& inputs, torch::ScalarType dtype) {
  Tensors leaves;
  for (const torch::Tensor& input : inputs)
    leaves.push_back(input.to(dtype).detach().clone().requires_grad_());
  return leaves;
}

void ExpectClose(const torch::Tensor& got, const torch::Tensor& wanted, double tolerance,
                 const std::string& where) {
  ASSERT_EQ(got.sizes(), wanted.sizes()) << where;
  EXPECT_LT((got.detach().to(at::kDouble) - wanted.detach()).abs().max().item<double>(), tolerance) << where;
}

// Outputs and all gradients, of products with random numbers.
void ExpectDefinition(const Batch& batch, const AttentionSettings& settings, torch::ScalarType dtype,
                      double tolerance, const std::string& where) {
  const Tensors inputs = RandomInputs(TokensOf(batch));
  const Tensors ours = Leaves(inputs, dtype), exact = Leaves(inputs, at::kDouble);
  const Sequences sequences(batch.segments, at::kCPU, /*by_rows=*/true);
  ASSERT_EQ(sequences.pages(), nullptr);
  const torch::Tensor got = SequenceAttention(ours[0], ours[1], ours[2], sequences, settings);
  const torch::Tensor wanted = Definition(exact, Visible(batch, settings.window), settings);
  ExpectClose(got, wanted, tolerance, where);
  const torch::Tensor factors = at::randn(wanted.sizes(), at::kDouble);
  (got * factors.to(dtype)).sum().backward();
  (wanted * factors).sum().backward();
  for (size_t i = 0; i < ours.size(); ++i) {
    ExpectClose(ours[i].grad(), exact[i].grad(), tolerance, where + ", input " + std::to_string(i));
  }
}

std::vector<AttentionSettings> AllSettings() {
  std::vector<AttentionSettings> all;
  for (const double cap : {0.0, 1.5}) {
    for (const int64_t window : {0, 1, 4, 10, 100}) all.push_back({0.4, cap, window});
  }
  return all;
}

TEST(SequenceAttention, ByRowsIsTheDefinition) {
  at::manual_seed(5);
  for (const Batch& batch : Batches()) {
    for (const AttentionSettings& settings : AllSettings()) {
      const std::string where = batch.name + ", cap " + std::to_string(settings.soft_cap) + ", window " +
                                std::to_string(settings.window);
      // Capped scores are float32 (ops_attention.cc).
      ExpectDefinition(batch, settings, at::kDouble, settings.soft_cap > 0.0 ? 2e-5 : 1e-12, where);
      ExpectDefinition(batch, settings, at::kFloat, 2e-5, where);
    }
  }
}

// Nothing of another sequence, be it no number, is in a sequence's results or gradients, whatever fills its row up.
TEST(SequenceAttention, ByRowsCompanyChangesNothing) {
  at::manual_seed(6);
  constexpr int64_t kShort = 3, kLong = 9;
  const Sequences sequences({{0, kShort, 0, 0}, {kShort, kLong, 0, 0}}, at::kCPU, /*by_rows=*/true);
  ASSERT_EQ(sequences.rows().size(), 1u);
  const Sequences one(WholeRows(1, kShort), at::kCPU, /*by_rows=*/true);
  Tensors inputs = RandomInputs(kShort + kLong), own;
  for (const torch::Tensor& input : inputs) {
    own.push_back(input.narrow(0, 0, kShort));
    input.narrow(0, kShort, kLong).fill_(std::numeric_limits<double>::quiet_NaN());
  }
  const Tensors together = Leaves(inputs, at::kDouble), alone = Leaves(own, at::kDouble);
  const AttentionSettings settings{0.4, 0.0, 0};
  const torch::Tensor got =
      SequenceAttention(together[0], together[1], together[2], sequences, settings).narrow(0, 0, kShort);
  const torch::Tensor wanted = SequenceAttention(alone[0], alone[1], alone[2], one, settings);
  ExpectClose(got, wanted, 1e-12, "results");
  const torch::Tensor factors = at::randn(wanted.sizes(), at::kDouble);
  (got * factors).sum().backward();
  (wanted * factors).sum().backward();
  for (size_t i = 0; i < alone.size(); ++i) {
    ExpectClose(together[i].grad().narrow(0, 0, kShort), alone[i].grad(), 1e-12, "gradients");
  }
}

}  // namespace
}  // namespace by_rows
}  // namespace drover::model::ops
