#include "programs/learner/run_figures.h"

namespace drover::learner_process {

void AddStats(const learner::UpdateStats& stats, run::StepReport* report) {
  report->skipped_steps = static_cast<uint64_t>(stats.skipped_steps);
  report->loss = stats.loss;
  report->grad_norm = stats.grad_norm;
  report->clip_fraction = stats.clip_fraction;
  report->masked_fraction = stats.masked_fraction;
  report->importance_mean = stats.importance_mean;
  report->value_loss = stats.value_loss;
  report->explained_variance = stats.explained_variance;
  report->entropy = stats.entropy;
  report->kl = stats.kl_reference;
  report->old_kl = stats.kl_old;
  report->ratio_mean = stats.ratio_mean;
  report->ratio_max = stats.ratio_max;
  report->advantage_std = stats.advantage_std;
  report->logprob_gap_mean = stats.logprob_gap_mean;
  report->logprob_gap_max = stats.logprob_gap_max;
  report->learning_rate = stats.learning_rate;
}

run::Summary SummaryOf(const History& history, uint64_t steps) {
  run::Summary summary;
  summary.steps = steps;
  summary.weight_version = steps;
  if (!history.evaluations.empty()) {
    const Evaluation &first = history.evaluations.front(), &last = history.evaluations.back();
    if (first.step == 0) {
      summary.accuracy_before = first.accuracy();
      summary.accuracy_before_interval = first.interval();
    }
    if (last.step == steps) {
      summary.accuracy_after = last.accuracy();
      summary.accuracy_after_interval = last.interval();
    }
    summary.heldout_questions = last.questions;
  }
  summary.reward_first = run::MeanOfFirst(history.rewards);
  summary.reward_last = run::MeanOfLast(history.rewards);
  summary.tokens_generated = history.tokens_generated;
  return summary;
}

}  // namespace drover::learner_process
