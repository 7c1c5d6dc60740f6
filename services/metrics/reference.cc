#include "services/metrics/reference.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/metrics/actor_metrics.h"
#include "services/metrics/learner_metrics.h"
#include "services/metrics/process_metrics.h"
#include "services/metrics/serve_metrics.h"
#include "services/metrics/verifier_metrics.h"

namespace drover::metrics {
namespace {

std::string TypeName(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "untyped";
  }
}

// "`outcome`: correct, incorrect" for every label of the family.
std::string Labels(const prometheus::MetricFamily& family) {
  std::map<std::string, std::set<std::string>> values;
  for (const prometheus::ClientMetric& metric : family.metric) {
    for (const auto& label : metric.label) values[label.name].insert(label.value);
  }
  std::vector<std::string> texts;
  for (const auto& [name, all] : values)
    texts.push_back(absl::StrCat("`", name, "`: ", absl::StrJoin(all, ", ")));
  return absl::StrJoin(texts, "; ");
}

std::string Section(const std::string& title, const prometheus::Collectable& registry) {
  std::vector<prometheus::MetricFamily> families = registry.Collect();
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string text =
      absl::StrCat("\n## ", title, "\n\n| name | type | labels | meaning |\n| --- | --- | --- | --- |\n");
  for (const prometheus::MetricFamily& family : families) {
    absl::StrAppend(&text, "| `", family.name, "` | ", TypeName(family.type), " | ", Labels(family), " | ",
                    family.help, " |\n");
  }
  return text;
}

}  // namespace

std::string MetricsReference() {
  std::string text =
      "# Metrics\n\n"
      "<!-- Made by services/metrics/reference.cc; DROVER_UPDATE=1 metrics_test writes it. -->\n\n"
      "Every process serves Prometheus text at `/metrics` of its metrics port, beside `/livez` and `/readyz` "
      "(200, or\n"
      "503 and the reason). Everything below is there at 0 from the start. Base units; counters end in "
      "`_total`;\n"
      "moments are seconds since the epoch, so that an age is `time() - x` at the reader.\n";
  text +=
      Section("every process", ProcessMetrics("drover-learner, drover-actor, drover-verifier, drover-model"));
  text += Section("drover-learner", *LearnerMetrics().registry());
  text += Section("drover-actor", *ActorMetrics().registry);
  VerifierMetrics verifier({});
  text += Section("drover-verifier", *verifier.registry);
  text += Section("drover serve", *ServeMetrics().registry);
  text +=
      "\nThe `reason` of `drover_verifier_grades_total` is a reason code of the verifier: `equal_exact`, "
      "`equal_numeric`,\n"
      "`equal_text`, `different`, `unparsed_response`, `unparsed_gold`, `no_answer`, `truncated`, "
      "`over_budget`,\n"
      "`unevaluated`, `undecided`, `invalid_request`; or `other`.\n";
  // The page is one, whatever the release.
  return absl::StrReplaceAll(text, {{"`version`: " + Version(), "`version`: of Drover"}});
}

}  // namespace drover::metrics
