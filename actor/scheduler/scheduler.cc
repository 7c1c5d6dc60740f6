#include "actor/scheduler/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace drover::actor {

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
