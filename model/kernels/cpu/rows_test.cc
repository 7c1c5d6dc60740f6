#include "model/kernels/cpu/rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/pool.h"
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

// Gradients of x and of the weights, of rows of random numbers.
struct NormResults {
  std::vector<float> of_x, of_weight;
};
NormResults BackOfNorm(Element element, int64_t rows, int64_t width) {
  const Numbers x = RandomNumbers(rows * width, 5), gradient = RandomNumbers(rows * width, 6);
  const std::vector<float> weight = RandomNumbers(width, 7).wide;
  NormResults results{std::vector<float>(rows * width), std::vector<float>(width)};
  NormBackwardRows call{x.wide.data(),          width, rows, width, weight.data(), 1e-5,
                        gradient.data(element), width};
  call.of_x = results.of_x.data();
  call.of_weight = results.of_weight.data();
  NormBackward(element, call);
  return results;
}

TEST(NormBackward, IsTheDefinition) {
  for (const Element element : kBoth) {
    for (const int64_t width : {1, 16, 31, 100}) {
      const int64_t rows = 70;
      const std::vector<float> x = RandomNumbers(rows * width, 5).wide;
      const std::vector<float> gradient = RandomNumbers(rows * width, 6).wide;
      const std::vector<float> weight = RandomNumbers(width, 7).wide;
      const NormResults got = BackOfNorm(element, rows, width);
      std::vector<double> of_weight(width);
      for (int64_t r = 0; r < rows; ++r) {
        double squares = 0.0, along = 0.0;
        for (int64_t i = r * width; i < (r + 1) * width; ++i) {
          squares += 1.0 * x[i] * x[i];
          along += 1.0 * x[i] * gradient[i] * weight[i - r * width];
        }
        const double scale = 1.0 / std::sqrt(squares / width + 1e-5);
        for (int64_t i = 0; i < width; ++i) {
          const int64_t at = r * width + i;
          const double wanted = scale * (gradient[at] * weight[i] - x[at] * scale * scale * along / width);
          EXPECT_NEAR(got.of_x[at], wanted, 1e-5 * scale);
          of_weight[i] += gradient[at] * x[at] * scale;
        }
      }
      for (int64_t i = 0; i < width; ++i) EXPECT_NEAR(got.of_weight[i], of_weight[i], 1e-4);
    }
  }
}

TEST(NormBackward, BitsDoNotDependOnThreads) {
  const NormResults one = BackOfNorm(Element::kBFloat16, 500, 72);
  SetThreads(3);
  const NormResults three = BackOfNorm(Element::kBFloat16, 500, 72);
  SetThreads(1);
  EXPECT_EQ(one.of_x, three.of_x);
  EXPECT_EQ(one.of_weight, three.of_weight);
}

double Activate(double x, Gating activation) {
  const double z = activation == Gating::kSilu ? x : 1.5957691216057308 * (x + 0.044715 * x * x * x);
  return x / (1.0 + std::exp(-z));
}

// By differences; far from 0 the activations are 0 and x.
TEST(GateBackward, IsTheSlope) {
  for (const Gating activation : {Gating::kSilu, Gating::kGeluTanh}) {
    std::vector<float> gate, up, gradient, of_gate(61), of_up(61);
    for (int i = -30; i <= 30; ++i) {
      gate.push_back(static_cast<float>(i * std::abs(i)) * 0.1F);
      up.push_back(1.5F);
      gradient.push_back(2.0F);
    }
    GateBackwardRows call{gate.data(), up.data(), 61, 1, 61, activation, gradient.data(), 61};
    call.of_gate = of_gate.data();
    call.of_up = of_up.data();
    GateBackward(Element::kFloat32, call);
    for (size_t i = 0; i < 61; ++i) {
      const double slope =
          (Activate(gate[i] + 1e-5, activation) - Activate(gate[i] - 1e-5, activation)) / 2e-5;
      EXPECT_NEAR(of_gate[i], 3.0 * slope, 1e-5) << gate[i];
      EXPECT_NEAR(of_up[i], 2.0 * Activate(gate[i], activation), 1e-5 * std::abs(gate[i]) + 1e-7) << gate[i];
    }
  }
}

TEST(AddTo, AddsEach) {
  for (const Element element : kBoth) {
    const int64_t count = 100003;
    const Numbers from = RandomNumbers(count, 8);
    std::vector<float> to = RandomNumbers(count, 9).wide;
    const std::vector<float> before = to;
    SetThreads(2);
    AddTo(element, from.data(element), count, to.data());
    SetThreads(1);
    for (int64_t i = 0; i < count; ++i) ASSERT_EQ(to[i], before[i] + from.wide[i]);
  }
}

}  // namespace
}  // namespace drover::model::cpu
