// The frequencies of rotary positions (ops.h rotates by them).
#pragma once

#include <cstdint>
#include <vector>

#include "model/rope_scaling.h"

namespace drover::model {

// Rotary positions of the first 2 frequencies.size() numbers of a head.
struct RopeDescription {
  // Radians a position. In float32 because the published models were trained with frequencies rounded so.
  std::vector<float> frequencies;
  double scale = 1.0;  // of the rotated numbers

  bool operator==(const RopeDescription&) const = default;
};

// How many numbers of a head are rotated.
int64_t RotatedNumbers(const RopeConfig& rope, int64_t head_dim);

// What `rope` makes of heads of `head_dim`, of which an even number is rotated.
RopeDescription DescribeRope(const RopeConfig& rope, int64_t head_dim);

}  // namespace drover::model
