#include "model/kernels/cpu/rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/testing/numbers.h"

namespace drover::model::cpu {
namespace {

using testing::Elements;
using testing::Numbers;
using testing::RandomNumbers;

constexpr Element kBoth[] = {Element::kFloat32, Element::kBFloat16};

// Half a unit in the last place of a bfloat16, or some of a float32.
double Rounding(Element element) { return element == Element::kFloat32 ? 2e-6 : 1.0 / 256; }

TEST(Norm, IsTheDefinition) {
  for (const Element element : kBoth) {
    for (const int64_t width : {1, 16, 31, 64, 100}) {
      const int64_t rows = 5;
      const std::vector<float> x = RandomNumbers(rows * width, 1).wide;
      const std::vector<float> weight = RandomNumbers(width, 2).wide;
      Elements out(element, rows * width);
      Norm(element, {x.data(), width, rows, width, weight.data(), 1e-5, out.data(), width});
      for (int64_t r = 0; r < rows; ++r) {
        double squares = 0.0;
        for (int64_t i = 0; i < width; ++i)
          squares += static_cast<double>(x[r * width + i]) * x[r * width + i];
        for (int64_t i = 0; i < width; ++i) {
          const double wanted = x[r * width + i] / std::sqrt(squares / width + 1e-5) * weight[i];
          EXPECT_NEAR(out[r * width + i], wanted, Rounding(element) * std::abs(wanted) + 1e-12);
        }
      }
    }
  }
}

TEST(Rotate, TurnsTheFirstHalfAgainstTheSecond) {
  for (const Element element : kBoth) {
    for (const int64_t half : {1, 4, 16, 20, 32}) {
      for (const int64_t kept : {0, 3}) {
        const int64_t rows = 3, heads = 2, dim = 2 * half + kept;
        const Numbers x = RandomNumbers(rows * heads * dim, 3);
        const std::vector<float> angles = RandomNumbers(rows * half, 4).wide;
        std::vector<float> cos, sin;
        for (const float angle : angles) {
          cos.push_back(std::cos(angle));
          sin.push_back(std::sin(angle));
        }
        Elements out(element, rows * heads * dim);
        RotateRows call{x.data(element), heads * dim, rows, heads, dim, 2 * half, cos.data(), sin.data()};
        call.out = out.data();
        call.out_stride = heads * dim;
        Rotate(element, call);
        for (int64_t head = 0; head < rows * heads; ++head) {
          for (int64_t i = 0; i < half; ++i) {
            const int64_t at = head * dim + i;
            const double a = angles[head / heads * half + i];
            const double first = x.wide[at] * std::cos(a) - x.wide[at + half] * std::sin(a);
            const double second = x.wide[at + half] * std::cos(a) + x.wide[at] * std::sin(a);
            const double size = Rounding(element) * (std::abs(x.wide[at]) + std::abs(x.wide[at + half]));
            EXPECT_NEAR(out[at], first, size);
            EXPECT_NEAR(out[at + half], second, size);
          }
          for (int64_t i = 2 * half; i < dim; ++i) EXPECT_EQ(out[head * dim + i], x.wide[head * dim + i]);
        }
      }
    }
  }
}

double Activated(double x, Gating activation) {
  if (activation == Gating::kSilu) return x / (1.0 + std::exp(-x));
  return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
}

TEST(Gate, IsTheActivatedGateTimesTheOther) {
  for (const Element element : kBoth) {
    Numbers gate = RandomNumbers(75, 5, 10.0f);
    for (const float extreme : {-1000.0f, -88.0f, 0.0f, 88.0f, 1000.0f}) {
      gate.wide.push_back(extreme);
      gate.narrow.push_back(testing::ToBf16(extreme));
    }
    const Numbers up = RandomNumbers(gate.wide.size(), 6);
    for (const Gating activation : {Gating::kSilu, Gating::kGeluTanh}) {
      for (const int64_t width : {80, 16, 5}) {
        const int64_t rows = 80 / width;
        Elements out(element, 80);
        Gate(element,
             {gate.data(element), up.data(element), width, rows, width, activation, out.data(), width});
        for (size_t i = 0; i < 80; ++i) {
          const double wanted = Activated(gate.wide[i], activation) * up.wide[i];
          // tanh leaves nothing of a number below -6; float32 has some of it left.
          const double tiny = activation == Gating::kSilu ? 1e-30 : 1e-6;
          EXPECT_NEAR(out[i], wanted, Rounding(element) * std::abs(wanted) + tiny) << gate.wide[i];
        }
      }
    }
  }
}

TEST(Rows, NotANumberStaysOne) {
  const std::vector<float> x = {1.0f, std::nanf(""), 2.0f, 3.0f};
  const std::vector<float> weight(4, 1.0f);
  for (const Element element : kBoth) {
    Elements out(element, 4);
    Norm(element, {x.data(), 4, 1, 4, weight.data(), 1e-5, out.data(), 4});
    for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(std::isnan(out[i]));
  }
  Elements gated(Element::kFloat32, 4);
  Gate(Element::kFloat32, {x.data(), weight.data(), 4, 1, 4, Gating::kSilu, gated.data(), 4});
  EXPECT_TRUE(std::isnan(gated[1]));
  EXPECT_FALSE(std::isnan(gated[0]));
}

TEST(Rows, InstructionSetsAgreeToRounding) {
  const Numbers gate = RandomNumbers(333, 7, 3.0f);
  const Numbers up = RandomNumbers(333, 8);
  for (const Element element : kBoth) {
    Elements portable(element, 333);
    kPortableKernels.of(element).gate(
        {gate.data(element), up.data(element), 333, 1, 333, Gating::kSilu, portable.data(), 333});
    for (const InstructionSet set : Available()) {
      Elements out(element, 333);
      KernelsOf(set).of(element).gate(
          {gate.data(element), up.data(element), 333, 1, 333, Gating::kSilu, out.data(), 333});
      for (size_t i = 0; i < 333; ++i) {
        EXPECT_NEAR(out[i], portable[i], 2 * Rounding(element) * std::abs(portable[i]))
            << std::string(Name(set));
      }
    }
  }
}

}  // namespace
}  // namespace drover::model::cpu
