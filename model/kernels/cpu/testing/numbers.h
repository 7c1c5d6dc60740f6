// Random numbers for tests of the kernels, as float32 and as the elements that a kernel reads.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "model/kernels/cpu/kernels.h"

namespace drover::model::cpu::testing {

inline uint16_t ToBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
inline float FromBf16(uint16_t value) {
  const uint32_t bits = static_cast<uint32_t>(value) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof(wide));
  return wide;
}

// Numbers that are the same in both elements, and both of them.
struct Numbers {
  std::vector<float> wide;
  std::vector<uint16_t> narrow;

  const void* data(Element element) const {
    return element == Element::kFloat32 ? static_cast<const void*>(wide.data()) : narrow.data();
  }
};

inline Numbers RandomNumbers(size_t count, uint64_t seed, float scale = 1.0f) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0.0f, scale);
  Numbers numbers;
  for (size_t i = 0; i < count; ++i) {
    numbers.narrow.push_back(ToBf16(normal(random)));
    numbers.wide.push_back(FromBf16(numbers.narrow.back()));
  }
  return numbers;
}

// An output of a kernel in its elements.
class Elements {
 public:
  Elements(Element element, size_t count) : element_(element), bytes_(count * Size(), 0xff) {}
  void* data() { return bytes_.data(); }
  float operator[](size_t i) const {
    if (element_ == Element::kFloat32) {
      float value;
      std::memcpy(&value, bytes_.data() + i * 4, 4);
      return value;
    }
    uint16_t value;
    std::memcpy(&value, bytes_.data() + i * 2, 2);
    return FromBf16(value);
  }
  size_t Size() const { return element_ == Element::kFloat32 ? 4 : 2; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  Element element_;
  std::vector<uint8_t> bytes_;
};

}  // namespace drover::model::cpu::testing
