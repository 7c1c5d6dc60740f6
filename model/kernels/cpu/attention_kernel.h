// Attention of a few query heads over the pages of one key head. Compiled once for each instruction set.
//
//   queries (tokens x heads, up to kMostQueries of them a tile)
//     scores    page by page, sixteen keys a vector: the keys of a page lie transposed   -> scratch [queries, keys]
//     softmax   maximum, exponentials, their sum by lanes of sixteen positions
//     values    key by key, in the order of positions                                    -> out [queries, head_dim]
//
// A query's numbers come from its own keys, lane by lane of their positions and page by page: they do not depend on the
// queries beside it, on where its pages lie, or on what of the sequence was computed with it.
#pragma once

#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kMostQueries = 6;
constexpr int kValueVectors = 4;
#else
constexpr int kMostQueries = 3;
constexpr int kValueVectors = 2;
#endif

// One tile: queries [first, first + count) of an AttendHead, counted token by token, head by head.
struct QueryTile {
  const AttendHead& a;
  int64_t first;
  int64_t count;

  int64_t Token(int64_t i) const { return (first + i) / a.heads; }
  int64_t Head(int64_t i) const { return (first + i) % a.heads; }
  int64_t End(int64_t i) const { return a.position + Token(i) + 1; }  // of its keys
  int64_t Begin(int64_t i) const { return a.window > 0 && End(i) > a.window ? End(i) - a.window : 0; }
  int64_t FirstPage() const { return Begin(0) / kPageTokens; }
  int64_t EndPage() const { return (End(count - 1) + kPageTokens - 1) / kPageTokens; }
  int64_t Stride() const { return (EndPage() - FirstPage()) * kPageTokens; }  // of the scores
  template <typename T>
  const T* Query(int64_t i) const {
    return static_cast<const T*>(a.query) + Token(i) * a.token_stride + Head(i) * a.head_stride;
  }
  template <typename T>
  T* Out(int64_t i) const {
    return static_cast<T*>(a.out) + Token(i) * a.out_token_stride + Head(i) * a.out_head_stride;
  }
};

// Pages whose scores are summed side by side: with few queries a sum would wait for its own last step.
template <int kQueries>
constexpr int kPagesTogether = kQueries == 1   ? 4
                               : kQueries <= 3 ? 2
                                               : 1;

template <int kQueries, int kPages>
DROVER_INLINE void ScorePages(const float* const (&query)[kQueries], int64_t head_dim,
                              const float* const (&keys)[kPages], F16 (&acc)[kPages][kQueries]) {
  for (int64_t k = 0; k < head_dim; ++k) {
    for (int p = 0; p < kPages; ++p) {
      const F16 key = Load(keys[p] + k * kPageTokens);
      for (int q = 0; q < kQueries; ++q) acc[p][q] += Spread(query[q][k]) * key;
    }
  }
}

template <int kQueries, int kPages>
DROVER_INLINE void ScorePages(const Bf16* const (&query)[kQueries], int64_t head_dim,
                              const Bf16* const (&keys)[kPages], F16 (&acc)[kPages][kQueries]) {
  int64_t k = 0;
  for (; k + 1 < head_dim; k += 2) {
    for (int p = 0; p < kPages; ++p) {
      const U16 key = *reinterpret_cast<const U16Anywhere*>(keys[p] + k * kPageTokens);
      for (int q = 0; q < kQueries; ++q) {
        acc[p][q] = AddDot(acc[p][q], Spread(*reinterpret_cast<const PairAnywhere*>(query[q] + k)), key);
      }
    }
  }
  if (k == head_dim) return;
  for (int p = 0; p < kPages; ++p) {
    const U16 key = *reinterpret_cast<const U16Anywhere*>(keys[p] + k * kPageTokens);
    for (int q = 0; q < kQueries; ++q) {
      acc[p][q] = AddDot(acc[p][q], Spread(static_cast<uint32_t>(query[q][k])), key);
    }
  }
}

// cap tanh(x / cap), by tanh(x) = 1 - 2 / (e^2x + 1).
DROVER_INLINE F16 SoftCap(F16 x, float cap) {
  F16 twice = x * (2.0f / cap);
  twice = Select(twice > 80.0f, Spread(80.0f), twice);
  return cap * (1.0f - 2.0f / (Exp(twice) + 1.0f));
}

// -inf where a query does not see the key.
DROVER_INLINE F16 Masked(F16 scores, int64_t first_key, int64_t begin, int64_t end) {
  if (first_key >= begin && first_key + kPageTokens <= end) return scores;
  const I16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const int32_t low = static_cast<int32_t>(begin - first_key);
  const int32_t high = static_cast<int32_t>(end - first_key);
  return Select((lanes >= low) & (lanes < high), scores, Spread(-__builtin_inff()));
}

