#include "model/weight_shapes.h"

#include "model/architecture.h"

namespace drover::model {
namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

void Add(const WeightDescription& weight, Shapes& shapes) {
  if (weight.present()) shapes[weight.name] = weight.shape;
}

void Add(const LinearDescription& linear, Shapes& shapes) {
  Add(linear.weight, shapes);
  Add(linear.bias, shapes);
}

void Add(const LayerDescription& layer, Shapes& shapes) {
  Add(layer.attention_norm, shapes);
  const AttentionDescription& attention = layer.attention;
  for (const auto* linear : {&attention.query, &attention.key, &attention.value, &attention.output}) {
    Add(*linear, shapes);
  }
  Add(attention.query_norm, shapes);
  Add(attention.key_norm, shapes);
  Add(layer.feed_forward_norm, shapes);
  for (const auto* linear : {&layer.feed_forward.gate, &layer.feed_forward.up, &layer.feed_forward.down}) {
    Add(*linear, shapes);
  }
}

}  // namespace

Shapes WeightShapes(const ModelConfig& config) {
  const Architecture architecture = DescribeArchitecture(config);
  Shapes shapes;
  Add(architecture.embedding, shapes);
  for (const LayerDescription& layer : architecture.layers) Add(layer, shapes);
  Add(architecture.final_norm, shapes);
  Add(architecture.head, shapes);
  return shapes;
}

}  // namespace drover::model
