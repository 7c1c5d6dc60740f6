// What the operations of ops.h take and give beside tensors. Shapes in names as there.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "model/adapters.h"
#include "model/packed_weight.h"

namespace drover::model::ops {

// y = x weight^T + bias; the bias may be undefined.
struct LinearWeights {
  torch::Tensor weight;  // [out, in]
  torch::Tensor bias;    // [out]
  // What the CPU reads in place of the weight, kept from call to call; null: packed for each call.
  std::shared_ptr<PackedWeight> packed;
  Adapters adapters;  // with any, Merged(weight, adapters) counts in the weight's place
};

// cos and sin of the angles of some positions, float32: as the device's Rotate takes them. On the CPU [..., r / 2];
// elsewhere [..., 1, r], the angles of the first half of what is rotated and the same again, the sines of the first half
// negated.
struct RopeAngles {
  torch::Tensor cos;
  torch::Tensor sin;
};

// What the distributions softmax(logits / temperature) say of one token each.
struct TokenScores {
  torch::Tensor logprobs_R;  // float32, with the logits' gradient
  // float32, nats, of the whole distribution; without gradient; undefined if not asked for.
  torch::Tensor entropy_R;
};

// For a draw: in double precision and in CPU memory, what is proportional to softmax(logits_RV[row] / temperature). The
// weights are not to be used where `finite` is false: a logit of the row is NaN or +infinite.
struct WeightsWanted {
  int64_t row = 0;
  double temperature = 1.0;
};
using VisitWeights = absl::FunctionRef<void(size_t i, absl::Span<const double> weights_V, bool finite)>;

}  // namespace drover::model::ops
