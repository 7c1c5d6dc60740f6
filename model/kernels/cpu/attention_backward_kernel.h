// The backward pass of attention, a block of queries or of keys at a time. Compiled once for each instruction set.
//
//   P = softmax(S) where a token sees a key, S = scale Q K^T, capped: c tanh(S / c)
//   dV = P^T dO,   dS = P (dO V^T - rowsum(dO O)),   dQ = scale dS K,   dK = scale dS^T Q
//
// A block stays, transposed, in sixteen lanes a vector; the other side moves past it, some rows at a time:
//
//   queries   stay: 64 lanes of (token, head); keys move    -> statistics of each query's scores, dQ
//   keys      stay: 64 lanes of keys; queries move          -> dK, dV, by those statistics
//
// Scores are computed in both, so that each result is summed by one thread, in an order of its own: neither threads nor
// what is beside it change its bits, and nothing but the statistics is kept in between. All of it in float32.
#pragma once

#include "model/kernels/cpu/attention_kernel.h"
#include "model/kernels/cpu/backward_blocks.h"
#include "model/kernels/cpu/block_product.h"
#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/transpose.h"
#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

constexpr int64_t kStaying = kBackwardLanes;
constexpr int64_t kMoving = kBackwardMoving;
constexpr int kStayingVectors = kStaying / kLanes;

DROVER_INLINE int64_t VectorsOf(int64_t numbers) { return (numbers + kLanes - 1) / kLanes; }

DROVER_INLINE void Zero(float* to, int64_t rows, int64_t stride, int64_t vectors) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t v = 0; v < vectors; ++v) Store(to + r * stride + v * kLanes, Spread(0.0f));
  }
}

// A row of `width` numbers in float32, filled up with 0.
template <typename T>
DROVER_INLINE void Widen(const T* from, int64_t width, float* to) {
  for (int64_t i = 0; i < width; i += kLanes) Store(to + i, LoadAt(from, i, width));
}

template <typename T>
DROVER_INLINE void Narrowed(const float* from, int64_t width, T* to) {
  for (int64_t i = 0; i < width; i += kLanes) StoreAt(to, i, width, Load(from + i));
}

// Rows [0, count) that `row` finds, transposed: to[k, r], zeros up to whole vectors of rows.
template <typename T, typename Row>
DROVER_INLINE void StoreTransposed(const Row& row, int64_t count, int64_t width, float* to) {
  for (int64_t r = 0; r < count; r += kLanes) {
    for (int64_t k = 0; k < width; k += kLanes) {
      U16 block[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        block[i] = r + i < count ? (U16)LoadAt<T>(row(r + i), k, width) : U16{};
      }
      Transpose(block);
      for (int i = 0; i < kLanes; ++i) Store(to + (k + i) * kStaying + r, (F16)block[i]);
    }
  }
}

// What of a product counts as a score, and how it moves with it.
struct Capped {
  float scale, cap;
  DROVER_INLINE F16 Of(F16 product) const {
    const F16 score = product * scale;
    return cap > 0.0f ? SoftCap(score, cap) : score;
  }
  // d score / d (query key), times `weighed`, which is 0 where the score is -inf.
  DROVER_INLINE F16 Back(F16 score, F16 weighed) const {
    if (cap <= 0.0f) return weighed * scale;
    const F16 part = score * (1.0f / cap);
    return Select(weighed == 0.0f, Spread(0.0f), weighed * (1.0f - part * part) * scale);
  }
};

// dO O, summed over a head.
template <typename T>
DROVER_INLINE float Along(const T* gradient, const T* out, int64_t width) {
  F16 sum = {};
  for (int64_t i = 0; i < width; i += kLanes) {
    sum += LoadAt(gradient, i, width) * LoadAt(out, i, width);
  }
  return SumLanes(sum);
}

// Hands out parts of a scratch.
struct Scratch {
  float* next;
  DROVER_INLINE float* Take(int64_t rows, int64_t width) {
    float* const taken = next;
    next += rows * width;
    return taken;
  }
};

