// What of the training state is spread over the ranks (the recipe's learner.sharding).
#pragma once

namespace drover::learner {

enum class Sharding {
  kNone,       // every rank holds all of it
  kOptimizer,  // a rank holds its part of AdamW's moments
  kGradients,  // and of the gradients
  kWeights,    // and of the master weights
};

struct ShardingOptions {
  Sharding sharding = Sharding::kNone;
  // Gradients travel in bfloat16 and are summed in float32. Only with a sharding.
  bool bfloat16_exchange = false;
};

}  // namespace drover::learner
