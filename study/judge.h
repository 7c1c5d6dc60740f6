// Verdicts. Pure arithmetic over the numbers of a study; every rule is here, and what they are applied to is fixed in the study's file.
//
//   expect    reproduced                              not_reproduced                          else
//   AT_LEAST  interval above 0 and effect >= counts   interval below counts                   inconclusive
//   LESS      interval below counts                   interval above 0 and effect >= counts   inconclusive
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "drover/v1/study.pb.h"
#include "statistics/interval.h"

namespace drover::study {

enum class Verdict { kReproduced, kNotReproduced, kInconclusive };

// "reproduced", "not_reproduced", "inconclusive".
std::string VerdictName(Verdict verdict);

Verdict Judge(v1::StudyExpectation expect, double effect, const statistics::Interval& interval,
              double counts);

struct Judgement {
  std::string name, statement;
  v1::StudyExpectation expect = v1::STUDY_EXPECTATION_UNSPECIFIED;
  Verdict verdict = Verdict::kInconclusive;
  bool secondary = false;
  std::string what;  // what the effect is of, with its unit
  double effect = 0;
  double counts = 0;
  statistics::Interval interval;
  // Of claims about runs alone.
  std::optional<double> p;      // of the paired t-test
  std::optional<double> power;  // to find an effect of `counts` with this spread and so many seeds
  std::optional<double> smallest_detectable;  // with a power of 0.8; nothing where no effect is
  uint64_t seeds = 0;                         // that said something
};

// `measured[arm name][i]` is the measure of the arm's run with the ith seed; a seed for which a term's is missing is left out.
using Measured = std::map<std::string, std::vector<std::optional<double>>>;
Judgement JudgeRuns(const v1::RunClaim& claim, const Measured& measured, double alpha);

// What the learner's loss gives to the responses of each group, with one arm's settings.
struct GroupWeights {
  std::vector<double> advantages;
  std::vector<double> token_weights;
};
using WeightsByGroup = std::map<std::string, GroupWeights>;
Judgement JudgeWeights(const v1::WeightClaim& claim, const v1::Study& study, const WeightsByGroup& weights);

// Reproduced if each claim that is not secondary is, not reproduced if one of them is not, else inconclusive. Since all must hold, no
// correction for their number is needed.
Verdict StudyVerdict(absl::Span<const Judgement> claims);

}  // namespace drover::study
