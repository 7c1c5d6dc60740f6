// Whether one evaluation did better than another, on the same questions. Pure.
//
// Questions are paired by what is asked. With one response a question on both sides the test is McNemar's exact one and the
// interval of the difference is Wald's with half a question added to each cell (Agresti and Min 2005); otherwise the test is the
// paired permutation test of the questions' accuracies and the interval the bootstrap's (BCa) over questions. Overall each
// benchmark counts once: its questions' differences are weighted by its size, and permuted; the interval is that of the mean of
// independent estimates.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "evaluation/results.h"
#include "statistics/interval.h"

namespace drover::evaluation {

struct Difference {
  std::string name;  // the benchmark; "mean" for all of them
  uint64_t questions = 0;
  double a = 0, b = 0;              // accuracies
  double difference = 0;            // b - a
  statistics::Interval interval;    // 95 %, of the difference
  double p = 1;                     // two-sided
  std::string test;                 // "mcnemar_exact", "permutation_exact" or "permutation"
  uint64_t only_a = 0, only_b = 0;  // questions on which one did better
};

struct Comparison {
  std::vector<Difference> benchmarks;  // in a's order
  Difference overall;
  uint64_t left_out = 0;  // questions that one of them alone answered
};

struct CompareOptions {
  bool common = false;  // questions that one of them alone answered are left out, and not an error
  uint64_t seed = 0;    // of permutations that are drawn and of the bootstrap
};

// INVALID_ARGUMENT naming questions that only one has, or when no question is common.
absl::StatusOr<Comparison> Compare(absl::Span<const QuestionOutcome> a, absl::Span<const QuestionOutcome> b,
                                   const CompareOptions& options = {});

nlohmann::ordered_json ToJson(const Comparison& comparison);

}  // namespace drover::evaluation
