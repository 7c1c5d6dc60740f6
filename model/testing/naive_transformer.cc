#include "model/testing/naive_transformer.h"

#include <algorithm>
#include <cmath>

namespace drover::model::testing {
namespace {

using Vector = std::vector<double>;

Vector Linear(const NaiveWeights& weights, const std::string& name, const Vector& x) {
  const Vector& w = weights.at(name + ".weight");
  const size_t out = w.size() / x.size();
  Vector y(out, 0.0);
  for (size_t o = 0; o < out; ++o) {
    for (size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
  }
  const auto bias = weights.find(name + ".bias");
  if (bias != weights.end()) {
    for (size_t o = 0; o < out; ++o) y[o] += bias->second[o];
  }
  return y;
}

Vector Norm(const ModelConfig& config, const NaiveWeights& weights, const std::string& name,
            const Vector& x) {
  const Vector& w = weights.at(name + ".weight");
  double squares = 0.0;
  for (const double v : x) squares += v * v;
  const double scale = 1.0 / std::sqrt(squares / x.size() + config.rms_norm_eps);
  Vector y(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] * scale * (config.norm_offset + w[i]);
  return y;
}

// The same, or x where the model has no such norm.
Vector NormIf(bool present, const ModelConfig& config, const NaiveWeights& weights, const std::string& name,
              const Vector& x) {
  return present ? Norm(config, weights, name, x) : x;
}

double OfLlama3(const Llama3RopeScaling& s, double plain) {
  const double wavelength = 2.0 * M_PI / plain;
  const double longest = s.original_max_positions / s.low_freq_factor;
  const double shortest = s.original_max_positions / s.high_freq_factor;
  if (wavelength > longest) return plain / s.factor;
  if (wavelength < shortest) return plain;
  const double blend =
      (s.original_max_positions / wavelength - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
  return (1.0 - blend) * plain / s.factor + blend * plain;
}

double OfYarn(const YarnRopeScaling& s, double theta, int64_t rotated, int64_t pair, double plain) {
  // The pair that makes `turns` turns in the original context.
  const auto pair_of = [&](double turns) {
    return 0.5 * rotated * std::log(s.original_max_positions / (2.0 * M_PI * turns)) / std::log(theta);
  };
  double first = pair_of(s.beta_fast), last = pair_of(s.beta_slow);
  if (s.truncate) {
    first = std::floor(first);
    last = std::ceil(last);
  }
  first = std::max(0.0, first);
  last = std::min(rotated - 1.0, last);
  const double ramp = std::min(1.0, std::max(0.0, (pair - first) / (last - first)));
  return ramp * plain / s.factor + (1.0 - ramp) * plain;
}

double Frequency(const RopeConfig& rope, int64_t rotated, int64_t pair) {
  const double plain = std::pow(rope.theta, -2.0 * pair / rotated);
  if (const auto* s = std::get_if<LinearRopeScaling>(&rope.scaling)) return plain / s->factor;
  if (const auto* s = std::get_if<Llama3RopeScaling>(&rope.scaling)) return OfLlama3(*s, plain);
  if (const auto* s = std::get_if<YarnRopeScaling>(&rope.scaling)) {
    return OfYarn(*s, rope.theta, rotated, pair, plain);
  }
  if (const auto* s = std::get_if<LongRopeScaling>(&rope.scaling)) return plain / s->short_factors[pair];
  return plain;
}

// What rotated numbers are multiplied by.
double Stretch(const RopeConfig& rope) {
  if (const auto* s = std::get_if<YarnRopeScaling>(&rope.scaling)) return s->attention_factor;
  if (const auto* s = std::get_if<LongRopeScaling>(&rope.scaling)) return s->attention_factor;
  return 1.0;
}

// Turns the pairs (i, i + r/2) of the first r numbers of a head as complex numbers.
Vector Turn(const RopeConfig& rope, const Vector& head, int64_t position) {
  Vector out = head;
  const size_t half = static_cast<size_t>(rope.rotated_share * head.size()) / 2;
  for (size_t i = 0; i < half; ++i) {
    const double angle = position * Frequency(rope, static_cast<int64_t>(2 * half), static_cast<int64_t>(i));
    out[i] = Stretch(rope) * (head[i] * std::cos(angle) - head[i + half] * std::sin(angle));
    out[i + half] = Stretch(rope) * (head[i] * std::sin(angle) + head[i + half] * std::cos(angle));
  }
  return out;
}

std::vector<Vector> SplitHeads(const Vector& x, int64_t head_dim) {
  std::vector<Vector> heads;
  for (size_t begin = 0; begin < x.size(); begin += head_dim) {
    heads.emplace_back(x.begin() + begin, x.begin() + begin + head_dim);
  }
  return heads;
}

struct Sequence {
  std::vector<std::vector<Vector>> q, k, v;  // [T][heads]
};

double Capped(double x, double cap) { return cap == 0.0 ? x : cap * std::tanh(x / cap); }

Vector Attend(const ModelConfig& config, const LayerConfig& layer, const Sequence& s, size_t t) {
  Vector out;
  const int64_t share = config.num_heads / config.num_kv_heads;
  const double divisor = config.query_scale == 0.0 ? config.head_dim : config.query_scale;
  const size_t reach = layer.window ? config.sliding_window : t + 1;
  const size_t first = t + 1 > reach ? t + 1 - reach : 0;
  for (int64_t h = 0; h < config.num_heads; ++h) {
    Vector scores;
    for (size_t u = first; u <= t; ++u) {
      double dot = 0.0;
      for (int64_t i = 0; i < config.head_dim; ++i) dot += s.q[t][h][i] * s.k[u][h / share][i];
      scores.push_back(Capped(dot / std::sqrt(divisor), config.attention_soft_cap));
    }
    const Vector logs = NaiveLogSoftmax(scores);
    for (int64_t i = 0; i < config.head_dim; ++i) {
      double sum = 0.0;
      for (size_t u = first; u <= t; ++u) sum += std::exp(logs[u - first]) * s.v[u][h / share][i];
      out.push_back(sum);
    }
  }
  return out;
}

void AddTo(Vector& x, const Vector& y) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

// The heads of one token's queries or keys: normalised, rotated.
std::vector<Vector> Place(const ModelConfig& config, const LayerConfig& layer, const NaiveWeights& weights,
                          const std::string& norm, Vector x, size_t t) {
  x = NormIf(config.qk_norm == QueryKeyNorm::kWhole, config, weights, norm, x);
  std::vector<Vector> heads = SplitHeads(x, config.head_dim);
  const RopeConfig& rope = layer.window && config.window_rope ? *config.window_rope : config.rope;
  for (Vector& head : heads) {
    head = NormIf(config.qk_norm == QueryKeyNorm::kHead, config, weights, norm, head);
    if (layer.rope) head = Turn(rope, head, static_cast<int64_t>(t));
  }
  return heads;
}

// The rows [begin, end) of what a linear map gives.
Vector Part(const Vector& x, int64_t begin, int64_t end) {
  return Vector(x.begin() + begin, x.begin() + end);
}

struct Projections {
  Vector q, k, v;
};

Projections Project(const ModelConfig& config, const NaiveWeights& weights, const std::string& prefix,
                    const Vector& x) {
  if (!config.joined_projections) {
    return {Linear(weights, prefix + "q_proj", x), Linear(weights, prefix + "k_proj", x),
            Linear(weights, prefix + "v_proj", x)};
  }
  const Vector all = Linear(weights, prefix + "qkv_proj", x);
  const int64_t q = config.num_heads * config.head_dim, k = q + config.num_kv_heads * config.head_dim;
  return {Part(all, 0, q), Part(all, q, k), Part(all, k, static_cast<int64_t>(all.size()))};
}

Vector Activated(const ModelConfig& config, Vector gate, const Vector& up) {
  for (size_t i = 0; i < gate.size(); ++i) {
    const double x = gate[i];
    const double gelu = 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
    gate[i] = (config.activation == Activation::kGeluTanh ? gelu : x / (1.0 + std::exp(-x))) * up[i];
  }
  return gate;
}

Vector FeedForward(const ModelConfig& config, const NaiveWeights& weights, const std::string& prefix,
                   const Vector& x) {
  if (!config.joined_projections) {
    const Vector up = Linear(weights, prefix + "up_proj", x);
    return Linear(weights, prefix + "down_proj",
                  Activated(config, Linear(weights, prefix + "gate_proj", x), up));
  }
  const Vector both = Linear(weights, prefix + "gate_up_proj", x);
  const int64_t inner = config.intermediate_size;
  return Linear(weights, prefix + "down_proj",
                Activated(config, Part(both, 0, inner), Part(both, inner, 2 * inner)));
}

void RunLayer(const ModelConfig& config, const NaiveWeights& weights, int64_t index, std::vector<Vector>& x) {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  const LayerConfig layer = config.layers.empty() ? LayerConfig() : config.layers[index];
  const bool before = config.norms != NormPlacement::kAfter, after = config.norms != NormPlacement::kBefore;
  const std::string attention = prefix + "self_attn.";
  Sequence s;
  for (size_t t = 0; t < x.size(); ++t) {
    const Projections p = Project(config, weights, attention,
                                  NormIf(before, config, weights, prefix + "input_layernorm", x[t]));
    s.q.push_back(Place(config, layer, weights, attention + "q_norm", p.q, t));
    s.k.push_back(Place(config, layer, weights, attention + "k_norm", p.k, t));
    s.v.push_back(SplitHeads(p.v, config.head_dim));
  }
  const std::string into_mlp = after ? "pre_feedforward_layernorm" : "post_attention_layernorm";
  for (size_t t = 0; t < x.size(); ++t) {
    const Vector read = Linear(weights, attention + "o_proj", Attend(config, layer, s, t));
    AddTo(x[t], NormIf(after, config, weights, prefix + "post_attention_layernorm", read));
    const Vector fed = FeedForward(config, weights, prefix + "mlp.",
                                   NormIf(before, config, weights, prefix + into_mlp, x[t]));
    AddTo(x[t], NormIf(after, config, weights, prefix + "post_feedforward_layernorm", fed));
  }
}

}  // namespace

std::vector<Vector> NaiveLogits(const ModelConfig& config, const NaiveWeights& weights,
                                const std::vector<int64_t>& token_ids) {
  const Vector& embedding = weights.at("model.embed_tokens.weight");
  std::vector<Vector> x;
  for (const int64_t id : token_ids) {
    x.push_back(Part(embedding, id * config.hidden_size, (id + 1) * config.hidden_size));
    for (double& value : x.back()) value *= config.embedding_scale;
  }
  for (int64_t layer = 0; layer < config.num_layers; ++layer) RunLayer(config, weights, layer, x);
  std::vector<Vector> logits;
  for (const Vector& row : x) {
    logits.push_back(Linear(weights, config.tie_word_embeddings ? "model.embed_tokens" : "lm_head",
                            Norm(config, weights, "model.norm", row)));
    for (double& logit : logits.back()) logit = Capped(logit, config.logit_soft_cap);
  }
  return logits;
}

std::vector<double> NaiveLogSoftmax(const std::vector<double>& logits, double temperature) {
  const double largest = *std::max_element(logits.begin(), logits.end()) / temperature;
  double sum = 0.0;
  for (const double logit : logits) sum += std::exp(logit / temperature - largest);
  std::vector<double> out;
  for (const double logit : logits) out.push_back(logit / temperature - largest - std::log(sum));
  return out;
}

}  // namespace drover::model::testing
