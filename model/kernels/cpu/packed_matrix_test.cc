#include "model/kernels/cpu/packed_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/pool.h"
#include "model/kernels/cpu/testing/numbers.h"

namespace drover::model::cpu {
namespace {

using testing::Elements;
using testing::FromBf16;
using testing::Numbers;
using testing::RandomNumbers;
using testing::ToBf16;

struct Shape {
  int64_t rows, outputs, depth;
};
const Shape kShapes[] = {{1, 64, 32},   {1, 1, 1},    {2, 65, 33},  {3, 7, 64},   {5, 130, 17}, {6, 64, 8},
                         {7, 128, 96},  {8, 63, 31},  {11, 200, 5}, {12, 64, 64}, {13, 70, 40}, {64, 192, 48},
                         {200, 80, 20}, {16, 64, 32}, {17, 64, 65}, {33, 70, 31}, {100, 64, 96}};

PackedMatrix Packed(Element element, const Shape& shape, const Numbers& weight) {
  PackedMatrix matrix(element, shape.outputs, shape.depth);
  matrix.Pack(weight.wide.data());
  return matrix;
}

// What a call of all or some rows computes with the chosen kernels.
std::vector<float> Products(const PackedMatrix& matrix, const Numbers& x, const std::vector<float>& bias,
                            int64_t first, int64_t rows) {
  std::vector<float> out(static_cast<size_t>(rows * matrix.rows()));
  LinearCall call;
  const int64_t bytes = matrix.element() == Element::kFloat32 ? 4 : 2;
  call.x = static_cast<const char*>(x.data(matrix.element())) + first * matrix.depth() * bytes;
  call.x_stride = matrix.depth();
  call.rows = rows;
  call.bias = bias.data();
  call.output = Output::kFloat32;
  call.out = out.data();
  call.out_stride = matrix.rows();
  Linear(matrix, call);
  return out;
}

double Exact(const Shape& shape, const Numbers& x, const Numbers& weight, int64_t row, int64_t output,
             double* size) {
  double sum = 0.0;
  *size = 0.0;
  for (int64_t k = 0; k < shape.depth; ++k) {
    const double product =
        static_cast<double>(x.wide[row * shape.depth + k]) * weight.wide[output * shape.depth + k];
    sum += product;
    *size += std::abs(product);
  }
  return sum;
}

TEST(Linear, IsTheProductInDoublePrecision) {
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    for (const Shape& shape : kShapes) {
      const Numbers x = RandomNumbers(shape.rows * shape.depth, 1);
      const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 2);
      const std::vector<float> bias = RandomNumbers(shape.outputs, 3).wide;
      const std::vector<float> got = Products(Packed(element, shape, weight), x, bias, 0, shape.rows);
      for (int64_t row = 0; row < shape.rows; ++row) {
        for (int64_t output = 0; output < shape.outputs; ++output) {
          double size;
          const double wanted = Exact(shape, x, weight, row, output, &size) + bias[output];
          EXPECT_NEAR(got[row * shape.outputs + output], wanted, 1e-6 * (size + std::abs(wanted)))
              << row << ", " << output << " of " << shape.rows << " x " << shape.outputs << " x "
              << shape.depth;
        }
      }
    }
  }
}

// Every instruction set of this machine, held against the portable one.
TEST(Linear, InstructionSetsAgreeToRounding) {
  const Shape shape{13, 64, 333};
  const Numbers x = RandomNumbers(shape.rows * shape.depth, 4);
  const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 5);
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    const PackedMatrix matrix = Packed(element, shape, weight);
    std::vector<std::vector<float>> results;
    for (const InstructionSet set : Available()) {
      PanelProduct p;
      p.x = x.data(element);
      p.x_stride = shape.depth;
      p.rows = shape.rows;
      p.panel = matrix.panel(0);
      p.depth = shape.depth;
      p.output = Output::kFloat32;
      results.emplace_back(static_cast<size_t>(shape.rows * shape.outputs));
      p.out = results.back().data();
      p.out_stride = shape.outputs;
      KernelsOf(set).of(element).product(p);
      for (size_t i = 0; i < results[0].size(); ++i) {
        EXPECT_NEAR(results.back()[i], results[0][i], 1e-4) << std::string(Name(set)) << ", " << i;
      }
    }
  }
}

