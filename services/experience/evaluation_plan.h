// What an evaluation asks for, apart from how the run trains: which questions, and how they are answered and graded. It
// travels with each of its leases, so that an actor serves the lease by what the lease says and not by the recipe.
//
//   EvaluationPlan ──▶ Evaluation ──▶ v1::Lease { suite, prompt_template, sampling, grader, reward_format, grading, min_version }
//                                       ──▶ actor: samples by it ──▶ verifier: grades by it ──▶ Evaluation: takes what is of `version`
#pragma once

#include <cstdint>
#include <string>

#include "drover/v1/experience.pb.h"
#include "drover/v1/verifier.pb.h"

namespace drover::experience {

struct EvaluationPlan {
  // The questions' name, for people and records: "heldout".
  std::string suite;
  // The weights that every token must be of. An evaluation is of one version.
  uint64_t version = 0;
  // Name of the template that made the prompts' texts (data::PromptTemplate::name).
  std::string prompt_template;
  v1::SamplingParams sampling;
  // A grader of the verifier's registry, how it finds the answer in a response, and its conventions.
  std::string grader;
  std::string reward_format;
  v1::GradingOptions grading;
};

}  // namespace drover::experience
