// The pages that the scheduler's responses hold: shared, taken, copied, and taken away from the youngest.
#include <algorithm>

#include "actor/scheduler/scheduler.h"
#include "base/check.h"

namespace drover::actor {

using model::kPageTokens;
using model::PagesFor;

PagePool::Tokens Scheduler::PageTokens(const Sequence& sequence, int64_t index) {
  PagePool::Tokens tokens;
  for (int64_t i = 0; i < kPageTokens; ++i) tokens[i] = sequence.token(index * kPageTokens + i);
  return tokens;
}

// Holds the whole pages that hold its beginning already. The last token is computed in any case: the next one is drawn
// from its hidden state, which no page keeps.
void Scheduler::SharePages(Sequence* sequence) {
  const int64_t most = (sequence->length() - 1) / kPageTokens;
  for (int64_t index = 0; index < most; ++index) {
    const PagePool::Found found = pool_.Find(sequence->chain, PageTokens(*sequence, index));
    if (found.page == PagePool::kNone) break;
    pool_.Hold(found.page);
    sequence->pages.push_back(found.page);
    sequence->chain = found.name;
  }
  sequence->computed = static_cast<int64_t>(sequence->pages.size()) * kPageTokens;
}

// Pages of its own for the next `tokens` tokens. False: there are none, and it was preempted.
bool Scheduler::MakeRoom(Sequence* sequence, int64_t tokens) {
  if (sequence->computed % kPageTokens != 0 && !MakeWritable(sequence, sequence->computed / kPageTokens)) {
    return false;
  }
  const int64_t wanted = PagesFor(sequence->computed + tokens);
  while (static_cast<int64_t>(sequence->pages.size()) < wanted) {
    const int32_t page = pool_.Take();
    if (page != PagePool::kNone) {
      sequence->pages.push_back(page);
    } else if (!PreemptYoungest(sequence)) {
      return false;
    }
  }
  return true;
}

// A page that others hold is copied. Only the last page of a prompt is shared before it is full, and what is written to
// it next is one token: no further page is wanted that could be missing after the copy was planned.
bool Scheduler::MakeWritable(Sequence* sequence, int64_t index) {
  int32_t& page = sequence->pages[index];
  while (pool_.holders(page) > 1) {
    const int32_t copy = pool_.Take();
    if (copy != PagePool::kNone) {
      plan_.copies.push_back({.from = page, .to = copy});
      ++counts_.copied_pages;
      pool_.Release(page);
      page = copy;
    } else if (!PreemptYoungest(sequence)) {
      return false;
    }
  }
  return true;
}

// Frees the pages of the youngest that has any; false if that is the one that asks.
bool Scheduler::PreemptYoungest(const Sequence* asking) {
  Sequence* youngest = running_.back();
  Sequence* const waiting = YoungestWaitingWithPages();
  if (waiting != nullptr && Older()(youngest, waiting)) youngest = waiting;
  DROVER_CHECK(youngest != asking || running_.size() + holding_ > 1);  // Add: each fits by itself
  Preempt(youngest);
  return youngest != asking;
}

Scheduler::Sequence* Scheduler::YoungestWaitingWithPages() const {
  if (holding_ == 0) return nullptr;
  return *std::find_if(waiting_.rbegin(), waiting_.rend(),
                       [](const Sequence* sequence) { return !sequence->pages.empty(); });
}

// From the end, so that the beginning, which most can share, is forgotten last.
void Scheduler::ReleasePages(Sequence* sequence) {
  for (size_t i = sequence->pages.size(); i-- > 0;) pool_.Release(sequence->pages[i]);
  sequence->pages.clear();
  sequence->computed = 0;
  sequence->chain = PagePool::kBeginning;
  sequence->shares = true;
}

// What guesses that were wrong had been written to.
void Scheduler::ReleaseSpares(Sequence* sequence) {
  const auto used = static_cast<size_t>(PagesFor(sequence->computed));
  for (; sequence->pages.size() > used; sequence->pages.pop_back()) pool_.Release(sequence->pages.back());
}

}  // namespace drover::actor
