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

Vector Norm(const NaiveWeights& weights, const std::string& name, const Vector& x, double eps) {
  const Vector& w = weights.at(name + ".weight");
  double squares = 0.0;
  for (const double v : x) squares += v * v;
  const double scale = 1.0 / std::sqrt(squares / x.size() + eps);
  Vector y(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] * scale * w[i];
  return y;
}

double Frequency(const ModelConfig& config, int64_t pair) {
  const double plain = std::pow(config.rope_theta, -2.0 * pair / config.head_dim);
  if (!config.rope_scaling) return plain;
  const Llama3RopeScaling& s = *config.rope_scaling;
  const double wavelength = 2.0 * M_PI / plain;
  const double longest = s.original_max_positions / s.low_freq_factor;
  const double shortest = s.original_max_positions / s.high_freq_factor;
  if (wavelength > longest) return plain / s.factor;
  if (wavelength < shortest) return plain;
  const double blend =
      (s.original_max_positions / wavelength - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
  return (1.0 - blend) * plain / s.factor + blend * plain;
}

// Turns the pairs (i, i + d/2) of one head as complex numbers.
Vector Turn(const ModelConfig& config, const Vector& head, int64_t position) {
  Vector out(head.size());
  const size_t half = head.size() / 2;
  for (size_t i = 0; i < half; ++i) {
    const double angle = position * Frequency(config, static_cast<int64_t>(i));
    out[i] = head[i] * std::cos(angle) - head[i + half] * std::sin(angle);
    out[i + half] = head[i] * std::sin(angle) + head[i + half] * std::cos(angle);
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

Vector Attend(const ModelConfig& config, const Sequence& s, size_t t) {
  Vector out;
  const int64_t share = config.num_heads / config.num_kv_heads;
  for (int64_t h = 0; h < config.num_heads; ++h) {
    Vector scores;
    for (size_t u = 0; u <= t; ++u) {
      double dot = 0.0;
      for (int64_t i = 0; i < config.head_dim; ++i) dot += s.q[t][h][i] * s.k[u][h / share][i];
      scores.push_back(dot / std::sqrt(static_cast<double>(config.head_dim)));
    }
    const Vector logs = NaiveLogSoftmax(scores);
    for (int64_t i = 0; i < config.head_dim; ++i) {
      double sum = 0.0;
      for (size_t u = 0; u <= t; ++u) sum += std::exp(logs[u]) * s.v[u][h / share][i];
      out.push_back(sum);
    }
  }
  return out;
}

void AddTo(Vector& x, const Vector& y) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

void RunLayer(const ModelConfig& config, const NaiveWeights& weights, int64_t layer, std::vector<Vector>& x) {
  const std::string prefix = "model.layers." + std::to_string(layer) + ".";
  Sequence s;
  for (size_t t = 0; t < x.size(); ++t) {
    const Vector h = Norm(weights, prefix + "input_layernorm", x[t], config.rms_norm_eps);
    auto q = SplitHeads(Linear(weights, prefix + "self_attn.q_proj", h), config.head_dim);
    auto k = SplitHeads(Linear(weights, prefix + "self_attn.k_proj", h), config.head_dim);
    for (Vector& head : q) {
      if (config.qk_norm) head = Norm(weights, prefix + "self_attn.q_norm", head, config.rms_norm_eps);
      head = Turn(config, head, static_cast<int64_t>(t));
    }
    for (Vector& head : k) {
      if (config.qk_norm) head = Norm(weights, prefix + "self_attn.k_norm", head, config.rms_norm_eps);
      head = Turn(config, head, static_cast<int64_t>(t));
    }
    s.q.push_back(q);
    s.k.push_back(k);
    s.v.push_back(SplitHeads(Linear(weights, prefix + "self_attn.v_proj", h), config.head_dim));
  }
  for (size_t t = 0; t < x.size(); ++t) {
    AddTo(x[t], Linear(weights, prefix + "self_attn.o_proj", Attend(config, s, t)));
    const Vector h = Norm(weights, prefix + "post_attention_layernorm", x[t], config.rms_norm_eps);
    Vector gate = Linear(weights, prefix + "mlp.gate_proj", h);
    const Vector up = Linear(weights, prefix + "mlp.up_proj", h);
    for (size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1.0 + std::exp(-gate[i])) * up[i];
    AddTo(x[t], Linear(weights, prefix + "mlp.down_proj", gate));
  }
}

}  // namespace

std::vector<Vector> NaiveLogits(const ModelConfig& config, const NaiveWeights& weights,
                                const std::vector<int64_t>& token_ids) {
  const Vector& embedding = weights.at("model.embed_tokens.weight");
  std::vector<Vector> x;
  for (const int64_t id : token_ids) {
    x.emplace_back(embedding.begin() + id * config.hidden_size,
                   embedding.begin() + (id + 1) * config.hidden_size);
  }
  for (int64_t layer = 0; layer < config.num_layers; ++layer) RunLayer(config, weights, layer, x);
  std::vector<Vector> logits;
  for (const Vector& row : x) {
    logits.push_back(Linear(weights, config.tie_word_embeddings ? "model.embed_tokens" : "lm_head",
                            Norm(weights, "model.norm", row, config.rms_norm_eps)));
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
