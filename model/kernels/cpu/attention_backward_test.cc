#include "model/kernels/cpu/attention_backward.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
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

struct Shape {
  int64_t heads = 6, key_heads = 2, head_dim = 16;
  double scale = 0.25;
  double soft_cap = 0.0;
  int64_t window = 0;
};

std::string Show(const Shape& s) {
  return std::to_string(s.heads) + " heads, " + std::to_string(s.key_heads) + " of keys, " +
         std::to_string(s.head_dim) + " numbers, cap " + std::to_string(s.soft_cap) + ", window " +
         std::to_string(s.window);
}

// A prompt with two responses, one of which goes on before its end, and two sequences alone.
const std::vector<Segment> kBatch = {
    {0, 70, 0, 0}, {70, 131, 0, 70}, {201, 9, 0, 33}, {210, 1, 0, 0}, {211, 50, 0, 0}};
constexpr int64_t kBatchRows = 261;

struct Tensors {
  explicit Tensors(const Shape& s, int64_t rows = kBatchRows)
      : query(RandomNumbers(rows * s.heads * s.head_dim, 21)),
        key(RandomNumbers(rows * s.key_heads * s.head_dim, 22)),
        value(RandomNumbers(rows * s.key_heads * s.head_dim, 23)),
        gradient(RandomNumbers(rows * s.heads * s.head_dim, 24)) {}
  Numbers query, key, value, gradient;
};

using Doubles = std::vector<double>;

// out and its gradients by the definition, in double precision.
struct ByDefinition {
  ByDefinition(const Shape& given, const Tensors& tensors, const std::vector<Segment>& segments, int64_t rows)
      : s(given),
        t(tensors),
        out(rows * s.heads * s.head_dim),
        of_query(out.size()),
        of_key(rows * s.key_heads * s.head_dim),
        of_value(of_key.size()) {
    for (const Segment& segment : segments) {
      for (int64_t i = 0; i < segment.tokens; ++i) {
        for (int64_t h = 0; h < s.heads; ++h) AddQuery(segment, i, h);
      }
    }
  }

  void AddQuery(const Segment& segment, int64_t i, int64_t head) {
    const int64_t d = s.head_dim, position = segment.prefix + i;
    const int64_t q = ((segment.begin + i) * s.heads + head) * d;
    const int64_t key_head = head / (s.heads / s.key_heads);
    std::vector<int64_t> at;  // of the keys that it sees
    Doubles scores, slopes;
    for (int64_t p = s.window > 0 ? std::max<int64_t>(0, position + 1 - s.window) : 0; p <= position; ++p) {
      const int64_t row = p < segment.prefix ? segment.prefix_begin + p : segment.begin + p - segment.prefix;
      at.push_back((row * s.key_heads + key_head) * d);
      double score = 0.0;
      for (int64_t k = 0; k < d; ++k) score += 1.0 * t.query.wide[q + k] * t.key.wide[at.back() + k];
      score *= s.scale;
      const double turned = s.soft_cap > 0.0 ? std::tanh(score / s.soft_cap) : 0.0;
      scores.push_back(s.soft_cap > 0.0 ? s.soft_cap * turned : score);
      slopes.push_back((1.0 - turned * turned) * s.scale);
    }
    const double largest = *std::max_element(scores.begin(), scores.end());
    double sum = 0.0;
    for (double& score : scores) sum += score = std::exp(score - largest);
    double along = 0.0;
    Doubles products(at.size(), 0.0);
    for (size_t j = 0; j < at.size(); ++j) {
      scores[j] /= sum;
      for (int64_t k = 0; k < d; ++k) {
        products[j] += 1.0 * t.gradient.wide[q + k] * t.value.wide[at[j] + k];
        out[q + k] += scores[j] * t.value.wide[at[j] + k];
      }
      along += scores[j] * products[j];
    }
    for (size_t j = 0; j < at.size(); ++j) {
      const double of_score = scores[j] * (products[j] - along) * slopes[j];
      for (int64_t k = 0; k < d; ++k) {
        of_query[q + k] += of_score * t.key.wide[at[j] + k];
        of_key[at[j] + k] += of_score * t.query.wide[q + k];
        of_value[at[j] + k] += scores[j] * t.gradient.wide[q + k];
      }
    }
  }

  const Shape s;
  const Tensors& t;
  Doubles out, of_query, of_key, of_value;
};

struct Results {
  Results(Element element, const Shape& s, int64_t rows)
      : of_query(element, rows * s.heads * s.head_dim),
        of_key(element, rows * s.key_heads * s.head_dim),
        of_value(element, rows * s.key_heads * s.head_dim) {}
  Elements of_query, of_key, of_value;
};

