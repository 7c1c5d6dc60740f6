#include "model/kernels/cpu/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
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

struct Case {
  int64_t heads = 6, key_heads = 2, head_dim = 16;
  double scale = 0.25;
  double soft_cap = 0.0;
  int64_t window = 0;
};

// One sequence: queries, keys and values of `tokens` tokens.
struct Sequence {
  Sequence(const Case& c, int64_t tokens_in, uint64_t seed)
      : tokens(tokens_in),
        query(RandomNumbers(tokens * c.heads * c.head_dim, seed)),
        keys(RandomNumbers(tokens * c.key_heads * c.head_dim, seed + 1)),
        values(RandomNumbers(tokens * c.key_heads * c.head_dim, seed + 2)) {}
  int64_t tokens;
  Numbers query, keys, values;
};

// Its keys and values in pages that lie in no order, among pages of NaN.
class Paged {
 public:
  Paged(Element element, const Case& c, const Sequence& sequence, uint64_t seed) : case_(c) {
    const int64_t needed = (sequence.tokens + kPageTokens - 1) / kPageTokens;
    std::vector<int32_t> all(needed + 5);
    std::iota(all.begin(), all.end(), 0);
    std::shuffle(all.begin(), all.end(), std::mt19937_64(seed));
    table_.assign(all.begin(), all.begin() + needed);
    keys_.assign(all.size() * c.key_heads * KeyPageElements(element, c.head_dim) * 4, 0xff);
    values_.assign(all.size() * c.key_heads * ValuePageElements(c.head_dim) * 4, 0xff);
    pages_ = {element, c.key_heads, c.head_dim, keys_.data(), values_.data()};
    pages_.key_stride = c.key_heads * KeyPageElements(element, c.head_dim);
    pages_.value_stride = c.key_heads * ValuePageElements(c.head_dim);
    std::vector<Slot> slots;
    for (int64_t t = 0; t < sequence.tokens; ++t) {
      slots.push_back({t, table_[t / kPageTokens], static_cast<int32_t>(t % kPageTokens)});
    }
    const int64_t stride = c.key_heads * c.head_dim;
    WriteTokens(pages_, {sequence.keys.data(element), stride, sequence.values.data(element), stride}, slots);
  }

  // Attention of tokens [position, position + tokens), in parts of `chunk`.
  Elements Attention(const Sequence& sequence, int64_t position, int64_t tokens, int64_t chunk) {
    const int64_t stride = case_.heads * case_.head_dim;
    Elements out(pages_.element, tokens * stride);
    std::vector<AttentionPart> parts;
    for (int64_t t = 0; t < tokens; t += chunk) {
      parts.push_back({t, std::min(chunk, tokens - t), position + t, table_});
    }
    AttentionCall call;
    const int64_t bytes = pages_.element == Element::kFloat32 ? 4 : 2;
    call.query = static_cast<const char*>(sequence.query.data(pages_.element)) + position * stride * bytes;
    call.query_stride = stride;
    call.heads = case_.heads;
    call.scale = static_cast<float>(case_.scale);
    call.soft_cap = static_cast<float>(case_.soft_cap);
    call.window = case_.window;
    call.out = out.data();
    call.out_stride = stride;
    Attend(pages_, call, parts);
    return out;
  }

 private:
  const Case case_;
  std::vector<int32_t> table_;
  std::vector<uint8_t> keys_, values_;
  Pages pages_;
};

// The definition, in double precision: [head_dim] of one token's head.
std::vector<double> Exact(const Case& c, const Sequence& s, int64_t token, int64_t head) {
  const int64_t key_head = head / (c.heads / c.key_heads);
  std::vector<double> scores;
  const int64_t begin = c.window > 0 ? std::max<int64_t>(0, token + 1 - c.window) : 0;
  double largest = -std::numeric_limits<double>::infinity();
  for (int64_t k = begin; k <= token; ++k) {
    double score = 0.0;
    for (int64_t d = 0; d < c.head_dim; ++d) {
      score += static_cast<double>(s.query.wide[(token * c.heads + head) * c.head_dim + d]) *
               s.keys.wide[(k * c.key_heads + key_head) * c.head_dim + d];
    }
    score *= c.scale;
    if (c.soft_cap > 0.0) score = c.soft_cap * std::tanh(score / c.soft_cap);
    scores.push_back(score);
    largest = std::max(largest, score);
  }
  double sum = 0.0;
  for (double& score : scores) sum += score = std::exp(score - largest);
  std::vector<double> out(c.head_dim, 0.0);
  for (int64_t k = begin; k <= token; ++k) {
    for (int64_t d = 0; d < c.head_dim; ++d) {
      out[d] += scores[k - begin] / sum * s.values.wide[(k * c.key_heads + key_head) * c.head_dim + d];
    }
  }
  return out;
}

