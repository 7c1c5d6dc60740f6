#include "actor/sampler.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace drover::actor {
namespace {

struct Token {
  double probability;
  uint32_t id;
};

bool MoreProbable(const Token& a, const Token& b) {
  return a.probability > b.probability || (a.probability == b.probability && a.id < b.id);
}

bool LowerId(const Token& a, const Token& b) { return a.id < b.id; }

double Sum(const std::vector<Token>& tokens) {
  double sum = 0.0;
  for (const Token& token : tokens) sum += token.probability;
  return sum;
}

// Tokens that can be among the fewest whose sum reaches `top_p` of the sum of all n: those below (1 - top_p) / n of it
// together have less than 1 - top_p, so that the others reach top_p without them.
void DropTail(std::vector<Token>& tokens, double top_p) {
  const double least = (1.0 - top_p) / static_cast<double>(tokens.size()) * Sum(tokens);
  tokens.erase(
      std::remove_if(tokens.begin(), tokens.end(), [&](const Token& t) { return t.probability < least; }),
      tokens.end());
}

// Tokens that the filters leave, in order of id.
std::vector<Token> Filter(absl::Span<const double> probabilities, uint32_t top_k, double top_p) {
  std::vector<Token> tokens;
  for (size_t id = 0; id < probabilities.size(); ++id) {
    if (probabilities[id] > 0.0) tokens.push_back({probabilities[id], static_cast<uint32_t>(id)});
  }
  if (top_k > 0 && top_k < tokens.size()) {
    std::nth_element(tokens.begin(), tokens.begin() + top_k - 1, tokens.end(), MoreProbable);
    tokens.resize(top_k);
  }
  if (top_p > 0.0 && top_p < 1.0) {
    const double wanted = top_p * Sum(tokens);
    DropTail(tokens, top_p);
    std::sort(tokens.begin(), tokens.end(), MoreProbable);
    double sum = 0.0;
    size_t kept = 0;
    while (kept < tokens.size() && (kept == 0 || sum < wanted)) sum += tokens[kept++].probability;
    tokens.resize(kept);
  }
  std::sort(tokens.begin(), tokens.end(), LowerId);
  return tokens;
}

uint32_t MostProbable(absl::Span<const double> probabilities) {
  size_t best = 0;
  for (size_t id = 1; id < probabilities.size(); ++id) {
    if (probabilities[id] > probabilities[best]) best = id;
  }
  return static_cast<uint32_t>(best);
}

uint32_t PickFromAll(absl::Span<const double> probabilities, double uniform) {
  double total = 0.0;
  for (const double p : probabilities) total += p;
  const double target = uniform * total;
  double sum = 0.0;
  size_t last = 0;  // rounding can leave the target at the very end
  for (size_t id = 0; id < probabilities.size(); ++id) {
    if (probabilities[id] <= 0.0) continue;
    sum += probabilities[id];
    last = id;
    if (sum > target) break;
  }
  return static_cast<uint32_t>(last);
}

}  // namespace

uint32_t PickToken(absl::Span<const double> probabilities, const SamplerOptions& options, double uniform) {
  DROVER_CHECK(!probabilities.empty());
  if (options.temperature == 0.0) return MostProbable(probabilities);
  const bool all = options.top_k == 0 && (options.top_p <= 0.0 || options.top_p >= 1.0);
  if (all) return PickFromAll(probabilities, uniform);
  const std::vector<Token> tokens = Filter(probabilities, options.top_k, options.top_p);
  DROVER_CHECK(!tokens.empty());
  const double target = uniform * Sum(tokens);
  double sum = 0.0;
  for (const Token& token : tokens) {
    sum += token.probability;
    if (sum > target) return token.id;
  }
  return tokens.back().id;
}

}  // namespace drover::actor
