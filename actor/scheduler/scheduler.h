// Decides what one pass of the model works on: which responses, in which pages, from which position on. Pure: token ids
// and page numbers go in and plans come out; no tensors, no clock, no threads.
//
//             Add                room for it                   Took
//   request ------> waiting ----------------> running ------------------> ended
//                      ^   (oldest first)        |
//                      '------- preempted -------'  out of pages: the youngest gives its pages back, and is computed
//                                                   again from its tokens when there is room
//
// The responses of a request share their prompt: its first response runs it through the model, in chunks where it is
// long; the first token of every response is drawn from its last position, and each response then goes on from the same
// pages. Who is about to write to a page that others hold gets a copy of it (copy on write). Prompts that begin with
// the same whole pages share those, also with what earlier requests left behind (page_pool.h), as long as the weights
// are the same.
//
// What a response is does not depend on any of this: a token is drawn from the keys and values of the tokens before it,
// wherever they lie and whenever they were computed.
//
// Drafts: a response that decodes may work on guesses of its next tokens in the same pass (AddDrafts, after Next). They take
// pages that are free when everybody else has got his, and give them back in Took where they were wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "actor/scheduler/page_pool.h"
#include "model/pages.h"

namespace drover::actor {

struct SchedulerOptions {
  int32_t pages = 1;        // that there are
  int64_t max_batch = 256;  // responses that run at a time
  int64_t prefill_tokens =
      4096;  // tokens of prompts, and of preempted responses, that go through the model at a time
};

// One pass. Valid until the scheduler is called again.
struct Plan {
  struct Sample {
    uint64_t request = 0;
    uint32_t response = 0;
    int32_t part = 0;  // from the hidden state of whose last token the response's next token is drawn
    int32_t drafts =
        0;  // of the part's tokens the last so many are guesses; from each one a token is drawn, too
    int64_t first_draft = 0;  // where in token_ids they begin
  };
  std::vector<model::PageCopy> copies;  // whole pages, before the pass; no page is written to twice
  std::vector<model::Part> parts;       // of different sequences, the oldest first
  std::vector<int64_t> token_ids;       // of all parts, one after the other
  std::vector<Sample> samples;          // by part, then by response

  void Clear();
  bool empty() const { return parts.empty(); }
};

// What became of a plan's sample.
struct SampledToken {
  uint32_t token = 0;
  bool ends = false;  // the response; its token is then no matter
  // The sample's first so many drafts are tokens of the response; `token` comes after them.
  int32_t accepted = 0;
};

// Guesses of the next tokens of a plan's sample.
struct Draft {
  size_t sample = 0;  // in the plan's samples
  std::vector<uint32_t> token_ids;
};

// Counted since the beginning, in tokens that went through the model.
struct SchedulerCounts {
  uint64_t prefilled_tokens = 0;   // of prompts, for the first time
  uint64_t recomputed_tokens = 0;  // of preempted responses, again
  uint64_t shared_tokens = 0;      // of prompts, that did not go through it: other prompts' pages held them
  uint64_t preemptions = 0;        // of responses that ran
  uint64_t copied_pages = 0;
  uint64_t drafted_tokens = 0;   // guesses that went through the model
  uint64_t accepted_tokens = 0;  // that were right
};

// Not thread-safe. Next and Took take turns, with AddDrafts between them at will; everything else happens between Took and
// Next.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerOptions& options);

  // The most tokens, prompt and response together, that a response may have.
  int64_t max_tokens() const { return int64_t{pool_.size()} * model::kPageTokens; }

  // `responses` (at least 1) of one prompt (not empty); `id` is not here. The longest of them must fit max_tokens().
  void Add(uint64_t id, std::vector<uint32_t> prompt, uint32_t responses);

  // Forgets the request; false if it is not here (it was never, or all its responses ended).
  bool Cancel(uint64_t id);

  // The next pass; empty if there is nothing to do.
  const Plan& Next();

  // The plan with guesses in it: of each draft as many as there are free pages for, in the order given; nobody is
  // preempted for them. Once a plan; each draft is of another sample that MayDraft, and its response, the guesses and one
  // more token fit max_tokens().
  const Plan& AddDrafts(absl::Span<const Draft> drafts);

  // Whether the sample's response decodes one token: what may be drafted for.
  bool MayDraft(const Plan::Sample& sample) const;

  // What was drawn for the samples of the plan, one each.
  void Took(absl::Span<const SampledToken> tokens);

