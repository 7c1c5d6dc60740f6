// The 16-bit floats of weights as numbers, and numbers rounded to them (to nearest, ties to even; what is too large
// becomes infinite). Without hardware support, so that every machine writes the same files.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace drover::model {

inline uint32_t FloatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float FloatOfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline float OfBfloat(uint16_t bits) { return FloatOfBits(uint32_t{bits} << 16); }

inline uint16_t ToBfloat(float value) {
  const uint32_t bits = FloatBits(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);  // stays no number
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

inline float OfHalf(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int mantissa = bits & 0x3FF;
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 0x1F) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(mantissa | 0x400), exponent - 25);
}

inline uint16_t ToHalf(float value) {
  const uint32_t bits = FloatBits(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return sign | 0x7E00;
  if (magnitude >= 0x477FF000) return sign | 0x7C00;  // 65520, half an ulp above the largest, and more
  if (magnitude < 0x38800000) {                       // below 2^-14: a multiple of 2^-24, the ulp of 0.5
    return sign | static_cast<uint16_t>(FloatBits(FloatOfBits(magnitude) + 0.5f) - FloatBits(0.5f));
  }
  const uint32_t rounded = magnitude + 0xFFF + ((magnitude >> 13) & 1);
  return sign | static_cast<uint16_t>((rounded >> 13) - ((127 - 15) << 10));
}

}  // namespace drover::model
