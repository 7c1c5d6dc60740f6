// The charts of a study's report.
#pragma once

#include <string>
#include <vector>

#include "study/result.h"

namespace drover::study {

struct Chart {
  std::string file;  // "reward.svg"
  std::string what;  // for those who do not see it
  std::string svg;
};

// A bar an arm with its interval over seeds for each measure that a claim names, and the study's curves over rollouts, a line an arm, with
// the interval of the mean over seeds as its band.
std::vector<Chart> Charts(const StudyResult& result);

}  // namespace drover::study