// A QueryBlock. Its lanes: token by token, head by head.
template <typename T>
class QueriesStay {
 public:
  QueriesStay(const AttentionBackward& b, const QueryBlock& q, float* floats)
      : b_(b),
        q_(q),
        width_(b.head_dim),
        wide_(VectorsOf(width_) * kLanes),
        rows_(q.tokens * q.heads),
        vectors_(VectorsOf(rows_)),
        begin_(BackwardBegin(q.position, b.window)),
        end_(q.position + q.tokens) {
    Scratch scratch{floats};
    query_ = scratch.Take(wide_, kStaying);
    gradient_ = scratch.Take(wide_, kStaying);
    of_query_ = scratch.Take(kStaying, wide_);
    keys_ = scratch.Take(kMoving, wide_);
    values_ = scratch.Take(kMoving, wide_);
    of_scores_ = scratch.Take(kMoving, kStaying);
    scores_ = scratch.Take(end_ - begin_, kStaying);
  }

  void Run() {
    TakeQueries();
    for (int64_t k = begin_; k < end_; k += kMoving) ScoreKeys(k, Count(k));
    FinishStatistics();
    Zero(of_query_, rows_, wide_, wide_ / kLanes);
    for (int64_t k = begin_; k < end_; k += kMoving) AddGradient(k, Count(k));
    for (int64_t i = 0; i < rows_; ++i) {
      Narrowed(of_query_ + i * wide_, width_, static_cast<T*>(b_.of_query) + HeadRow(i) * width_);
    }
  }

 private:
  int64_t Row(int64_t lane) const { return q_.first + lane / q_.heads; }
  int64_t HeadOf(int64_t lane) const { return q_.head + lane % q_.heads; }
  int64_t HeadRow(int64_t lane) const { return Row(lane) * b_.heads + HeadOf(lane); }
  int64_t Count(int64_t key) const { return end_ - key < kMoving ? end_ - key : kMoving; }
  const T* Head(const void* rows, int64_t stride, int64_t lane) const {
    return static_cast<const T*>(rows) + Row(lane) * stride + HeadOf(lane) * width_;
  }

  void TakeQueries() {
    StoreTransposed<T>([&](int64_t i) { return Head(b_.query, b_.query_stride, i); }, rows_, width_, query_);
    StoreTransposed<T>([&](int64_t i) { return Head(b_.gradient, b_.gradient_stride, i); }, rows_, width_,
                       gradient_);
    for (int64_t i = 0; i < vectors_ * kLanes; ++i) {
      const int64_t lane = i < rows_ ? i : rows_ - 1;  // what no query has is as the last one
      ends_[i / kLanes][i % kLanes] = static_cast<int32_t>(q_.position + lane / q_.heads + 1);
      along_[i / kLanes][i % kLanes] =
          Along(Head(b_.gradient, b_.gradient_stride, lane), Head(b_.out, b_.out_stride, lane), width_);
    }
    for (F16& largest : largest_) largest = Spread(-__builtin_inff());
  }

  // The rows of positions [first, first + count), of the block's key head.
  void TakeKeys(const void* rows, int64_t stride, int64_t first, int64_t count, float* to) const {
    const int64_t key_head = q_.head / (b_.heads / b_.key_heads);
    for (int64_t p = first; p < first + count; ++p, to += wide_) {
      const int64_t row = p < q_.prefix ? q_.prefix_begin + p : q_.first + p - q_.position;
      Widen(static_cast<const T*>(rows) + row * stride + key_head * width_, width_, to);
    }
  }

  void ScoreKeys(int64_t first, int64_t count) {
    TakeKeys(b_.key, b_.key_stride, first, count, keys_);
    float* scores = scores_ + (first - begin_) * kStaying;
    Zero(scores, count, kStaying, vectors_);
    AddProduct<false>({keys_, wide_, query_, kStaying, width_, scores, kStaying}, count, vectors_);
    const Capped capped{b_.scale, b_.soft_cap};
    for (int64_t p = first; p < first + count; ++p, scores += kStaying) {
      const int32_t position = static_cast<int32_t>(p);
      for (int64_t v = 0; v < vectors_; ++v) {
        I16 seen = ends_[v] > position;
        if (b_.window > 0) seen &= ends_[v] - static_cast<int32_t>(b_.window) <= position;
        const F16 score = Select(seen, capped.Of(Load(scores + v * kLanes)), Spread(-__builtin_inff()));
        Store(scores + v * kLanes, score);
        largest_[v] = Max(score, largest_[v]);
      }
    }
  }

