#include "model/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "model/float_bits.h"

namespace drover::model {
namespace {

// The number of a 16-bit float by its definition, in double precision.
double Value(uint16_t bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const int mantissa = bits & ((1 << mantissa_bits) - 1);
  const double magnitude = exponent == 0
                               ? std::ldexp(mantissa, 1 - bias - mantissa_bits)
                               : std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

// `bits` is the float of the format nearest to `value`: its neighbours are no nearer, and of two that are equally near
// it is the even one.
void ExpectNearest(double value, uint16_t bits, int exponent_bits, int mantissa_bits) {
  const double error = std::abs(Value(bits, exponent_bits, mantissa_bits) - value);
  for (const int step : {-1, 1}) {
    if ((bits & 0x7FFF) == 0 && step < 0) continue;
    const auto neighbour = static_cast<uint16_t>(bits + step);
    const double other = std::abs(Value(neighbour, exponent_bits, mantissa_bits) - value);
    ASSERT_TRUE(error < other || (error == other && bits % 2 == 0)) << value << " became " << bits;
  }
}

// Over all of both ranges, the smallest numbers included.
TEST(FloatBits, RoundToTheNearestAndTiesToEven) {
  uint32_t bits = 1;
  for (int i = 0; i < 200000; ++i) {
    bits = bits * 1664525u + 1013904223u;
    const float value = FloatOfBits(bits);
    if (!std::isfinite(value)) continue;
    if (std::abs(value) < 3.38e38f) ExpectNearest(value, ToBfloat(value), 8, 7);
    const float small = FloatOfBits((bits & 0x80FFFFFF) | ((0x60 + (bits >> 24) % 0x2E) << 23));
    if (std::abs(small) < 65504.0f) ExpectNearest(small, ToHalf(small), 5, 10);
  }
}

TEST(FloatBits, EveryHalfAndBfloatComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    if (std::isfinite(OfHalf(half))) {
      EXPECT_EQ(OfHalf(half), Value(half, 5, 10));
      EXPECT_EQ(ToHalf(OfHalf(half)), half);
    }
    if (std::isfinite(OfBfloat(half))) {
      EXPECT_EQ(ToBfloat(OfBfloat(half)), half);
    }
  }
}

TEST(FloatBits, TiesAndLimits) {
  EXPECT_EQ(ToHalf(1.0f + std::ldexp(1.0f, -11)), 0x3C00) << "halfway, to the even one below";
  EXPECT_EQ(ToHalf(1.0f + 3 * std::ldexp(1.0f, -11)), 0x3C02) << "halfway, to the even one above";
  EXPECT_EQ(ToHalf(std::ldexp(1.0f, -25)), 0) << "half of the smallest";
  EXPECT_EQ(ToHalf(std::ldexp(3.0f, -26)), 1);
  EXPECT_EQ(ToHalf(65519.0f), 0x7BFF);
  EXPECT_EQ(ToHalf(65520.0f), 0x7C00);
  EXPECT_EQ(ToHalf(-INFINITY), 0xFC00);
  EXPECT_TRUE(std::isnan(OfHalf(ToHalf(NAN))));
  EXPECT_TRUE(std::isnan(OfBfloat(ToBfloat(FloatOfBits(0x7F800001)))));
  EXPECT_EQ(ToBfloat(1.0f + std::ldexp(1.0f, -8)), 0x3F80);
  EXPECT_EQ(ToBfloat(1.0f + 3 * std::ldexp(1.0f, -8)), 0x3F82);
}

TensorView View(Dtype dtype, const std::string& bytes) {
  const auto elements = static_cast<int64_t>(bytes.size() / DtypeBytes(dtype));
  return {.name = "w", .dtype = dtype, .shape = {elements}, .bytes = bytes};
}

template <typename T>
std::string Bytes(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

TEST(ConvertWeights, FromAndToEveryType) {
  const std::string floats = Bytes<float>({1.0f, -0.5f, 3.0f});
  const std::string doubles = Bytes<double>({1.0, -0.5, 3.0});
  const std::string halves = Bytes<uint16_t>({0x3C00, 0xB800, 0x4200});
  const std::string bfloats = Bytes<uint16_t>({0x3F80, 0xBF00, 0x4040});
  for (const TensorView& from : {View(Dtype::kF32, floats), View(Dtype::kF64, doubles),
                                 View(Dtype::kF16, halves), View(Dtype::kBF16, bfloats)}) {
    EXPECT_EQ(ConvertWeights(from, Dtype::kF32).value(), floats);
    EXPECT_EQ(ConvertWeights(from, Dtype::kF16).value(), halves);
    EXPECT_EQ(ConvertWeights(from, Dtype::kBF16).value(), bfloats);
  }
}

TEST(ConvertWeights, RefusesWhatIsNoWeightAfterwards) {
  const std::string large = Bytes<float>({1.0f, 70000.0f});
  EXPECT_TRUE(ConvertWeights(View(Dtype::kF32, large), Dtype::kBF16).ok());
  const auto half = ConvertWeights(View(Dtype::kF32, large), Dtype::kF16);
  EXPECT_THAT(std::string(half.status().message()), ::testing::HasSubstr("w"));
  EXPECT_TRUE(absl::IsInvalidArgument(half.status()));
  EXPECT_FALSE(ConvertWeights(View(Dtype::kI32, large), Dtype::kF32).ok());
  EXPECT_FALSE(ConvertWeights(View(Dtype::kF32, large), Dtype::kF64).ok());
}

}  // namespace
}  // namespace drover::model
