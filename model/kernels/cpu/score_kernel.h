// What a row of logits says: the log-probability of a token, the entropy, and the weights of all tokens for a draw.
// Compiled once for each instruction set.
#pragma once

#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

typedef double D8 __attribute__((vector_size(64)));
typedef int64_t L8 __attribute__((vector_size(64)));
typedef float F8 __attribute__((vector_size(32)));
typedef float F8Anywhere __attribute__((vector_size(32), aligned(4), may_alias));
typedef double D8Anywhere __attribute__((vector_size(64), aligned(8), may_alias));

constexpr int64_t kScoreBlock =
    32 * kLanes;  // float32 numbers that are added up before the sum goes on in double

DROVER_INLINE F16 Scaled(const ScoreRow& row, int64_t i) {
  const int64_t left = row.vocabulary - i;
  const F16 x = left >= kLanes ? Load(row.logits + i) : LoadSome(row.logits + i, left, -__builtin_inff());
  return row.temperature == 1.0f ? x : x / row.temperature;
}

DROVER_INLINE float LargestLogit(const ScoreRow& row) {
  F16 largest = Scaled(row, 0);
  for (int64_t i = kLanes; i < row.vocabulary; i += kLanes) largest = Max(Scaled(row, i), largest);
  return MaxLane(largest);
}

// Sums over the vocabulary of e^(x - largest) and of that times x - largest.
struct ScoreSums {
  double weights = 0.0;
  double products = 0.0;
};
template <bool kProducts>
DROVER_INLINE ScoreSums SumScores(const ScoreRow& row, float largest) {
  ScoreSums sums;
  for (int64_t begin = 0; begin < row.vocabulary; begin += kScoreBlock) {
    const int64_t end = begin + kScoreBlock < row.vocabulary ? begin + kScoreBlock : row.vocabulary;
    F16 weights = {}, products = {};
    for (int64_t i = begin; i < end; i += kLanes) {
      const F16 x = Scaled(row, i) - largest;
      const F16 weight = Exp(x);
      weights += weight;
      // A weight of 0 adds 0, not 0 x -inf.
      if (kProducts) products += Select(weight == 0.0f, Spread(0.0f), weight * x);
    }
    sums.weights += SumLanes(weights);
    if (kProducts) sums.products += SumLanes(products);
  }
  return sums;
}

// A maximum passes over a NaN, which the sums do not.
void Score(const ScoreRow& row) {
  const float largest = LargestLogit(row);
  const ScoreSums sums =
      row.entropy != nullptr ? SumScores<true>(row, largest) : SumScores<false>(row, largest);
  const double log_sum = __builtin_log(sums.weights);
  const float x = row.logits[row.target];
  const float scaled = row.temperature == 1.0f ? x : x / row.temperature;
  *row.logprob = static_cast<float>(static_cast<double>(scaled - largest) - log_sum);
  if (row.entropy != nullptr) *row.entropy = static_cast<float>(log_sum - sums.products / sums.weights);
}

void ScoreGradient(const ScoreRow& row, float gradient, float* out) {
  const float largest = LargestLogit(row);
  const float log_sum = static_cast<float>(__builtin_log(SumScores<false>(row, largest).weights));
  const float factor = -gradient / row.temperature;
  for (int64_t i = 0; i < row.vocabulary; i += kLanes) {
    const F16 part = Exp(Scaled(row, i) - largest - log_sum) * factor;
    const int64_t left = row.vocabulary - i;
    left >= kLanes ? Store(out + i, part) : StoreSome(out + i, part, left);
  }
  out[row.target] -= factor;
}

DROVER_INLINE D8 SpreadDouble(double x) { return D8{x, x, x, x, x, x, x, x}; }

// e^x for x <= 0 within 2 units in the last place; 0 below -708 and for -inf, NaN for NaN. Taylor's series to the 13th
// power of what 2^n leaves.
DROVER_INLINE D8 ExpDouble(D8 x) {
  constexpr double kRound = 6755399441055744.0;  // 1.5 x 2^52: adding it rounds to an integer
  const L8 nothing = x < -708.0;
  x = (D8)(((L8)SpreadDouble(-708.0) & nothing) | ((L8)x & ~nothing));
  const D8 shifted = x * 1.4426950408889634074 + kRound;
  const D8 n = shifted - kRound;
  const D8 r = x - n * 6.93147180369123816490e-01 - n * 1.90821492927058770002e-10;
  D8 p = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const L8 power = (L8)shifted << 52;  // the integer stands in the lowest bits
  return (D8)((L8)((L8)p + power) & ~nothing);
}

void Weigh(const WeighRow& row) {
  F16 largest = Spread(-__builtin_inff());
  int64_t i = 0;
  for (; i + kLanes <= row.vocabulary; i += kLanes) largest = Max(Load(row.logits + i), largest);
  if (i < row.vocabulary) {
    largest = Max(LoadSome(row.logits + i, row.vocabulary - i, -__builtin_inff()), largest);
  }
  const double maximum = MaxLane(largest);
  const double inverse = 1.0 / row.temperature;
  D8 sums = {};
  for (i = 0; i + 8 <= row.vocabulary; i += 8) {
    const F8 x = *reinterpret_cast<const F8Anywhere*>(row.logits + i);
    const D8 weights = ExpDouble((__builtin_convertvector(x, D8) - maximum) * inverse);
    *reinterpret_cast<D8Anywhere*>(row.weights + i) = weights;
    sums += weights;
  }
  double sum = 0.0;
  for (int lane = 0; lane < 8; ++lane) sum += sums[lane];
  for (; i < row.vocabulary; ++i) {
    row.weights[i] = ExpDouble(SpreadDouble((static_cast<double>(row.logits[i]) - maximum) * inverse))[0];
    sum += row.weights[i];
  }
  *row.sum = sum;
}

}  // namespace
}  // namespace drover::model::cpu
