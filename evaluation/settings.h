// What an evaluation is made of: whoever goes on with it must mean the same, and whoever compares two of them can say in what
// they differ.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "data/templates.h"
#include "evaluation/grading.h"
#include "evaluation/responder.h"
#include "evaluation/suite.h"

namespace drover::evaluation {

inline constexpr char kSettingsFile[] = "settings.json";

struct Settings {
  std::string model;    // Responder::Describe
  std::string weights;  // a digest of the model's files; empty where they are not here
  std::string dtype;    // empty where it is the endpoint's to decide
  data::PromptTemplate prompt_template;
  std::string few_shot;  // a digest of the examples; empty: none
  uint32_t n = 1;        // responses a question
  Sampling sampling;     // with the template's stop texts
  Grading grading;

  absl::Status Validate() const;
};

// The settings and the digests of the benchmarks, as settings.json has them.
nlohmann::ordered_json ToJson(const Settings& settings, absl::Span<const Benchmark> suite);

// The fields in which two such objects differ, names of nested ones joined by dots: "sampling.temperature".
std::vector<std::string> Differences(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b);

}  // namespace drover::evaluation