  void FinishStatistics() {
    F16 sums[kStayingVectors] = {};
    for (int64_t k = 0; k < end_ - begin_; ++k) {
      for (int64_t v = 0; v < vectors_; ++v) {
        sums[v] += Exp(Load(scores_ + k * kStaying + v * kLanes) - largest_[v]);
      }
    }
    for (int64_t v = 0; v < vectors_; ++v) inverse_[v] = 1.0f / sums[v];
    for (int64_t i = 0; i < rows_; ++i) {
      float* const said = b_.statistics + HeadRow(i) * kBackwardStatistics;
      said[0] = largest_[i / kLanes][i % kLanes];
      said[1] = inverse_[i / kLanes][i % kLanes];
      said[2] = along_[i / kLanes][i % kLanes];
    }
  }

  void AddGradient(int64_t first, int64_t count) {
    TakeKeys(b_.value, b_.value_stride, first, count, values_);
    TakeKeys(b_.key, b_.key_stride, first, count, keys_);
    Zero(of_scores_, count, kStaying, vectors_);
    AddProduct<false>({values_, wide_, gradient_, kStaying, width_, of_scores_, kStaying}, count, vectors_);
    const Capped capped{b_.scale, b_.soft_cap};
    const float* scores = scores_ + (first - begin_) * kStaying;
    for (int64_t i = 0; i < count; ++i, scores += kStaying) {
      for (int64_t v = 0; v < vectors_; ++v) {
        const F16 score = Load(scores + v * kLanes);
        const F16 weight = Exp(score - largest_[v]) * inverse_[v];
        float* const at = of_scores_ + i * kStaying + v * kLanes;
        Store(at, capped.Back(score, weight * (Load(at) - along_[v])));
      }
    }
    AddProduct<true>({of_scores_, kStaying, keys_, wide_, count, of_query_, wide_}, rows_, wide_ / kLanes);
  }

  const AttentionBackward& b_;
  const QueryBlock& q_;
  const int64_t width_, wide_;  // of a head, and in whole vectors
  const int64_t rows_, vectors_;
  const int64_t begin_, end_;  // of the positions that move past
  float *query_, *gradient_;   // [width, 64]
  float* of_query_;            // [64, width]
  float *keys_, *values_;      // [48, width]
  float* of_scores_;           // [48, 64]
  float* scores_;              // [positions, 64]
  I16 ends_[kStayingVectors];  // the first position that a lane does not see
  F16 along_[kStayingVectors], largest_[kStayingVectors], inverse_[kStayingVectors];
};

// A KeyBlock.
template <typename T>
class KeysStay {
 public:
  KeysStay(const AttentionBackward& b, const KeyBlock& k, float* floats)
      : b_(b), k_(k), width_(b.head_dim), wide_(VectorsOf(width_) * kLanes), vectors_(VectorsOf(k.keys)) {
    Scratch scratch{floats};
    key_ = scratch.Take(wide_, kStaying);
    value_ = scratch.Take(wide_, kStaying);
    of_key_ = scratch.Take(kStaying, wide_);
    of_value_ = scratch.Take(kStaying, wide_);
    queries_ = scratch.Take(kMoving, wide_);
    gradients_ = scratch.Take(kMoving, wide_);
    weights_ = scratch.Take(kMoving, kStaying);
    of_scores_ = scratch.Take(kMoving, kStaying);
  }

  void Run() {
    const auto row = [&](const void* rows, int64_t stride, int64_t i) {
      return static_cast<const T*>(rows) + (k_.first + i) * stride + k_.key_head * width_;
    };
    StoreTransposed<T>([&](int64_t i) { return row(b_.key, b_.key_stride, i); }, k_.keys, width_, key_);
    StoreTransposed<T>([&](int64_t i) { return row(b_.value, b_.value_stride, i); }, k_.keys, width_, value_);
    Zero(of_key_, k_.keys, wide_, wide_ / kLanes);
    Zero(of_value_, k_.keys, wide_, wide_ / kLanes);
    for (int64_t i = 0; i < k_.count; ++i) AddQueries(k_.runs[i]);
    for (int64_t i = 0; i < k_.keys; ++i) {
      const int64_t to = ((k_.first + i) * b_.key_heads + k_.key_head) * width_;
      Narrowed(of_key_ + i * wide_, width_, static_cast<T*>(b_.of_key) + to);
      Narrowed(of_value_ + i * wide_, width_, static_cast<T*>(b_.of_value) + to);
    }
  }

