// Studies: which runs they are made of, read and checked before anything runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "drover/v1/study.pb.h"

namespace drover::study {

struct Definition {
  std::string name;  // the file's, without .textproto
  v1::Study study;
};

// Of text format. INVALID_ARGUMENT with the line of what cannot be read, or with the first rule that the study breaks: names that are given
// twice or belong to no arm, group or response, a scale without seeds, alpha outside of (0, 1).
absl::StatusOr<v1::Study> ParseStudy(std::string_view text);

// A shipped study by name (recipes/studies/), or a file (a path has a '/' or ends in .textproto). NOT_FOUND lists the shipped names.
absl::StatusOr<Definition> FindStudy(const std::string& name_or_file);

// Every shipped study, by name.
absl::StatusOr<std::vector<Definition>> ListStudies();

// How much of a study is asked for.
struct Extent {
  bool quick = false;
  uint32_t seeds = 0;  // 0: the scale's
  std::string model;   // a Hugging Face directory; empty: the study's own small model

  const v1::StudyScale& Scale(const v1::Study& study) const { return quick ? study.quick() : study.full(); }
  uint32_t Seeds(const v1::Study& study) const { return seeds == 0 ? Scale(study).seeds() : seeds; }
};

// One training run.
struct PlannedRun {
  std::string name;  // its folder's: "dr-grpo-seed1", "base-seed1"
  int arm = -1;      // -1: the base run of its seed
  uint32_t seed = 1;
  bool needs_base = false;
  uint64_t rollouts = 0;
  std::vector<std::string> overrides;  // of the study's recipe; {base} as it stands
};

// All runs: base runs before the arms of their seed, seeds in order. Every recipe is loaded, so that what is wrong with an override is
// INVALID_ARGUMENT here and not in the tenth run.
absl::StatusOr<std::vector<PlannedRun>> PlanRuns(const v1::Study& study, const Extent& extent);

// The effective recipe of an arm with the first seed: what its loss and advantages are made of.
absl::StatusOr<v1::Recipe> ArmRecipe(const v1::Study& study, const Extent& extent, int arm);

// Every {base} of the overrides in place.
std::vector<std::string> WithBase(const std::vector<std::string>& overrides, const std::string& base);

}  // namespace drover::study