  // Later passes compute other keys and values: what has begun keeps those that it has, but shares them with nothing
  // new.
  void NewWeights();

  // Cancels the requests that have begun, as after a pass that failed, and returns their ids.
  std::vector<uint64_t> CancelBegun();

  size_t running() const { return running_.size(); }  // responses
  size_t requests() const { return requests_.size(); }
  size_t unstarted() const { return unstarted_; }  // requests of which some response has never run
  int32_t pages() const { return pool_.size(); }
  int32_t used_pages() const { return pool_.used(); }  // that some response holds
  const SchedulerCounts& counts() const { return counts_; }

 private:
  enum class State {
    kUnborn,   // the first token is drawn when the prompt of the first response is through
    kWaiting,  // -> kRunning
    kRunning,  // -> kWaiting (preempted), kEnded
    kEnded
  };
  struct Request;
  struct Sequence {
    Request* request = nullptr;
    uint32_t response = 0;
    State state = State::kUnborn;
    bool has_run = false;
    bool shares = true;                           // its pages were computed with the newest weights alone
    int64_t computed = 0;                         // tokens whose keys and values are in pages
    int64_t furthest = 0;                         // the most that `computed` ever was
    PagePool::Name chain = PagePool::kBeginning;  // the content of its whole pages
    std::vector<int32_t> pages;
    std::vector<uint32_t> sampled;

    int64_t length() const;
    uint32_t token(int64_t position) const;
    int64_t due() const { return length() - computed; }  // tokens to compute before the next one can be drawn
    bool is_fresh() const { return sampled.empty(); }    // the first response before its first token
    int64_t unborn() const;                              // responses that begin when its prompt is through
  };
  struct Request {
    uint64_t id = 0;
    uint64_t number = 0;  // in order of Add
    std::vector<uint32_t> prompt;
    std::vector<Sequence> sequences;  // by response; never resized
    uint32_t never_run = 0;
    uint32_t live = 0;  // not ended
  };
  struct Older {
    bool operator()(const Sequence* a, const Sequence* b) const {
      if (a->request != b->request) return a->request->number < b->request->number;
      return a->response < b->response;
    }
  };

  // scheduler_planning.cc
  void Continue(Sequence* sequence);
  bool AdmitOldest();
  bool HasRow(const Sequence& sequence) const;
  bool HasPages(const Sequence& sequence) const;
  void PlanPart(Sequence* sequence, int64_t tokens);
  void CountTokens(Sequence* sequence, int64_t begin, int64_t end);
  void RecordPages(Sequence* sequence, int64_t begin, int64_t end);
  void AddSamples(const Sequence& sequence);

  // scheduler_drafts.cc
  Sequence* SequenceOf(const Plan::Sample& sample);
  void TakePages(const Draft& draft);
  void InsertDrafts(absl::Span<const Draft> drafts);
  void TakeDrafts(Sequence* sequence, const Plan::Sample& sample, int32_t accepted);

  // scheduler_pages.cc
  static PagePool::Tokens PageTokens(const Sequence& sequence, int64_t index);
  void SharePages(Sequence* sequence);
  bool MakeRoom(Sequence* sequence, int64_t tokens);
  bool MakeWritable(Sequence* sequence, int64_t index);
  bool PreemptYoungest(const Sequence* asking);
  Sequence* YoungestWaitingWithPages() const;
  void ReleasePages(Sequence* sequence);
  void ReleaseSpares(Sequence* sequence);

  // Lives: scheduler.cc.
  void Run(Sequence* sequence);
  void Preempt(Sequence* sequence);
  void Begin(Sequence* sequence, const Sequence& first, uint32_t token);
  void Leave(Sequence* sequence);
  void HasRun(Sequence* sequence);
  void SweepRunning();
  void Drop(Request* request);

  SchedulerOptions options_;
  PagePool pool_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Request>> requests_;
  std::vector<Sequence*> running_;      // oldest first
  std::vector<Sequence*> ended_;        // in one call of Took
  std::set<Sequence*, Older> waiting_;  // oldest first
  size_t holding_ = 0;                  // of the waiting: those that hold pages
  int64_t unborn_ = 0;                  // responses that begin when a prompt that runs is through
  size_t unstarted_ = 0;
  uint64_t next_number_ = 0;
  int64_t budget_ = 0;  // of prefill_tokens, what the plan has left
  Plan plan_;
  bool planned_ = false;  // Took is next
  SchedulerCounts counts_;
};

}  // namespace drover::actor
