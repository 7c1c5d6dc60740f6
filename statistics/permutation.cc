#include "statistics/permutation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

#include "base/random.h"

namespace drover::statistics {
namespace {

constexpr size_t kMostEnumerated = 20;
constexpr double kMostWork = 4e8;   // steps of the convolution: about a second
constexpr double kMostUnits = 1e6;  // of the largest difference
constexpr double kRounding = 1e-9;

using Method = PermutationResult::Method;

// The absolute values; signs are what the test draws.
std::vector<double> Magnitudes(absl::Span<const double> differences) {
  std::vector<double> magnitudes;
  for (const double difference : differences) {
    if (difference != 0) magnitudes.push_back(std::abs(difference));
  }
  return magnitudes;
}

// Euclid's algorithm on numbers that are known to rounding alone.
double CommonUnit(double a, double b, double smallest) {
  while (b > smallest) {
    const double rest = std::fmod(a, b);
    a = b;
    b = std::min(rest, b - rest) <= smallest ? 0 : rest;
  }
  return a;
}

// The magnitudes as multiples of one number, where they are and the convolution is affordable.
std::optional<std::vector<int64_t>> Lattice(const std::vector<double>& magnitudes) {
  const double largest = *std::max_element(magnitudes.begin(), magnitudes.end());
  const double smallest = largest / kMostUnits;
  double unit = magnitudes[0];
  for (const double value : magnitudes)
    unit = CommonUnit(std::max(unit, value), std::min(unit, value), smallest);
  std::vector<int64_t> multiples;
  double total = 0;
  for (const double value : magnitudes) {
    const double multiple = value / unit;
    if (std::abs(multiple - std::round(multiple)) > 1e-6) return std::nullopt;
    multiples.push_back(std::llround(multiple));
    total += std::round(multiple);
  }
  if (total * static_cast<double>(magnitudes.size()) > kMostWork) return std::nullopt;
  return multiples;
}

// P(|Σ ± m| >= |observed|), by the distribution of the sum of those m whose sign is plus: 2 · it - Σ m is the sum.
double Convolved(const std::vector<int64_t>& multiples, int64_t observed) {
  int64_t total = 0;
  for (const int64_t multiple : multiples) total += multiple;
  std::vector<double> chance(static_cast<size_t>(total) + 1, 0.0);
  chance[0] = 1;
  int64_t reached = 0;
  for (const int64_t multiple : multiples) {
    reached += multiple;
    for (int64_t sum = reached; sum >= 0; --sum) {
      const double without = chance[static_cast<size_t>(sum)];
      const double with = sum >= multiple ? chance[static_cast<size_t>(sum - multiple)] : 0;
      chance[static_cast<size_t>(sum)] = (without + with) / 2;
    }
  }
  double p = 0;
  for (int64_t sum = 0; sum <= total; ++sum) {
    if (std::abs(2 * sum - total) >= std::abs(observed)) p += chance[static_cast<size_t>(sum)];
  }
  return std::min(1.0, p);
}

// How many of the signs of magnitudes[at..] make the sum as extreme as `threshold`.
uint64_t CountExtreme(const std::vector<double>& magnitudes, size_t at, double sum, double threshold) {
  if (at == magnitudes.size()) return std::abs(sum) >= threshold ? 1 : 0;
  return CountExtreme(magnitudes, at + 1, sum + magnitudes[at], threshold) +
         CountExtreme(magnitudes, at + 1, sum - magnitudes[at], threshold);
}

double Drawn(const std::vector<double>& magnitudes, double threshold, const PermutationOptions& options) {
  RandomStream random(options.seed, RandomPurpose::kResampling, 0);
  uint64_t extreme = 0;
  for (uint64_t draw = 0; draw < options.draws; ++draw) {
    double sum = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < magnitudes.size(); ++i) {
      if (i % 64 == 0) bits = random();
      sum += (bits >> (i % 64)) & 1 ? magnitudes[i] : -magnitudes[i];
    }
    if (std::abs(sum) >= threshold) ++extreme;
  }
  return static_cast<double>(1 + extreme) / static_cast<double>(1 + options.draws);
}

}  // namespace

PermutationResult PairedPermutationTest(absl::Span<const double> differences,
                                        const PermutationOptions& options) {
  const std::vector<double> magnitudes = Magnitudes(differences);
  if (magnitudes.empty()) return {};
  double observed = 0, total = 0;
  for (const double difference : differences) {
    observed += difference;
    total += std::abs(difference);
  }
  if (const auto multiples = Lattice(magnitudes); multiples.has_value()) {
    int64_t units = 0;
    for (const int64_t multiple : *multiples) units += multiple;
    return {Convolved(*multiples, std::llround(observed / total * static_cast<double>(units))),
            Method::kLattice};
  }
  const double threshold = std::abs(observed) - kRounding * total;
  if (magnitudes.size() <= kMostEnumerated) {
    const double all = std::ldexp(1.0, static_cast<int>(magnitudes.size()));
    return {static_cast<double>(CountExtreme(magnitudes, 0, 0, threshold)) / all, Method::kEnumeration};
  }
  return {Drawn(magnitudes, threshold, options), Method::kMonteCarlo};
}

}  // namespace drover::statistics
