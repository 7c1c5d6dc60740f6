#include "evaluation/settings.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::evaluation {
namespace {

using nlohmann::ordered_json;

ordered_json OrNull(const std::string& text) { return text.empty() ? ordered_json() : ordered_json(text); }

void AddDifferences(const std::string& name, const ordered_json& a, const ordered_json& b,
                    std::vector<std::string>& fields) {
  if (a == b) return;
  if (!a.is_object() || !b.is_object()) return fields.push_back(name);
  const auto inner = [&](const std::string& key) {
    return name.empty() ? key : absl::StrCat(name, ".", key);
  };
  for (const auto& [key, value] : a.items()) {
    if (b.contains(key)) {
      AddDifferences(inner(key), value, b[key], fields);
    } else {
      fields.push_back(inner(key));
    }
  }
  for (const auto& [key, value] : b.items()) {
    if (!a.contains(key)) fields.push_back(inner(key));
  }
}

}  // namespace

absl::Status Settings::Validate() const {
  RETURN_IF_ERROR(sampling.Validate());
  if (n == 0) return absl::InvalidArgumentError("n is 0, must be at least 1");
  return grading.Validate();
}

ordered_json ToJson(const Settings& settings, absl::Span<const Benchmark> suite) {
  ordered_json json = {
      {"model", settings.model}, {"weights", OrNull(settings.weights)}, {"dtype", OrNull(settings.dtype)}};
  json["template"] = {{"name", settings.prompt_template.name}, {"text", settings.prompt_template.text}};
  json["few_shot"] = OrNull(settings.few_shot);
  json["n"] = settings.n;
  const Sampling& sampling = settings.sampling;
  json["sampling"] = {{"temperature", sampling.temperature},
                      {"top_p", sampling.top_p},
                      {"top_k", sampling.top_k},
                      {"max_response_tokens", sampling.max_response_tokens},
                      {"stop", sampling.stop},
                      {"keep_stop", sampling.keep_stop},
                      {"seed", sampling.seed}};
  // Left out where it is off, as it is in folders of releases that did not have it.
  if (sampling.min_p > 0) json["sampling"]["min_p"] = sampling.min_p;
  const Grading& grading = settings.grading;
  json["grading"] = {{"format", std::string(verifier::RewardFormatName(grading.format))},
                     {"grader", grading.grader},
                     {"truncated_is_wrong", grading.truncated_is_wrong},
                     {"refuse_unevaluated", grading.options.refuse_unevaluated},
                     {"exact_golds", !grading.options.rounded_golds},
                     {"boxed_lists", grading.options.boxed_lists}};
  ordered_json& benchmarks = json["benchmarks"] = ordered_json::object();
  for (const Benchmark& benchmark : suite) {
    benchmarks[benchmark.name] = {{"questions", benchmark.questions.size()}, {"digest", benchmark.digest}};
  }
  return json;
}

std::vector<std::string> Differences(const ordered_json& a, const ordered_json& b) {
  std::vector<std::string> fields;
  AddDifferences("", a, b, fields);
  return fields;
}

}  // namespace drover::evaluation