// Pages [page, page + kPages) of the tile's.
template <typename T, int kQueries, int kPages>
DROVER_INLINE void ScorePart(const QueryTile& tile, const T* const (&query)[kQueries], int64_t page) {
  const AttendHead& a = tile.a;
  const T* keys[kPages];
  for (int p = 0; p < kPages; ++p) {
    keys[p] = static_cast<const T*>(a.keys) + a.pages[page + p] * a.key_page_stride;
  }
  F16 acc[kPages][kQueries] = {};
  ScorePages<kQueries, kPages>(query, a.head_dim, keys, acc);
  for (int p = 0; p < kPages; ++p) {
    float* const scores = a.scratch + (page + p - tile.FirstPage()) * kPageTokens;
    for (int q = 0; q < kQueries; ++q) {
      F16 score = acc[p][q] * a.scale;
      if (a.soft_cap > 0.0f) score = SoftCap(score, a.soft_cap);
      const F16 seen = Masked(score, (page + p) * kPageTokens, tile.Begin(q), tile.End(q));
      Store(scores + q * tile.Stride(), seen);
    }
  }
}

template <typename T, int kQueries>
DROVER_INLINE void Score(const QueryTile& tile) {
  constexpr int kPages = kPagesTogether<kQueries>;
  const T* query[kQueries];
  for (int q = 0; q < kQueries; ++q) query[q] = tile.Query<T>(q);
  int64_t page = tile.FirstPage();
  for (; page + kPages <= tile.EndPage(); page += kPages) ScorePart<T, kQueries, kPages>(tile, query, page);
  for (; kPages > 1 && page < tile.EndPage(); ++page) ScorePart<T, kQueries, 1>(tile, query, page);
}

// Scores become e^(score - maximum); returns their sum.
DROVER_INLINE float Exponentiate(float* scores, int64_t count) {
  F16 largest = Load(scores);
  for (int64_t i = kLanes; i < count; i += kLanes) largest = Max(Load(scores + i), largest);
  const float maximum = MaxLane(largest);
  F16 sums = {};
  for (int64_t i = 0; i < count; i += kLanes) {
    const F16 e = Exp(Load(scores + i) - maximum);
    Store(scores + i, e);
    sums += e;
  }
  return SumLanes(sums);
}

// Vectors [first, first + kVectors) of the weighted sum of values.
template <typename T, int kQueries, int kVectors>
DROVER_INLINE void WeighValues(const QueryTile& tile, int64_t width, int64_t first,
                               const float (&inverse)[kQueries]) {
  const AttendHead& a = tile.a;
  const int64_t stride = tile.Stride();
  F16 acc[kQueries][kVectors] = {};
  const int64_t end = tile.End(tile.count - 1);
  for (int64_t page = tile.FirstPage(); page < tile.EndPage(); ++page) {
    const T* values = static_cast<const T*>(a.values) + a.pages[page] * a.value_page_stride + first * kLanes;
    const float* weights = a.scratch + (page - tile.FirstPage()) * kPageTokens;
    const int64_t left = end - page * kPageTokens;
    const int64_t keys = left < kPageTokens ? left : kPageTokens;
    for (int64_t k = 0; k < keys; ++k, values += width) {
      F16 value[kVectors];
      for (int v = 0; v < kVectors; ++v) value[v] = Load(values + v * kLanes);
      for (int q = 0; q < kQueries; ++q) {
        const F16 weight = Spread(weights[q * stride + k]);
        for (int v = 0; v < kVectors; ++v) acc[q][v] += weight * value[v];
      }
    }
  }
  for (int q = 0; q < kQueries; ++q) {
    for (int v = 0; v < kVectors; ++v) {
      const int64_t column = (first + v) * kLanes;
      const int64_t count = a.head_dim - column;
      T* const out = tile.Out<T>(q) + column;
      const F16 sum = acc[q][v] * inverse[q];
      count >= kLanes ? Store(out, sum) : StoreSome(out, sum, count);
    }
  }
}

template <typename T, int kQueries>
void AttendTile(const AttendHead& a, int64_t first) {
  const QueryTile tile{a, first, kQueries};
  Score<T, kQueries>(tile);
  float inverse[kQueries];
  for (int q = 0; q < kQueries; ++q) {
    inverse[q] = 1.0f / Exponentiate(a.scratch + q * tile.Stride(), tile.Stride());
  }
  const int64_t vectors = (a.head_dim + kLanes - 1) / kLanes;
  int64_t v = 0;
  for (; v + kValueVectors <= vectors; v += kValueVectors) {
    WeighValues<T, kQueries, kValueVectors>(tile, vectors * kLanes, v, inverse);
  }
  for (; v < vectors; ++v) WeighValues<T, kQueries, 1>(tile, vectors * kLanes, v, inverse);
}

template <typename T>
void Attend(const AttendHead& a) {
  const int64_t queries = a.tokens * a.heads;
  int64_t first = 0;
  for (; first + kMostQueries <= queries; first += kMostQueries) AttendTile<T, kMostQueries>(a, first);
  switch (queries - first) {
    case 1:
      return AttendTile<T, 1>(a, first);
    case 2:
      return AttendTile<T, 2>(a, first);
#if defined(__AVX512F__)
    case 3:
      return AttendTile<T, 3>(a, first);
    case 4:
      return AttendTile<T, 4>(a, first);
    case 5:
      return AttendTile<T, 5>(a, first);
#endif
    default:
      return;
  }
}

}  // namespace
}  // namespace drover::model::cpu