// One product of a row with an output, of bfloat16 numbers, by a set's kernel.
float ProductOf(InstructionSet set, const Shape& shape, const Numbers& x, const PackedMatrix& matrix) {
  float out = 0.0f;
  PanelProduct p;
  p.x = x.narrow.data();
  p.x_stride = shape.depth;
  p.rows = 1;
  p.panel = matrix.panel(0);
  p.depth = shape.depth;
  p.output = Output::kFloat32;
  p.out = &out;
  p.out_stride = 1;
  p.columns = 1;
  KernelsOf(set).bfloat16.product(p);
  return out;
}

TEST(Linear, SubnormalNumbersAreZeroToInstructionsForBf16) {
  const Shape shape{1, 1, 33};
  Numbers x, weight;
  x.narrow.assign(shape.depth, 0x0040);  // 2^-127
  x.wide.assign(shape.depth, FromBf16(0x0040));
  weight.narrow.assign(shape.depth, ToBf16(0x1p100f));  // products of 2^-27
  weight.wide.assign(shape.depth, 0x1p100f);
  const PackedMatrix matrix = Packed(Element::kBFloat16, shape, weight);
  for (const InstructionSet set : Available()) {
    const bool zero = set >= InstructionSet::kAvx512Bf16;
    EXPECT_EQ(ProductOf(set, shape, x, matrix), zero ? 0.0f : 33 * 0x1p-27f) << std::string(Name(set));
  }
}

// The sum of a row and an output as amx_product_kernel.h defines it.
float SumOfSteps(const Shape& shape, const Numbers& x, const Numbers& weight, int64_t row, int64_t output) {
  constexpr int64_t kStep = 32;
  float sum = 0.0f;
  for (int64_t begin = 0; begin < shape.depth; begin += kStep) {
    float parts[2] = {0.0f, 0.0f};
    for (int64_t k = begin; k < std::min(begin + kStep, shape.depth); ++k) {
      float& part = parts[k % 2];
      part = std::fma(x.wide[row * shape.depth + k], weight.wide[output * shape.depth + k], part);
    }
    sum += parts[0] + parts[1];
  }
  return sum;
}

TEST(Linear, AmxSumsInStepsOfThirtyTwo) {
  if (Chosen() != InstructionSet::kAmxBf16) GTEST_SKIP() << "another set was chosen";
  for (const Shape& shape : {Shape{49, 130, 96}, Shape{33, 70, 333}, Shape{16, 64, 31}, Shape{1, 65, 576}}) {
    const Numbers x = RandomNumbers(shape.rows * shape.depth, 13);
    const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 14);
    const std::vector<float> zeros(shape.outputs, 0.0f);
    const std::vector<float> got =
        Products(Packed(Element::kBFloat16, shape, weight), x, zeros, 0, shape.rows);
    for (int64_t row = 0; row < shape.rows; ++row) {
      for (int64_t output = 0; output < shape.outputs; ++output) {
        EXPECT_EQ(got[row * shape.outputs + output], SumOfSteps(shape, x, weight, row, output))
            << row << ", " << output << " of " << shape.rows << " x " << shape.outputs << " x "
            << shape.depth;
      }
    }
  }
}

// Numbers behind a row and behind a panel's pairs are not of the product, NaN though they are.
TEST(Linear, NothingBehindARowCounts) {
  const Shape shape{35, 64, 45};
  const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 15);
  const Numbers x = RandomNumbers(shape.rows * shape.depth, 16);
  const PackedMatrix matrix = Packed(Element::kBFloat16, shape, weight);
  const std::vector<float> zeros(shape.outputs, 0.0f);
  const std::vector<float> wanted = Products(matrix, x, zeros, 0, shape.rows);
  const int64_t stride = shape.depth + 19;
  std::vector<uint16_t> apart(static_cast<size_t>(shape.rows * stride), 0x7fc0);
  for (int64_t row = 0; row < shape.rows; ++row) {
    std::copy_n(x.narrow.data() + row * shape.depth, shape.depth, apart.data() + row * stride);
  }
  std::vector<float> got(wanted.size());
  LinearCall call;
  call.x = apart.data();
  call.x_stride = stride;
  call.rows = shape.rows;
  call.output = Output::kFloat32;
  call.out = got.data();
  call.out_stride = shape.outputs;
  Linear(matrix, call);
  EXPECT_EQ(0, std::memcmp(got.data(), wanted.data(), got.size() * sizeof(float)));
}

