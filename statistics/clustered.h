// Accuracy over questions that were each answered several times: responses to one question are no independent trials.
#pragma once

#include <cstdint>
#include <limits>

#include "absl/types/span.h"
#include "statistics/interval.h"

namespace drover::statistics {

// The responses of one question.
struct Cluster {
  uint64_t correct = 0;
  uint64_t responses = 0;
};

struct ClusteredShare {
  // correct / responses over all; not a number when there are none
  double share = std::numeric_limits<double>::quiet_NaN();
  double standard_error =
      0;                   // of the share, clustered by question, with the factor C / (C - 1) of C questions
  double effective_n = 0;  // how many independent trials would say as much
  Interval interval{0, 1};
};

// The share's standard error is that of the ratio of two sums over questions (Liang and Zeger's; what "Adding Error Bars to Evals",
// arXiv:2411.00640, recommends). The interval is Wilson's with the effective number of trials, share · (1 - share) / standard_error²,
// reduced by (z / t(C - 1))² for few questions (Korn and Graubard 1998), at most the number of responses: it stays in [0, 1] and has
// a width at 0 and 1, where the questions count as the trials. Clusters without responses are left out; with one question it is [0, 1].
ClusteredShare ShareByQuestion(absl::Span<const Cluster> questions, double confidence = 0.95);

}  // namespace drover::statistics