 private:
  // Those tokens of a run that see one of the keys; as many heads and tokens at a time as move together.
  void AddQueries(const QueryRun& run) {
    const int64_t group = b_.heads / b_.key_heads;
    if (run.end <= k_.position) return;
    const int64_t begin = k_.position > run.position ? k_.position - run.position : 0;
    int64_t end = run.tokens;
    if (b_.window > 0 && k_.position + k_.keys - 1 + b_.window - run.position < end) {
      end = k_.position + k_.keys - 1 + b_.window - run.position;
    }
    const int64_t heads = group < kMoving ? group : kMoving;
    const int64_t tokens = kMoving / heads;
    for (int64_t t = begin; t < end; t += tokens) {
      for (int64_t h = 0; h < group; h += heads) {
        AddSome({run.first + t, end - t < tokens ? end - t : tokens, run.position + t, run.end},
                k_.key_head * group + h, group - h < heads ? group - h : heads);
      }
    }
  }

  void AddSome(const QueryRun& run, int64_t head, int64_t heads) {
    const int64_t rows = run.tokens * heads;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t row = run.first + i / heads, at = (head + i % heads) * width_;
      Widen(static_cast<const T*>(b_.query) + row * b_.query_stride + at, width_, queries_ + i * wide_);
      Widen(static_cast<const T*>(b_.gradient) + row * b_.gradient_stride + at, width_,
            gradients_ + i * wide_);
    }
    Zero(weights_, rows, kStaying, vectors_);
    Zero(of_scores_, rows, kStaying, vectors_);
    AddProduct<false>({queries_, wide_, key_, kStaying, width_, weights_, kStaying}, rows, vectors_);
    AddProduct<false>({gradients_, wide_, value_, kStaying, width_, of_scores_, kStaying}, rows, vectors_);
    for (int64_t i = 0; i < rows; ++i) {
      const float* const said =
          b_.statistics + ((run.first + i / heads) * b_.heads + head + i % heads) * kBackwardStatistics;
      Weigh(run.position + i / heads - k_.position, run.end - k_.position, said, i * kStaying);
    }
    AddProduct<true>({weights_, kStaying, gradients_, wide_, rows, of_value_, wide_}, k_.keys,
                     wide_ / kLanes);
    AddProduct<true>({of_scores_, kStaying, queries_, wide_, rows, of_key_, wide_}, k_.keys, wide_ / kLanes);
  }

  // A query's products become weights and the gradients of its scores. It sees lanes up to `last` and before `end`.
  void Weigh(int64_t last, int64_t end, const float* said, int64_t at) {
    const Capped capped{b_.scale, b_.soft_cap};
    int64_t before = end < k_.keys ? end : k_.keys;
    if (last + 1 < before) before = last + 1;
    I16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int64_t v = 0; v < vectors_; ++v, at += kLanes, lanes += kLanes) {
      I16 seen = lanes < static_cast<int32_t>(before);
      if (b_.window > 0) seen &= lanes > static_cast<int32_t>(last - b_.window);
      const F16 score = Select(seen, capped.Of(Load(weights_ + at)), Spread(-__builtin_inff()));
      const F16 weight = Exp(score - said[0]) * said[1];
      Store(weights_ + at, weight);
      Store(of_scores_ + at, capped.Back(score, weight * (Load(of_scores_ + at) - said[2])));
    }
  }

  const AttentionBackward& b_;
  const KeyBlock& k_;
  const int64_t width_, wide_;
  const int64_t vectors_;
  float *key_, *value_;          // [width, 64]
  float *of_key_, *of_value_;    // [64, width]
  float *queries_, *gradients_;  // [48, width]
  float *weights_, *of_scores_;  // [48, 64]
};

template <typename T>
void BackwardQueries(const AttentionBackward& b, const QueryBlock& queries, float* scratch) {
  QueriesStay<T>(b, queries, scratch).Run();
}

template <typename T>
void BackwardKeys(const AttentionBackward& b, const KeyBlock& keys, float* scratch) {
  KeysStay<T>(b, keys, scratch).Run();
}

}  // namespace
}  // namespace drover::model::cpu
