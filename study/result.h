// A study that has run: what is written of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drover/v1/study.pb.h"
#include "study/definition.h"
#include "study/judge.h"
#include "study/measures.h"

namespace drover::study {

struct FinishedRun {
  PlannedRun plan;
  RunRecord record;
};

struct StudyResult {
  Definition definition;
  Extent extent;
  std::string command;                            // that repeats it
  std::vector<FinishedRun> runs;                  // of the arms, without base runs
  std::map<std::string, WeightsByGroup> weights;  // by arm; empty without weight claims
  std::vector<Judgement> claims;                  // weight claims first
  Verdict verdict = Verdict::kInconclusive;
  double seconds = 0;  // wall clock of all runs, added up over interruptions
};

// Measures, claims and verdict of what has run. `result.runs` and `result.weights` are there; fills the rest.
void Conclude(StudyResult& result);

// By arm, one entry a seed.
Measured MeasuredByArm(const StudyResult& result, v1::StudyMeasure measure);

// The measures that claims name, each once, in the order of their numbers.
std::vector<v1::StudyMeasure> MeasuresOf(const v1::Study& study);

// study.json (docs/reference/cli.md): numbers that are not finite are null.
std::string ToJson(const StudyResult& result);

// report.md; the charts that it shows are files beside it, by `charts` (file name, what it shows).
std::string ToMarkdown(const StudyResult& result,
                       const std::vector<std::pair<std::string, std::string>>& charts);

}  // namespace drover::study
