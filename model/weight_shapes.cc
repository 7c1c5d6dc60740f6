#include "model/weight_shapes.h"

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
  for (const auto* norm : {&layer.attention_norm, &layer.attention_output_norm, &layer.feed_forward_norm,
                           &layer.feed_forward_output_norm}) {
    Add(*norm, shapes);
  }
  for (const LinearDescription& linear : layer.attention.projections) Add(linear, shapes);
  Add(layer.attention.output, shapes);
  Add(layer.attention.query_norm, shapes);
  Add(layer.attention.key_norm, shapes);
  for (const LinearDescription& linear : layer.feed_forward.gate_up) Add(linear, shapes);
  Add(layer.feed_forward.down, shapes);
}

}  // namespace

Shapes WeightShapes(const ModelConfig& config) { return WeightShapes(DescribeArchitecture(config)); }

Shapes WeightShapes(const Architecture& architecture) {
  Shapes shapes;
  Add(architecture.embedding, shapes);
  for (const LayerDescription& layer : architecture.layers) Add(layer, shapes);
  Add(architecture.final_norm, shapes);
  Add(architecture.head, shapes);
  return shapes;
}

WeightCounts CountWeights(const ModelConfig& config) { return CountWeights(DescribeArchitecture(config)); }

WeightCounts CountWeights(const Architecture& architecture) {
  WeightCounts counts;
  for (const auto& [name, shape] : WeightShapes(architecture)) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    counts.all += count;
    const bool looked_up = name == "model.embed_tokens.weight" && architecture.head.present();
    if (shape.size() == 2 && !looked_up) counts.matrices += count;
  }
  return counts;
}

}  // namespace drover::model
