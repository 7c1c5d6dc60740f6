// Sixteen numbers at a time, for the sources that are compiled once for each instruction set (kernels_*.cc). GCC's and
// clang's vector extensions: the compiler maps a vector to one, two or four registers.
//
// Everything is in an unnamed namespace, and nothing of the standard library is called: a function that several of these
// sources shared would be linked once, maybe from the one whose instructions this machine does not have.
#pragma once

#include <cstdint>

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#define DROVER_INLINE inline __attribute__((always_inline))

namespace drover::model::cpu {
namespace {

constexpr int kLanes = 16;

typedef float F16 __attribute__((vector_size(64)));
typedef int32_t I16 __attribute__((vector_size(64)));
typedef uint32_t U16 __attribute__((vector_size(64)));
// The same anywhere in memory, and half as wide.
typedef float F16Anywhere __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t U16Anywhere __attribute__((vector_size(64), aligned(2), may_alias));
typedef uint16_t H16 __attribute__((vector_size(32)));
typedef uint16_t H16Anywhere __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint32_t PairAnywhere __attribute__((aligned(2), may_alias));

using Bf16 = uint16_t;  // the upper half of a float32

DROVER_INLINE F16 Spread(float x) { return F16{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
DROVER_INLINE U16 Spread(uint32_t x) { return U16{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

DROVER_INLINE F16 Load(const float* from) { return *reinterpret_cast<const F16Anywhere*>(from); }
DROVER_INLINE F16 Load(const Bf16* from) {
  const H16 half = *reinterpret_cast<const H16Anywhere*>(from);
  return (F16)(__builtin_convertvector(half, U16) << 16);
}
DROVER_INLINE float LoadOne(const float* from) { return *from; }
DROVER_INLINE float LoadOne(const Bf16* from) {
  const uint32_t bits = static_cast<uint32_t>(*from) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

// To the nearest, ties to even; every NaN becomes the quiet one, as LibTorch does it.
DROVER_INLINE H16 ToBf16(F16 x) {
  const U16 bits = (U16)x;
  const U16 rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const U16 nan = (U16)(x != x);
  return __builtin_convertvector((rounded & ~nan) | (nan & 0x7fc0u), H16);
}
DROVER_INLINE void Store(float* to, F16 x) { *reinterpret_cast<F16Anywhere*>(to) = x; }
DROVER_INLINE void Store(Bf16* to, F16 x) { *reinterpret_cast<H16Anywhere*>(to) = ToBf16(x); }
DROVER_INLINE void StoreOne(float* to, float x) { *to = x; }
DROVER_INLINE void StoreOne(Bf16* to, float x) { *to = ToBf16(Spread(x))[0]; }

// The first `count` of sixteen, the others as `rest`.
template <typename T>
DROVER_INLINE F16 LoadSome(const T* from, int64_t count, float rest) {
  float values[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) values[i] = i < count ? LoadOne(from + i) : rest;
  return Load(values);
}
template <typename T>
DROVER_INLINE void StoreSome(T* to, F16 x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) StoreOne(to + i, x[i]);
}

// Numbers i to i + 15 of `width`: those that are there, and zeros.
template <typename T>
DROVER_INLINE F16 LoadAt(const T* from, int64_t i, int64_t width) {
  return width - i >= kLanes ? Load(from + i) : LoadSome(from + i, width - i, 0.0f);
}
template <typename T>
DROVER_INLINE void StoreAt(T* to, int64_t i, int64_t width, F16 x) {
  width - i >= kLanes ? Store(to + i, x) : StoreSome(to + i, x, width - i);
}

DROVER_INLINE F16 Select(I16 condition, F16 yes, F16 no) {
  return (F16)(((I16)yes & condition) | ((I16)no & ~condition));
}
DROVER_INLINE F16 Max(F16 a, F16 b) { return Select(a > b, a, b); }

// In a fixed order, whatever the compiler makes of it.
DROVER_INLINE float SumLanes(F16 x) {
  float sums[kLanes];
  Store(sums, x);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}
DROVER_INLINE float MaxLane(F16 x) {
  float largest = x[0];
  for (int i = 1; i < kLanes; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

// acc + a[2 i] b[2 i] + a[2 i + 1] b[2 i + 1] in lane i, of bfloat16 numbers that lie in pairs.
DROVER_INLINE F16 AddDot(F16 acc, U16 a, U16 b) {
#if defined(__AVX512BF16__)
  return (F16)_mm512_dpbf16_ps((__m512)acc, (__m512bh)(__m512i)a, (__m512bh)(__m512i)b);
#else
  acc += (F16)(a << 16) * (F16)(b << 16);
  return acc + (F16)(a & 0xffff0000u) * (F16)(b & 0xffff0000u);
#endif
}

// e^x within 2 units in the last place; 0 below -87.3 and for -inf, NaN for NaN; x at most 88. Cephes' expf.
DROVER_INLINE F16 Exp(F16 x) {
  constexpr float kRound = 12582912.0f;  // 1.5 x 2^23: adding it rounds to an integer
  const I16 nothing = x < -87.3f;
  x = Select(nothing, Spread(-87.3f), x);
  const F16 n = (x * 1.44269504088896341f + kRound) - kRound;
  const F16 r = x - n * 0.693359375f - n * -2.12194440e-4f;
  F16 p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const I16 power = __builtin_convertvector(n, I16) << 23;
  return Select(nothing, Spread(0.0f), (F16)((I16)p + power));
}

}  // namespace
}  // namespace drover::model::cpu
