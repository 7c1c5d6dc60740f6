// Which gradients are exchanged together, and when: a layer's, as soon as the backward pass is done with it.
//
//   backward pass    head ─▶ layer L-1 ─▶ ... ─▶ layer 0 ─▶ embedding
//   buckets          head    layer L-1    ...    layer 0    the rest
//
// Pure: every rank computes the same from the same names.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace drover::learner {

struct LayerBuckets {
  // How many consecutive parameters each has (ShardPlan): those of one layer, or a single one that is of none.
  std::vector<size_t> parameters;
  // Of each bucket: the layer's number, or -1.
  std::vector<int> layers;
  // Numbers of buckets, in the order in which a backward pass is done with them: a head of its own, layers from the last
  // to the first, the others.
  std::vector<size_t> order;
};

// `names`: Hugging Face names, sorted, so that a layer's stand together. "model.layers.12.mlp.up_proj.weight" is of layer
// 12.
LayerBuckets BucketsByLayer(const std::vector<std::string>& names);

}  // namespace drover::learner
