#include "statistics/power.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "statistics/paired.h"
#include "statistics/permutation.h"
#include "statistics/two_samples.h"

namespace drover::statistics {
namespace {

constexpr uint64_t kTries = 4000;  // a standard error of at most 0.008

std::vector<double> Normals(RandomStream& random, size_t n, double mean, double sd) {
  std::vector<double> values(n);
  for (double& value : values) value = mean + sd * DrawNormal(random);
  return values;
}

// statsmodels (scipy 1.17.1): TTestPower().power(0.8, 10, 0.05), and .solve_power(None, 10, 0.05, 0.8)
TEST(PairedTPower, IsStatsmodels) {
  EXPECT_NEAR(PairedTPower(0.8, 1, 10), 0.6162327634744059, 1e-9);
  const auto power_of = [](double effect) { return PairedTPower(effect, 1, 10); };
  EXPECT_NEAR(SmallestDetectableEffect(power_of), 0.9960019107624178,
              1e-6);  // where statsmodels' root finder stops
  EXPECT_NEAR(power_of(SmallestDetectableEffect(power_of)), 0.8, 1e-12);
}

TEST(PairedTPower, IsWhatSimulationSays) {
  const double simulated = SimulatedPower(
      [](RandomStream& random) { return PairedTTest(Normals(random, 6, 0.9, 1.1)).p; }, kTries, 1);
  EXPECT_NEAR(PairedTPower(0.9, 1.1, 6), simulated, 0.025);
  EXPECT_NEAR(PairedTPower(0, 1, 6), 0.05, 1e-9);
  EXPECT_EQ(PairedTPower(5, 1, 1), 0);
}

TEST(WelchPower, IsWhatSimulationSays) {
  const double simulated = SimulatedPower(
      [](RandomStream& random) {
        const std::vector<double> first = Normals(random, 6, 1.5, 1);
        return WelchTest(first, Normals(random, 9, 0, 2)).p;
      },
      kTries, 2);
  EXPECT_NEAR(WelchPower(1.5, 1, 6, 2, 9), simulated, 0.025);
  EXPECT_EQ(WelchPower(1.5, 1, 1, 2, 9), 0);
}

TEST(SignTestPower, IsWhatSimulationSays) {
  const double simulated = SimulatedPower(
      [](RandomStream& random) {
        uint64_t wins = 0;
        for (int i = 0; i < 25; ++i) wins += random.Uniform() < 0.75;
        return SignTest(wins, 25 - wins);
      },
      kTries, 3);
  EXPECT_NEAR(SignTestPower(0.75, 25), simulated, 0.025);
  EXPECT_EQ(SignTestPower(1, 5), 0);  // five wins of five have p 1/16
  EXPECT_NEAR(SignTestPower(1, 6), 1, 1e-12);
}

TEST(McNemarPower, IsWhatSimulationSays) {
  const double simulated = SimulatedPower(
      [](RandomStream& random) {
        uint64_t first = 0, second = 0;
        for (int i = 0; i < 120; ++i) {
          const double u = random.Uniform();
          first += u < 0.2;
          second += u >= 0.2 && u < 0.27;
        }
        return McNemarTest(first, second);
      },
      kTries, 4);
  EXPECT_NEAR(McNemarPower(0.2, 0.07, 120), simulated, 0.025);
  EXPECT_EQ(McNemarPower(0, 0, 120), 0);
}

// A valid test finds what is not there at most as often as it says.
TEST(SimulatedPower, OfNoEffectIsAtMostAlpha) {
  const double permutation = SimulatedPower(
      [](RandomStream& random) { return PairedPermutationTest(Normals(random, 8, 0, 1)).p; }, 2000, 5);
  EXPECT_LE(permutation, 0.065);
  const double ranks = SimulatedPower(
      [](RandomStream& random) {
        const std::vector<double> first = Normals(random, 7, 0, 1);
        return MannWhitneyTest(first, Normals(random, 7, 0, 1)).p;
      },
      kTries, 6);
  EXPECT_LE(ranks, 0.06);
  EXPECT_EQ(SimulatedPower([](RandomStream&) { return 0.0; }, 0, 0), 0);
}

TEST(SmallestDetectableEffect, IsInfiniteWhereNothingIsFound) {
  EXPECT_TRUE(std::isinf(SmallestDetectableEffect([](double) { return 0.5; })));
  EXPECT_NEAR(SmallestDetectableEffect([](double effect) { return effect > 1e-4 ? 1.0 : 0.0; }), 1e-4, 1e-9);
}

}  // namespace
}  // namespace drover::statistics
