// Guesses of next tokens in the scheduler's pass, and what became of them.
#include <algorithm>
#include <utility>

#include "actor/scheduler/scheduler.h"
#include "base/check.h"

namespace drover::actor {

using model::kPageTokens;
using model::PagesFor;

bool Scheduler::MayDraft(const Plan::Sample& sample) const {
  const Sequence& sequence = requests_.at(sample.request)->sequences[sample.response];
  return sequence.state == State::kRunning && !sequence.is_fresh() && plan_.parts[sample.part].tokens == 1;
}

Scheduler::Sequence* Scheduler::SequenceOf(const Plan::Sample& sample) {
  return &requests_.at(sample.request)->sequences[sample.response];
}

const Plan& Scheduler::AddDrafts(absl::Span<const Draft> drafts) {
  DROVER_CHECK(planned_);
  for (const Draft& draft : drafts) TakePages(draft);
  if (!drafts.empty()) InsertDrafts(drafts);
  return plan_;
}

// Takes the pages, and tells part and sample.
void Scheduler::TakePages(const Draft& draft) {
  Plan::Sample& sample = plan_.samples[draft.sample];
  DROVER_CHECK(MayDraft(sample) && sample.drafts == 0);
  Sequence* const sequence = SequenceOf(sample);
  std::vector<int32_t>& pages = sequence->pages;
  const int64_t wanted = PagesFor(sequence->computed + static_cast<int64_t>(draft.token_ids.size()));
  while (static_cast<int64_t>(pages.size()) < wanted && pool_.free() > 0) pages.push_back(pool_.Take());
  const int64_t room = static_cast<int64_t>(pages.size()) * kPageTokens - sequence->computed;
  sample.drafts = static_cast<int32_t>(std::min<int64_t>(room, static_cast<int64_t>(draft.token_ids.size())));
  model::Part& part = plan_.parts[sample.part];
  part.tokens = part.outputs = 1 + sample.drafts;
  part.pages = pages;
  counts_.drafted_tokens += static_cast<uint64_t>(sample.drafts);
}

// Puts the guesses behind the tokens of their parts.
void Scheduler::InsertDrafts(absl::Span<const Draft> drafts) {
  std::vector<const Draft*> of_part(plan_.parts.size());
  for (const Draft& draft : drafts) of_part[plan_.samples[draft.sample].part] = &draft;
  std::vector<int64_t> token_ids;
  size_t next = 0;
  for (size_t i = 0; i < plan_.parts.size(); ++i) {
    const Draft* const draft = of_part[i];
    const int64_t known = draft == nullptr ? plan_.parts[i].tokens : 1;
    for (int64_t t = 0; t < known; ++t) token_ids.push_back(plan_.token_ids[next++]);
    if (draft == nullptr) continue;
    Plan::Sample& sample = plan_.samples[draft->sample];
    sample.first_draft = static_cast<int64_t>(token_ids.size());
    token_ids.insert(token_ids.end(), draft->token_ids.begin(), draft->token_ids.begin() + sample.drafts);
  }
  plan_.token_ids = std::move(token_ids);
}

void Scheduler::TakeDrafts(Sequence* sequence, const Plan::Sample& sample, int32_t accepted) {
  DROVER_CHECK(accepted >= 0 && accepted <= sample.drafts);
  for (int32_t i = 0; i < accepted; ++i) {
    sequence->sampled.push_back(static_cast<uint32_t>(plan_.token_ids[sample.first_draft + i]));
  }
  const int64_t begin = std::exchange(sequence->computed, sequence->computed + accepted);
  sequence->furthest = std::max(sequence->furthest, sequence->computed);
  RecordPages(sequence, begin, sequence->computed);
  ReleaseSpares(sequence);
  counts_.accepted_tokens += static_cast<uint64_t>(accepted);
}

}  // namespace drover::actor