TEST(Attend, IsTheDefinition) {
  const Case cases[] = {{},
                        {.heads = 9, .key_heads = 3, .head_dim = 64, .scale = 0.125},
                        {.heads = 4, .key_heads = 4, .head_dim = 20},
                        {.heads = 8, .key_heads = 1, .head_dim = 6},
                        {.heads = 6, .key_heads = 2, .head_dim = 13},  // half a pair of bfloat16 is nobody's
                        {.heads = 2, .key_heads = 1, .head_dim = 80, .soft_cap = 2.0},
                        {.window = 5},
                        {.window = 16},
                        {.soft_cap = 3.0, .window = 40}};
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    const double rounding = element == Element::kFloat32 ? 2e-6 : 0.01;
    for (const Case& c : cases) {
      for (const int64_t tokens : {1, 15, 16, 17, 70}) {
        const Sequence sequence(c, tokens, 11);
        const Elements out = Paged(element, c, sequence, 1).Attention(sequence, 0, tokens, tokens);
        for (int64_t t = 0; t < tokens; ++t) {
          for (int64_t h = 0; h < c.heads; ++h) {
            const std::vector<double> wanted = Exact(c, sequence, t, h);
            for (int64_t d = 0; d < c.head_dim; ++d) {
              ASSERT_NEAR(out[(t * c.heads + h) * c.head_dim + d], wanted[d], rounding)
                  << "token " << t << " of " << tokens << ", head " << h << ", window " << c.window;
            }
          }
        }
      }
    }
  }
}

// Neither on where its pages lie, nor on the tokens that are computed with it, nor on the threads.
TEST(Attend, ATokensBitsDependOnItsSequenceAlone) {
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    for (const int64_t window : {0, 20}) {
      const Case c{.heads = 9, .key_heads = 3, .head_dim = 24, .window = window};
      const Sequence sequence(c, 101, 12);
      const int64_t stride = c.heads * c.head_dim;
      const std::vector<uint8_t> whole =
          Paged(element, c, sequence, 1).Attention(sequence, 0, 101, 101).bytes();
      const size_t row = whole.size() / 101;
      for (const int64_t chunk : {1, 2, 7, 33}) {
        SetThreads(chunk % 2 == 0 ? 3 : 1);
        Paged elsewhere(element, c, sequence, 100 + chunk);
        EXPECT_EQ(elsewhere.Attention(sequence, 0, 101, chunk).bytes(), whole)
            << chunk << " tokens at a time";
        const std::vector<uint8_t> last = elsewhere.Attention(sequence, 100, 1, 1).bytes();
        EXPECT_TRUE(std::equal(last.begin(), last.end(), whole.end() - row)) << stride;
      }
      SetThreads(1);
    }
  }
}

TEST(Attend, InstructionSetsAgreeToRounding) {
  const Case c{.heads = 3, .key_heads = 1, .head_dim = 40, .soft_cap = 5.0};
  const Sequence sequence(c, 50, 13);
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    std::vector<uint8_t> keys(4 * KeyPageElements(element, c.head_dim) * 4);
    std::vector<uint8_t> values(4 * ValuePageElements(c.head_dim) * 4);
    Pages pages{element, 1, c.head_dim, keys.data(), values.data()};
    pages.key_stride = KeyPageElements(element, c.head_dim);
    pages.value_stride = ValuePageElements(c.head_dim);
    const std::vector<int32_t> table = {2, 0, 3, 1};
    std::vector<Slot> slots;
    for (int64_t t = 0; t < 50; ++t) slots.push_back({t, table[t / 16], static_cast<int32_t>(t % 16)});
    WriteTokens(pages, {sequence.keys.data(element), c.head_dim, sequence.values.data(element), c.head_dim},
                slots);
    std::vector<float> scratch(AttentionScratch(50));
    std::vector<Elements> results;
    for (const InstructionSet set : Available()) {
      AttendHead a;
      a.query = sequence.query.data(element);
      a.token_stride = a.out_token_stride = c.heads * c.head_dim;
      a.head_stride = a.out_head_stride = a.head_dim = c.head_dim;
      a.tokens = 50;
      a.heads = c.heads;
      a.scale = 0.2f;
      a.soft_cap = 5.0f;
      a.pages = table.data();
      a.keys = keys.data();
      a.values = values.data();
      a.key_page_stride = KeyPageElements(element, c.head_dim);
      a.value_page_stride = ValuePageElements(c.head_dim);
      a.scratch = scratch.data();
      results.emplace_back(element, 50 * c.heads * c.head_dim);
      a.out = results.back().data();
      KernelsOf(set).of(element).attend(a);
      for (int64_t i = 0; i < 50 * c.heads * c.head_dim; ++i) {
        EXPECT_NEAR(results.back()[i], results[0][i], element == Element::kFloat32 ? 3e-6 : 0.02)
            << std::string(Name(set));
      }
    }
  }
}

}  // namespace
}  // namespace drover::model::cpu
