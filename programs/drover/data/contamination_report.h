// `drover data contamination`: which questions of evaluation files are in training files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/contamination.h"
#include "data/question.h"

namespace drover::cli {

struct NamedQuestions {
  std::string path;
  std::vector<data::Question> questions;
};

struct FoundQuestion {
  uint64_t question = 0;  // of the evaluation file, from 0
  std::string text;
  data::OverlapResult overlap;
};

// One evaluation file against one training file.
struct ContaminationPair {
  std::string train, eval;
  uint64_t questions = 0;  // of the evaluation file
  uint64_t same = 0, runs = 0;
  std::vector<FoundQuestion> found;  // both
};

// Pure.
std::vector<ContaminationPair> Compare(const std::vector<NamedQuestions>& train,
                                       const std::vector<NamedQuestions>& eval,
                                       const data::OverlapOptions& options);

std::string ToText(const std::vector<ContaminationPair>& pairs, const data::OverlapOptions& options);
std::string ToJson(const std::vector<ContaminationPair>& pairs, const data::OverlapOptions& options);

}  // namespace drover::cli