Results Backward(Element element, const Shape& s, const Tensors& t, const Doubles& exact_out,
                 const std::vector<Segment>& segments, int64_t rows) {
  Results results(element, s, rows);
  std::vector<float> wide(exact_out.begin(), exact_out.end());
  std::vector<uint16_t> narrow;
  for (const float x : wide) narrow.push_back(testing::ToBf16(x));
  std::vector<float> statistics(rows * s.heads * kBackwardStatistics);
  AttentionBackward pass;
  pass.query = t.query.data(element);
  pass.key = t.key.data(element);
  pass.value = t.value.data(element);
  pass.gradient = t.gradient.data(element);
  pass.out = element == Element::kFloat32 ? static_cast<const void*>(wide.data()) : narrow.data();
  pass.query_stride = pass.out_stride = pass.gradient_stride = s.heads * s.head_dim;
  pass.key_stride = pass.value_stride = s.key_heads * s.head_dim;
  pass.heads = s.heads;
  pass.key_heads = s.key_heads;
  pass.head_dim = s.head_dim;
  pass.scale = static_cast<float>(s.scale);
  pass.soft_cap = static_cast<float>(s.soft_cap);
  pass.window = s.window;
  pass.statistics = statistics.data();
  pass.of_query = results.of_query.data();
  pass.of_key = results.of_key.data();
  pass.of_value = results.of_value.data();
  BackwardAttention(element, pass, segments);
  return results;
}

// |got - wanted| / |wanted|
double Distance(const Elements& got, const Doubles& wanted) {
  double difference = 0.0, size = 0.0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    difference += std::pow(got[i] - wanted[i], 2);
    size += std::pow(wanted[i], 2);
  }
  return std::sqrt(difference / size);
}

TEST(BackwardAttention, IsTheDefinition) {
  const Shape shapes[] = {{},
                          {.heads = 9, .key_heads = 3, .head_dim = 64, .scale = 0.125},
                          {.heads = 4, .key_heads = 4, .head_dim = 20},
                          {.heads = 8, .key_heads = 1, .head_dim = 7},
                          {.heads = 67, .key_heads = 1, .head_dim = 8},  // more than a block's lanes
                          {.heads = 2, .key_heads = 1, .head_dim = 80, .soft_cap = 2.0},
                          {.heads = 1, .key_heads = 1, .head_dim = 128, .scale = 0.09},
                          {.window = 5},
                          {.window = 64},
                          {.soft_cap = 3.0, .window = 100}};
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    const double rounding = element == Element::kFloat32 ? 2e-6 : 0.006;
    for (const Shape& shape : shapes) {
      const Tensors tensors(shape);
      const ByDefinition wanted(shape, tensors, kBatch, kBatchRows);
      const Results got = Backward(element, shape, tensors, wanted.out, kBatch, kBatchRows);
      EXPECT_LT(Distance(got.of_query, wanted.of_query), rounding) << Show(shape);
      EXPECT_LT(Distance(got.of_key, wanted.of_key), rounding) << Show(shape);
      EXPECT_LT(Distance(got.of_value, wanted.of_value), rounding) << Show(shape);
    }
  }
}

TEST(BackwardAttention, BitsDoNotDependOnThreads) {
  const Shape shape{.heads = 9, .key_heads = 3, .head_dim = 24, .window = 90};
  const Tensors tensors(shape);
  const ByDefinition wanted(shape, tensors, kBatch, kBatchRows);
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    const Results one = Backward(element, shape, tensors, wanted.out, kBatch, kBatchRows);
    for (const int threads : {2, 3, 7}) {
      SetThreads(threads);
      const Results many = Backward(element, shape, tensors, wanted.out, kBatch, kBatchRows);
      EXPECT_EQ(many.of_query.bytes(), one.of_query.bytes()) << threads << " threads";
      EXPECT_EQ(many.of_key.bytes(), one.of_key.bytes()) << threads << " threads";
      EXPECT_EQ(many.of_value.bytes(), one.of_value.bytes()) << threads << " threads";
      SetThreads(1);
    }
  }
}

// What is in no segment is neither read (it is NaN here) nor written.
TEST(BackwardAttention, LeavesPaddingAlone) {
  const Shape shape;
  const std::vector<Segment> segments = {{0, 20, 0, 0}, {40, 20, 0, 0}};
  Tensors tensors(shape, 60);
  const int64_t row = shape.key_heads * shape.head_dim;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::fill_n(tensors.key.wide.begin() + 20 * row, 20 * row, nan);
  std::fill_n(tensors.value.wide.begin() + 20 * row, 20 * row, nan);
  const ByDefinition wanted(shape, tensors, segments, 60);
  const Results got = Backward(Element::kFloat32, shape, tensors, wanted.out, segments, 60);
  for (int64_t i = 0; i < 60 * row; ++i) {
    if (i >= 20 * row && i < 40 * row) {
      EXPECT_TRUE(std::isnan(got.of_key[i]) && std::isnan(got.of_value[i]))
          << "row " << i / row << " was written";
    } else {
      EXPECT_NEAR(got.of_key[i], wanted.of_key[i], 1e-4);
      EXPECT_NEAR(got.of_value[i], wanted.of_value[i], 1e-4);
    }
  }
}

}  // namespace
}  // namespace drover::model::cpu
