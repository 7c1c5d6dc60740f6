// Statistics of an update while they are being added up: over microbatches, then over ranks.
#pragma once

#include <algorithm>

#include "absl/status/status.h"
#include "ranks/collectives.h"

namespace drover::learner {

// 0 where nothing was counted.
inline double Mean(double sum, double count) { return count > 0.0 ? sum / count : 0.0; }

// Sums over tokens, unless said otherwise.
struct UpdateSums {
  double loss_tokens = 0.0;     // response tokens that are not masked
  double trained_tokens = 0.0;  // those of them whose responses went through the loss
  double clipped = 0.0;
  double masked = 0.0;
  double weight = 0.0;
  double ratio = 0.0;
  double kl_old = 0.0;
  double kl_reference = 0.0;
  double kl_tokens = 0.0;  // those that kl_reference is of
  double value_loss = 0.0;
  double entropy = 0.0;
  double entropy_tokens = 0.0;
  double gap = 0.0;
  double gap_tokens = 0.0;
  double ratio_max = 0.0;  // maximum
  double gap_max = 0.0;    // maximum

  void Add(const UpdateSums& other);
  // Over all ranks, the same on each.
  absl::Status AllReduce(Collectives& collectives);
};

}  // namespace drover::learner
