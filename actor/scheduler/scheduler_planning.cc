// The scheduler's next pass: who has a part in it, and of how many tokens.
#include <algorithm>

#include "actor/scheduler/scheduler.h"
#include "base/check.h"

namespace drover::actor {

using model::kPageTokens;
using model::PagesFor;

const Plan& Scheduler::Next() {
  DROVER_CHECK(!planned_);
  plan_.Clear();
  budget_ = options_.prefill_tokens;
  // Who is preempted on the way is the last in running_: never one that has its part already.
  for (size_t i = 0; i < running_.size(); ++i) Continue(running_[i]);
  while (AdmitOldest()) {
  }
  planned_ = !plan_.empty();
  DROVER_CHECK(planned_ || requests_.empty());
  return plan_;
}

void Scheduler::Continue(Sequence* sequence) {
  const int64_t due = sequence->due();
  const int64_t tokens = due == 1 ? 1 : std::min(due, budget_);
  if (tokens == 0 || !MakeRoom(sequence, tokens)) return;
  if (due > 1) budget_ -= tokens;
  PlanPart(sequence, tokens);
}

// Lets the oldest that waits run if there is room for it; false if not. None is passed over, so that each has its turn.
bool Scheduler::AdmitOldest() {
  if (waiting_.empty()) return false;
  Sequence* const oldest = *waiting_.begin();
  if (!HasRow(*oldest)) return false;
  const bool shares_now = oldest->pages.empty();
  if (shares_now) SharePages(oldest);
  if (!HasPages(*oldest) || (oldest->due() > 1 && budget_ == 0)) {
    if (shares_now) ReleasePages(oldest);
    return false;
  }
  if (shares_now && !oldest->pages.empty()) ++holding_;
  Run(oldest);
  Continue(oldest);
  return true;
}

// Prompts do not take the rows of responses that are about to begin.
bool Scheduler::HasRow(const Sequence& sequence) const {
  const int64_t taken = static_cast<int64_t>(running_.size()) + (sequence.is_fresh() ? unborn_ : 0);
  return taken < options_.max_batch;
}

// For all that it is so far, and so that those that run have a page for every fourth of them: they take a new one every
// 16 tokens, and whoever is let in should not be preempted at once. Where nothing runs the oldest begins in any case,
// and takes what it needs from the younger ones that wait.
bool Scheduler::HasPages(const Sequence& sequence) const {
  if (running_.empty()) return true;
  const auto held = static_cast<int64_t>(sequence.pages.size());
  const int64_t copies = sequence.computed % kPageTokens == 0 ? 0 : 1;
  const int64_t wanted = PagesFor(sequence.length()) - held + copies;
  return pool_.free() >= wanted + static_cast<int64_t>(running_.size()) / 4;
}

void Scheduler::PlanPart(Sequence* sequence, int64_t tokens) {
  const int64_t begin = sequence->computed;
  const int64_t end = begin + tokens;
  plan_.parts.push_back({.position = begin, .tokens = tokens, .pages = sequence->pages});
  for (int64_t position = begin; position < end; ++position) {
    plan_.token_ids.push_back(sequence->token(position));
  }
  CountTokens(sequence, begin, end);
  RecordPages(sequence, begin, end);
  sequence->computed = end;
  if (sequence->due() == 0) AddSamples(*sequence);
}

void Scheduler::CountTokens(Sequence* sequence, int64_t begin, int64_t end) {
  const auto prompt = static_cast<int64_t>(sequence->request->prompt.size());
  counts_.recomputed_tokens += std::clamp<int64_t>(sequence->furthest - begin, 0, end - begin);
  counts_.prefilled_tokens +=
      std::max<int64_t>(0, std::min(end, prompt) - std::max(begin, sequence->furthest));
  sequence->furthest = std::max(sequence->furthest, end);
}

// Before the pass has computed them: its other parts read a layer's keys and values after all parts have written theirs.
void Scheduler::RecordPages(Sequence* sequence, int64_t begin, int64_t end) {
  if (!sequence->shares) return;
  for (int64_t index = begin / kPageTokens; index < end / kPageTokens; ++index) {
    sequence->chain = pool_.Record(sequence->chain, PageTokens(*sequence, index), sequence->pages[index]);
  }
}

void Scheduler::AddSamples(const Sequence& sequence) {
  const Request& request = *sequence.request;
  const auto part = static_cast<int32_t>(plan_.parts.size()) - 1;
  plan_.samples.push_back({.request = request.id, .response = sequence.response, .part = part});
  if (!sequence.is_fresh()) return;
  for (uint32_t r = 1; r < request.sequences.size(); ++r) {
    plan_.samples.push_back({.request = request.id, .response = r, .part = part});
  }
}

}  // namespace drover::actor
