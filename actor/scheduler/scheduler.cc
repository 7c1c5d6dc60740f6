#include "actor/scheduler/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace drover::actor {

using model::kPageTokens;
using model::PagesFor;

void Plan::Clear() {
  copies.clear();
  parts.clear();
  token_ids.clear();
  samples.clear();
}

int64_t Scheduler::Sequence::length() const {
  return static_cast<int64_t>(request->prompt.size() + sampled.size());
}

uint32_t Scheduler::Sequence::token(int64_t position) const {
  const auto prompt = static_cast<int64_t>(request->prompt.size());
  return position < prompt ? request->prompt[position] : sampled[position - prompt];
}

int64_t Scheduler::Sequence::unborn() const {
  return is_fresh() ? static_cast<int64_t>(request->sequences.size()) - 1 : 0;
}

Scheduler::Scheduler(const SchedulerOptions& options) : options_(options), pool_(options.pages) {
  DROVER_CHECK(options.max_batch > 0 && options.prefill_tokens > 0);
}

void Scheduler::Add(uint64_t id, std::vector<uint32_t> prompt, uint32_t responses) {
  DROVER_CHECK(!planned_ && !prompt.empty() && responses > 0);
  DROVER_CHECK(static_cast<int64_t>(prompt.size()) < max_tokens());
  auto request = std::make_unique<Request>();
  request->id = id;
  request->number = next_number_++;
  request->prompt = std::move(prompt);
  request->sequences.resize(responses);
  request->never_run = request->live = responses;
  for (uint32_t r = 0; r < responses; ++r) {
    request->sequences[r].request = request.get();
    request->sequences[r].response = r;
  }
  Sequence& first = request->sequences.front();
  first.state = State::kWaiting;
  waiting_.insert(&first);
  ++unstarted_;
  DROVER_CHECK(requests_.emplace(id, std::move(request)).second);
}

bool Scheduler::Cancel(uint64_t id) {
  DROVER_CHECK(!planned_);
  const auto found = requests_.find(id);
  if (found == requests_.end()) return false;
  for (Sequence& sequence : found->second->sequences) Leave(&sequence);
  SweepRunning();
  Drop(found->second.get());
  return true;
}

std::vector<uint64_t> Scheduler::CancelBegun() {
  planned_ = false;
  std::vector<uint64_t> begun;
  for (const auto& [id, request] : requests_) {
    if (request->sequences.front().has_run) begun.push_back(id);
  }
  for (const uint64_t id : begun) Cancel(id);
  pool_.ForgetContents();  // nobody knows what was written
  return begun;
}

void Scheduler::NewWeights() {
  DROVER_CHECK(!planned_);
  pool_.ForgetContents();
  for (const auto& [id, request] : requests_) {
    for (Sequence& sequence : request->sequences) sequence.shares = sequence.computed == 0;
  }
}

// --- Planning -------------------------------------------------------------------------------------------------------

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

// --- Pages ----------------------------------------------------------------------------------------------------------

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

// --- Lives ----------------------------------------------------------------------------------------------------------

void Scheduler::Run(Sequence* sequence) {
  waiting_.erase(sequence);
  if (!sequence->pages.empty()) --holding_;
  sequence->state = State::kRunning;
  unborn_ += sequence->unborn();
  running_.insert(std::upper_bound(running_.begin(), running_.end(), sequence, Older()), sequence);
  if (sequence->computed > sequence->furthest) {
    counts_.shared_tokens += sequence->computed - sequence->furthest;
    sequence->furthest = sequence->computed;
  }
  HasRun(sequence);
}

void Scheduler::Preempt(Sequence* sequence) {
  if (sequence->state == State::kWaiting) {
    --holding_;
  } else {
    DROVER_CHECK(sequence == running_.back());
    running_.pop_back();
    unborn_ -= sequence->unborn();
    sequence->state = State::kWaiting;
    waiting_.insert(sequence);
    ++counts_.preemptions;
  }
  ReleasePages(sequence);
}

// `sequence` goes on from the prompt that `first` has computed.
void Scheduler::Begin(Sequence* sequence, const Sequence& first, uint32_t token) {
  sequence->state = State::kWaiting;
  sequence->shares = first.shares;
  sequence->computed = first.computed;
  sequence->furthest = first.computed;
  sequence->chain = first.chain;
  sequence->pages = first.pages;
  for (const int32_t page : sequence->pages) pool_.Hold(page);
  sequence->sampled.push_back(token);
  waiting_.insert(sequence);
  ++holding_;
}

void Scheduler::Took(absl::Span<const SampledToken> tokens) {
  DROVER_CHECK(planned_ && tokens.size() == plan_.samples.size());
  planned_ = false;
  ended_.clear();
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Plan::Sample& sample = plan_.samples[i];
    std::vector<Sequence>& sequences = requests_.at(sample.request)->sequences;
    Sequence* const sequence = &sequences[sample.response];
    if (sequence->state == State::kUnborn) {
      Begin(sequence, sequences.front(), tokens[i].token);
    } else {
      unborn_ -= sequence->unborn();
      if (sample.drafts > 0) TakeDrafts(sequence, sample, tokens[i].accepted);
      sequence->sampled.push_back(tokens[i].token);
    }
    if (tokens[i].ends) ended_.push_back(sequence);
  }
  // After all have begun: the others of a request hold the pages of the first by now.
  for (Sequence* sequence : ended_) Leave(sequence);
  SweepRunning();
  for (Sequence* sequence : ended_) {
    if (--sequence->request->live == 0) Drop(sequence->request);
  }
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

// Out of the lists; running_ is swept after.
void Scheduler::Leave(Sequence* sequence) {
  if (sequence->state == State::kWaiting) {
    waiting_.erase(sequence);
    if (!sequence->pages.empty()) --holding_;
  } else if (sequence->state == State::kRunning) {
    unborn_ -= sequence->unborn();
  }
  ReleasePages(sequence);
  HasRun(sequence);
  sequence->state = State::kEnded;
}

void Scheduler::HasRun(Sequence* sequence) {
  if (std::exchange(sequence->has_run, true)) return;
  if (--sequence->request->never_run == 0) --unstarted_;
}

void Scheduler::SweepRunning() {
  running_.erase(std::remove_if(running_.begin(), running_.end(),
                                [](const Sequence* sequence) { return sequence->state != State::kRunning; }),
                 running_.end());
}

void Scheduler::Drop(Request* request) { requests_.erase(request->id); }

}  // namespace drover::actor
