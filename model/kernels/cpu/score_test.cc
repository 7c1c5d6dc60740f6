#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/testing/numbers.h"

namespace drover::model::cpu {
namespace {

using testing::RandomNumbers;

struct Exact {
  explicit Exact(const std::vector<float>& logits, double temperature) {
    double largest = -std::numeric_limits<double>::infinity();
    for (const float x : logits) largest = std::max(largest, x / temperature);
    double sum = 0.0;
    for (const float x : logits) sum += std::exp(x / temperature - largest);
    for (const float x : logits) {
      logprobs.push_back(x / temperature - largest - std::log(sum));
      weights.push_back(std::exp(x / temperature - largest));
      const double p = std::exp(logprobs.back());
      if (p > 0.0) entropy -= p * logprobs.back();
    }
  }
  std::vector<double> logprobs, weights;
  double entropy = 0.0;
};

// Every instruction set of this machine, over vocabularies that fill no vector and logits of any size.
TEST(Score, IsTheDefinitionInDoublePrecision) {
  for (const InstructionSet set : Available()) {
    for (const int64_t vocabulary : {1, 7, 16, 17, 513, 5000}) {
      for (const float temperature : {1.0f, 0.6f}) {
        for (const float scale : {0.1f, 5.0f, 60.0f}) {
          std::vector<float> logits = RandomNumbers(vocabulary, 1, scale).wide;
          if (vocabulary > 10) logits[3] = -std::numeric_limits<float>::infinity();
          const Exact exact(logits, temperature);
          for (const int64_t target : {int64_t{0}, vocabulary / 2, vocabulary - 1}) {
            float logprob, entropy;
            KernelsOf(set).score({logits.data(), vocabulary, temperature, target, &logprob, &entropy});
            const double wanted = exact.logprobs[target];
            EXPECT_NEAR(logprob, wanted, 3e-7 * std::abs(wanted) + 1e-6) << std::string(Name(set));
            EXPECT_NEAR(entropy, exact.entropy, 1e-5) << std::string(Name(set));
          }
        }
      }
    }
  }
}

TEST(ScoreGradient, IsTheTokenLessTheDistribution) {
  for (const InstructionSet set : Available()) {
    for (const int64_t vocabulary : {1, 17, 600}) {
      const std::vector<float> logits = RandomNumbers(vocabulary, 2, 2.0f).wide;
      const Exact exact(logits, 0.5);
      std::vector<float> out(vocabulary);
      const int64_t target = vocabulary / 3;
      KernelsOf(set).score_gradient({logits.data(), vocabulary, 0.5f, target}, 1.5f, out.data());
      for (int64_t v = 0; v < vocabulary; ++v) {
        const double wanted = 1.5 / 0.5 * ((v == target ? 1.0 : 0.0) - std::exp(exact.logprobs[v]));
        EXPECT_NEAR(out[v], wanted, 3e-6) << std::string(Name(set)) << ", " << v << " of " << vocabulary;
      }
    }
  }
}

TEST(Score, LogitsThatAreNotFiniteGiveNaN) {
  const float bad[] = {std::nanf(""), std::numeric_limits<float>::infinity()};
  for (const InstructionSet set : Available()) {
    for (const float x : bad) {
      for (const size_t where : {0u, 5u, 19u}) {
        std::vector<float> logits(20, 1.0f);
        logits[where] = x;
        float logprob;
        KernelsOf(set).score({logits.data(), 20, 1.0f, 7, &logprob, nullptr});
        EXPECT_TRUE(std::isnan(logprob)) << std::string(Name(set));
        std::vector<double> weights(20);
        double sum;
        KernelsOf(set).weigh({logits.data(), 20, 1.0, weights.data(), &sum});
        EXPECT_TRUE(std::isnan(sum)) << std::string(Name(set));
      }
    }
  }
}

TEST(Weigh, IsExactToTheLastBits) {
  for (const InstructionSet set : Available()) {
    for (const int64_t vocabulary : {1, 8, 13, 1000}) {
      for (const double temperature : {1.0, 0.3}) {
        std::vector<float> logits = RandomNumbers(vocabulary, 3, 40.0f).wide;
        if (vocabulary > 10) logits[2] = -std::numeric_limits<float>::infinity();
        const float largest = *std::max_element(logits.begin(), logits.end());
        std::vector<double> weights(vocabulary);
        double sum, wanted_sum = 0.0;
        KernelsOf(set).weigh({logits.data(), vocabulary, temperature, weights.data(), &sum});
        for (int64_t v = 0; v < vocabulary; ++v) {
          const double wanted = std::exp((static_cast<double>(logits[v]) - largest) / temperature);
          EXPECT_NEAR(weights[v], wanted, 1e-13 * wanted + 1e-307)
              << std::string(Name(set)) << ", " << logits[v];
          wanted_sum += wanted;
        }
        EXPECT_NEAR(sum, wanted_sum, 1e-12 * wanted_sum);
      }
    }
  }
}

}  // namespace
}  // namespace drover::model::cpu
