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

// Tokens less than `min_p` times as probable as the most probable one.
void DropBelow(std::vector<Token>& tokens, double min_p) {
  double most = 0.0;
  for (const Token& token : tokens) most = std::max(most, token.probability);
  tokens.erase(std::remove_if(tokens.begin(), tokens.end(),
                              [&](const Token& token) { return token.probability < min_p * most; }),
               tokens.end());
}

// Tokens that the filters leave, in order of id.
std::vector<Token> Filter(absl::Span<const double> probabilities, const SamplerOptions& options) {
  const uint32_t top_k = options.top_k;
  const double top_p = options.top_p;
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
  if (options.min_p > 0.0) DropBelow(tokens, options.min_p);
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

// Of numbers that are added up together: eight sums at a time, since one would wait for itself.
constexpr size_t kBlock = 512;

double BlockSum(absl::Span<const double> block) {
  constexpr size_t kSums = 8;
  double sums[kSums] = {};
  size_t i = 0;
  for (; i + kSums <= block.size(); i += kSums) {
    for (size_t k = 0; k < kSums; ++k) sums[k] += block[i + k];
  }
  for (; i < block.size(); ++i) sums[0] += block[i];
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum;
}

uint32_t PickFromAll(absl::Span<const double> probabilities, double uniform) {
  std::vector<double> before;  // each block
  before.reserve(probabilities.size() / kBlock + 1);
  double sum = 0.0;
  for (size_t id = 0; id < probabilities.size(); id += kBlock) {
    before.push_back(sum);
    sum += BlockSum(probabilities.subspan(id, kBlock));
  }
  const double target = uniform * sum;
  const auto next = std::upper_bound(before.begin() + 1, before.end(), target);
  const size_t block = static_cast<size_t>(next - before.begin()) - 1;
  sum = before[block];
  for (size_t id = block * kBlock; id < probabilities.size(); ++id) {
    sum += probabilities[id];
    if (sum > target && probabilities[id] > 0.0) return static_cast<uint32_t>(id);
  }
  size_t last = probabilities.size() - 1;  // rounding can leave the target at the very end
  while (probabilities[last] <= 0.0) --last;
  return static_cast<uint32_t>(last);
}

}  // namespace

uint32_t PickToken(absl::Span<const double> probabilities, const SamplerOptions& options, double uniform) {
  DROVER_CHECK(!probabilities.empty());
  if (options.temperature == 0.0) return MostProbable(probabilities);
  const bool all =
      options.top_k == 0 && (options.top_p <= 0.0 || options.top_p >= 1.0) && options.min_p <= 0.0;
  if (all) return PickFromAll(probabilities, uniform);
  const std::vector<Token> tokens = Filter(probabilities, options);
  DROVER_CHECK(!tokens.empty());
  const double target = uniform * Sum(tokens);
  double sum = 0.0;
  for (const Token& token : tokens) {
    sum += token.probability;
    if (sum > target) return token.id;
  }
  return tokens.back().id;
}

std::vector<uint32_t> MostProbableTokens(absl::Span<const double> probabilities, uint32_t count) {
  std::vector<Token> tokens;
  tokens.reserve(probabilities.size());
  for (size_t id = 0; id < probabilities.size(); ++id) {
    tokens.push_back({probabilities[id], static_cast<uint32_t>(id)});
  }
  const size_t kept = std::min<size_t>(count, tokens.size());
  std::partial_sort(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(kept), tokens.end(),
                    MoreProbable);
  std::vector<uint32_t> ids;
  for (size_t i = 0; i < kept; ++i) ids.push_back(tokens[i].id);
  return ids;
}

}  // namespace drover::actor
