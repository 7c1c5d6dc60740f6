#include "programs/model/bench/shapes.h"

#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "model/weight_shapes.h"

namespace drover::model_tool {
namespace {

using model::ModelConfig;

ModelConfig Embedded() {
  ModelConfig config;
  config.vocab_size = 22;
  config.hidden_size = 96;
  config.intermediate_size = 256;
  config.num_layers = 3;
  config.num_heads = 4;
  config.num_kv_heads = 4;
  config.head_dim = 24;
  config.max_positions = 256;
  config.tie_word_embeddings = true;
  return config;
}

ModelConfig SmolLm2() {
  ModelConfig config;
  config.vocab_size = 49152;
  config.hidden_size = 576;
  config.intermediate_size = 1536;
  config.num_layers = 30;
  config.num_heads = 9;
  config.num_kv_heads = 3;
  config.head_dim = 64;
  config.max_positions = 8192;
  config.rms_norm_eps = 1e-5;
  config.rope.theta = 100000.0;
  config.tie_word_embeddings = true;
  return config;
}

ModelConfig Qwen15b() {
  ModelConfig config;
  config.model_type = "qwen2";
  config.vocab_size = 151936;
  config.hidden_size = 1536;
  config.intermediate_size = 8960;
  config.num_layers = 28;
  config.num_heads = 12;
  config.num_kv_heads = 2;
  config.head_dim = 128;
  config.max_positions = 32768;
  config.rope.theta = 1000000.0;
  config.tie_word_embeddings = true;
  config.attention_bias = true;
  return config;
}

ModelConfig Qwen7b() {
  ModelConfig config = Qwen15b();
  config.vocab_size = 152064;
  config.hidden_size = 3584;
  config.intermediate_size = 18944;
  config.num_heads = 28;
  config.num_kv_heads = 4;
  config.tie_word_embeddings = false;
  return config;
}

const std::map<std::string, std::function<ModelConfig()>, std::less<>>& Shapes() {
  static const auto* shapes = new std::map<std::string, std::function<ModelConfig()>, std::less<>>{
      {"embedded", Embedded}, {"smollm2-135m", SmolLm2}, {"qwen2.5-1.5b", Qwen15b}, {"qwen2.5-7b", Qwen7b}};
  return *shapes;
}

}  // namespace

absl::StatusOr<ModelConfig> BenchShape(std::string_view name) {
  const auto found = Shapes().find(name);
  if (found != Shapes().end()) return found->second();
  return absl::InvalidArgumentError(absl::StrCat("--shape is \"", ToAbsl(name), "\", must be one of ",
                                                 absl::StrJoin(BenchShapeNames(), ", ")));
}

std::vector<std::string> BenchShapeNames() {
  std::vector<std::string> names;
  for (const auto& [name, make] : Shapes()) names.push_back(name);
  return names;
}

double ForwardFlops(const ModelConfig& config, double context) {
  const double attention =
      4.0 * static_cast<double>(config.num_layers * config.num_heads * config.head_dim) * context;
  return 2.0 * static_cast<double>(model::CountWeights(config).matrices) + attention;
}

int64_t CacheBytesPerToken(const ModelConfig& config, int64_t element_bytes) {
  return 2 * config.num_layers * config.num_kv_heads * config.head_dim * element_bytes;
}

}  // namespace drover::model_tool
