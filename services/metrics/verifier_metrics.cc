#include "services/metrics/verifier_metrics.h"

namespace drover::metrics {
namespace {

prometheus::Counter& Grades(prometheus::Registry& registry, const std::string& reason) {
  return AddCounter(registry, "drover_verifier_grades_total", "Responses graded, by reason code.",
                    {{"reason", reason}});
}

prometheus::Counter& Calls(prometheus::Registry& registry, const char* method) {
  return AddCounter(registry, "drover_verifier_calls_total", "Calls begun, by method.", {{"method", method}});
}

}  // namespace

VerifierMetrics::VerifierMetrics(const std::vector<std::string>& reasons)
    : registry(std::make_shared<prometheus::Registry>()),
      unary_calls(Calls(*registry, "Grade")),
      stream_calls(Calls(*registry, "GradeStream")),
      rejected(AddCounter(*registry, "drover_verifier_rejected_grades_total",
                          "Grades refused because the queue was full (RESOURCE_EXHAUSTED).")),
      undecided(AddCounter(*registry, "drover_verifier_undecided_grades_total",
                           "Grades with reward 0 because neither equality nor inequality was proved.")),
      abandoned(AddCounter(*registry, "drover_verifier_abandoned_grades_total",
                           "Grades not begun because their caller had gone or was out of time.")),
      queued(AddGauge(*registry, "drover_verifier_queue_grades", "Grades that wait for a thread.")),
      queue_limit(
          AddGauge(*registry, "drover_verifier_queue_limit_grades", "Grades that may wait at a time.")),
      threads(AddGauge(*registry, "drover_verifier_threads", "Grading threads.")),
      grade_seconds(AddHistogram(*registry, "drover_verifier_grade_seconds", "Time to grade one response.",
                                 TinySeconds())),
      queue_seconds(AddHistogram(*registry, "drover_verifier_queue_seconds",
                                 "Time of a batch from its arrival to a thread.", TinySeconds())),
      errors(*registry, "drover_verifier_call_errors_total", "Calls that ended in an error, by kind.") {
  for (const std::string& reason : reasons) reasons_[reason] = &Grades(*registry, reason);
  other_ = &Grades(*registry, "other");
}

void VerifierMetrics::Graded(std::string_view reason) {
  const auto found = reasons_.find(reason);
  if (reason == "undecided") undecided.Increment();
  (found == reasons_.end() ? other_ : found->second)->Increment();
}

}  // namespace drover::metrics