// Numbers that both kinds of element have are packed alike from either, and others rounded.
TEST(PackedMatrix, TakesEitherKindOfNumbers) {
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    for (const Shape& shape : kShapes) {
      const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 21);
      PackedMatrix wide(element, shape.outputs, shape.depth), narrow(element, shape.outputs, shape.depth);
      wide.Pack(weight.wide.data());
      narrow.Pack(weight.narrow.data());
      EXPECT_EQ(0, std::memcmp(wide.panel(0), narrow.panel(0), static_cast<size_t>(wide.bytes())));
    }
  }
  const float third = 1.0f / 3.0f;
  PackedMatrix rounded(Element::kBFloat16, 1, 1);
  rounded.Pack(&third);
  EXPECT_EQ(*static_cast<const uint16_t*>(rounded.panel(0)), ToBf16(third));
}

TEST(Linear, ARowsBitsDoNotDependOnItsCompany) {
  const Shape shape{203, 130, 77};
  const Numbers x = RandomNumbers(shape.rows * shape.depth, 6);
  const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 7);
  const std::vector<float> bias = RandomNumbers(shape.outputs, 8).wide;
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    const PackedMatrix matrix = Packed(element, shape, weight);
    const std::vector<float> together = Products(matrix, x, bias, 0, shape.rows);
    for (const int64_t rows : {1, 2, 3, 5, 6, 7, 8, 11, 15, 16, 17, 31, 32, 33, 64, 97}) {
      for (const int64_t first : {0, 1, 50, 106}) {
        const std::vector<float> alone = Products(matrix, x, bias, first, rows);
        EXPECT_EQ(0, std::memcmp(alone.data(), together.data() + first * shape.outputs, alone.size() * 4))
            << rows << " rows from " << first;
      }
    }
  }
}

TEST(Linear, OutputsAreRoundedAddedOrWide) {
  const Shape shape{9, 70, 40};
  const Numbers x = RandomNumbers(shape.rows * shape.depth, 9);
  const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 10);
  const PackedMatrix matrix = Packed(Element::kBFloat16, shape, weight);
  const std::vector<float> zeros(shape.outputs, 0.0f);
  const std::vector<float> wide = Products(matrix, x, zeros, 0, shape.rows);
  LinearCall call;
  call.x = x.narrow.data();
  call.x_stride = shape.depth;
  call.rows = shape.rows;
  Elements narrow(Element::kBFloat16, wide.size());
  call.out = narrow.data();
  call.out_stride = shape.outputs;
  Linear(matrix, call);
  std::vector<float> sums(wide.size(), 0.5f);
  call.output = Output::kAdd;
  call.out = sums.data();
  Linear(matrix, call);
  for (size_t i = 0; i < wide.size(); ++i) {
    EXPECT_EQ(narrow[i], FromBf16(ToBf16(wide[i])));
    EXPECT_EQ(sums[i], 0.5f + wide[i]);
  }
}

TEST(Linear, ThreadsChangeNothing) {
  const Shape shape{150, 500, 64};
  const Numbers x = RandomNumbers(shape.rows * shape.depth, 11);
  const Numbers weight = RandomNumbers(shape.outputs * shape.depth, 12);
  const std::vector<float> bias(shape.outputs, 1.0f);
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    const PackedMatrix matrix = Packed(element, shape, weight);
    SetThreads(1);
    const std::vector<float> one = Products(matrix, x, bias, 0, shape.rows);
    SetThreads(4);
    const std::vector<float> four = Products(matrix, x, bias, 0, shape.rows);
    SetThreads(1);
    EXPECT_EQ(0, std::memcmp(one.data(), four.data(), one.size() * 4));
  }
}

}  // namespace
}  // namespace drover::model::cpu
