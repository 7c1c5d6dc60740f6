// How far two judges of the same things agree. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace drover::analysis {

struct Agreement {
  std::vector<std::string> labels;            // rows and columns, in the order in which they were given
  std::vector<std::vector<uint64_t>> counts;  // [first judge's label][second judge's label]
  uint64_t total = 0;
  double agreed =
      std::numeric_limits<double>::quiet_NaN();  // share with the same label; not a number of none
  // Cohen's kappa: (agreed - chance) / (1 - chance), with the agreement that both judges' own shares would give by chance; not a number
  // of none, and where chance alone agrees always (each judge has one and the same label for all).
  double kappa = std::numeric_limits<double>::quiet_NaN();
};

// `pairs` are the two judges' labels, as indices of `labels`.
Agreement MeasureAgreement(const std::vector<std::pair<size_t, size_t>>& pairs,
                           std::vector<std::string> labels);

}  // namespace drover::analysis
