// A model that is a function, and pages that can be looked into: what the scheduler's plans would compute. Each slot of
// a page remembers the token that was written to it, and under which weights; a token is drawn from all of its
// sequence's tokens, as the pages hold them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "actor/scheduler/scheduler.h"
#include "base/random.h"

namespace drover::actor {

inline uint64_t Mix(uint64_t a, uint64_t b) {
  uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 29)) * 0x94d049bb133111ebu;
  return x ^ (x >> 32);
}

class PageModel {
 public:
  explicit PageModel(int32_t pages) : slots_(static_cast<size_t>(pages) * model::kPageTokens) {}

  void NewWeights() { ++version_; }
  uint64_t version() const { return version_; }

  // Runs the plan and returns, for each output of each part, the digest of the sequence's tokens up to there, as the
  // pages hold them.
  // Fails the test for a part whose pages do not hold each position once, written to by one part alone.
  std::vector<uint64_t> Run(const Plan& plan) {
    for (const model::PageCopy& copy : plan.copies) {
      for (int64_t i = 0; i < model::kPageTokens; ++i) Slot(copy.to, i) = Slot(copy.from, i);
    }
    ++pass_;
    // As in a layer: first all parts write, then all read.
    size_t next = 0;
    for (const model::Part& part : plan.parts) {
      for (int64_t i = 0; i < part.tokens; ++i) Write(part, part.position + i, plan.token_ids[next++]);
    }
    EXPECT_EQ(next, plan.token_ids.size());
    std::vector<uint64_t> digests;
    for (const model::Part& part : plan.parts) Read(part, digests);
    return digests;
  }

  // The oldest weights that a token of the sequence was computed with.
  uint64_t Oldest(const model::Part& part) const {
    uint64_t oldest = version_;
    for (int64_t p = 0; p < part.position; ++p) oldest = std::min(oldest, At(part, p).version);
    return oldest;
  }

  static uint64_t Digest(uint64_t before, uint64_t token) { return Mix(before, token); }

 private:
  struct OneSlot {
    uint64_t token = 0;
    uint64_t version = 0;
    uint64_t pass = 0;  // in which it was written
  };

  OneSlot& Slot(int32_t page, int64_t offset) { return slots_.at(page * model::kPageTokens + offset); }
  const OneSlot& At(const model::Part& part, int64_t position) const {
    return slots_.at(part.pages.at(position / model::kPageTokens) * model::kPageTokens +
                     position % model::kPageTokens);
  }

  void Write(const model::Part& part, int64_t position, int64_t token) {
    OneSlot& slot = Slot(part.pages.at(position / model::kPageTokens), position % model::kPageTokens);
    EXPECT_NE(slot.pass, pass_) << "two parts write to one place";
    slot = {static_cast<uint64_t>(token), version_, pass_};
  }

  void Read(const model::Part& part, std::vector<uint64_t>& digests) const {
    uint64_t digest = 0;
    const int64_t end = part.position + part.tokens;
    for (int64_t p = 0; p < end; ++p) {
      digest = Digest(digest, At(part, p).token);
      if (p >= end - part.outputs) digests.push_back(digest);
    }
  }

  std::vector<OneSlot> slots_;
  uint64_t version_ = 1;
  uint64_t pass_ = 0;
};

// A scheduler whose plans are run, and what became of its responses. Each response is compared with its definition when
// it ends: the tokens that the function gives for it alone. Drafts, where they are asked for, are of random lengths, and
// each guess is right by a chance that is given.
class PageEngine {
 public:
  struct Ask {
    std::vector<uint32_t> prompt;
    uint32_t responses = 1;
    uint32_t max_tokens = 8;
  };

  explicit PageEngine(const SchedulerOptions& options)
      : scheduler(options), model_(options.pages), random_(7, RandomPurpose::kQuestions, 1) {}

  // From now on responses are drafted for, each with up to `most` guesses a pass, of which each is right with chance
  // `right`.
  void DraftUpTo(uint64_t most, double right) {
    most_drafts_ = most;
    right_ = right;
  }

  void Add(uint64_t id, Ask ask) {
    Known& known = known_[id];
    known.responses.resize(ask.responses);
    known.version = model_.version();
    scheduler.Add(id, ask.prompt, ask.responses);
    known.ask = std::move(ask);
  }

  bool Cancel(uint64_t id) {
    known_.erase(id);
    return scheduler.Cancel(id);
  }

  void NewWeights() {
    scheduler.NewWeights();
    model_.NewWeights();
  }

  // Responses of the request that have not ended; 0 for one that is not here.
  uint32_t Live(uint64_t id) const {
    const auto known = known_.find(id);
    return known == known_.end() ? 0 : known->second.ask.responses - known->second.ended;
  }

  // One pass; false if there was nothing to do.
  bool Step() {
    const Plan& plan = scheduler.Next();
    if (plan.empty()) return false;
    if (most_drafts_ > 0) scheduler.AddDrafts(Drafts(plan));
    last = plan;
    const std::vector<uint64_t> digests = model_.Run(plan);
    std::vector<size_t> first = {0};  // digest of each part
    for (const model::Part& part : plan.parts) first.push_back(first.back() + part.outputs);
    std::vector<SampledToken> taken;
    for (const Plan::Sample& sample : plan.samples) {
      taken.push_back(DrawAll(plan, sample, absl::MakeConstSpan(digests).subspan(first[sample.part])));
    }
    scheduler.Took(taken);
    return true;
  }

  void RunAll() {
    while (Step()) {
    }
    EXPECT_TRUE(known_.empty());
    EXPECT_EQ(scheduler.used_pages(), 0) << "a page is lost";
  }

  Scheduler scheduler;
  Plan last;              // its parts' pages are no longer there
  uint64_t finished = 0;  // responses, each once
  uint64_t tokens = 0;    // that were drawn

 private:
  struct Response {
    std::vector<uint32_t> tokens;
    std::vector<uint64_t> versions;
    bool ended = false;
  };
  struct Known {
    Ask ask;
    std::vector<Response> responses;
    uint64_t version = 0;  // of the weights when it came
    uint32_t ended = 0;
  };

  static uint32_t TokenOf(uint64_t digest, uint64_t version, uint32_t response, size_t position) {
    return static_cast<uint32_t>(Mix(Mix(digest, version), Mix(response, position)) % 50);
  }
  static bool Ends(uint32_t token, size_t length, uint32_t max_tokens) {
    return token == 0 || length >= max_tokens;
  }

  std::vector<Draft> Drafts(const Plan& plan) {
    std::vector<Draft> drafts;
    for (size_t i = 0; i < plan.samples.size(); ++i) {
      if (scheduler.MayDraft(plan.samples[i])) drafts.push_back({i, Guesses(plan.samples[i])});
    }
    return drafts;
  }

  std::vector<uint32_t> Guesses(const Plan::Sample& sample) {
    const Known& known = known_.at(sample.request);
    std::vector<uint32_t> tokens = known.responses[sample.response].tokens;
    uint64_t digest = 0;
    for (const uint32_t token : known.ask.prompt) digest = PageModel::Digest(digest, token);
    for (const uint32_t token : tokens) digest = PageModel::Digest(digest, token);
    std::vector<uint32_t> guesses;
    const uint64_t most =
        std::min<uint64_t>(random_.Below(most_drafts_ + 1), known.ask.max_tokens - tokens.size() - 1);
    while (guesses.size() < most) {
      const uint32_t next =
          TokenOf(digest, model_.version(), sample.response, tokens.size() + guesses.size());
      guesses.push_back(random_.Uniform() < right_ ? next : next + 1);
      digest = PageModel::Digest(digest, guesses.back());
    }
    return guesses;
  }

  // The tokens of one sample: drafts while they are what is drawn, and the one after them.
  SampledToken DrawAll(const Plan& plan, const Plan::Sample& sample, absl::Span<const uint64_t> digests) {
    SampledToken token = Draw(sample, plan.parts[sample.part], digests[0]);
    for (int32_t d = 0; d < sample.drafts && !token.ends; ++d) {
      if (token.token != plan.token_ids[sample.first_draft + d]) break;
      token = Draw(sample, plan.parts[sample.part], digests[d + 1]);
      token.accepted = d + 1;
    }
    return token;
  }

  SampledToken Draw(const Plan::Sample& sample, const model::Part& part, uint64_t digest) {
    Known& known = known_.at(sample.request);
    Response& response = known.responses.at(sample.response);
    EXPECT_FALSE(response.ended) << "drawn for a response that has ended";
    if (response.tokens.empty()) {
      EXPECT_GE(model_.Oldest(part), known.version) << "shared with old weights";
    }
    const uint32_t token = TokenOf(digest, model_.version(), sample.response, response.tokens.size());
    response.tokens.push_back(token);
    response.versions.push_back(model_.version());
    ++tokens;
    response.ended = Ends(token, response.tokens.size(), known.ask.max_tokens);
    const SampledToken drawn = {.token = token, .ends = response.ended};
    if (response.ended) End(sample);
    return drawn;
  }

  void End(const Plan::Sample& sample) {
    Known& known = known_.at(sample.request);
    ++finished;
    Compare(known.ask, known.responses[sample.response], sample.response);
    if (++known.ended == known.ask.responses) known_.erase(sample.request);
  }

  static void Compare(const Ask& ask, const Response& response, uint32_t index) {
    uint64_t digest = 0;
    for (const uint32_t token : ask.prompt) digest = PageModel::Digest(digest, token);
    for (size_t t = 0; t < response.tokens.size(); ++t) {
      ASSERT_EQ(response.tokens[t], TokenOf(digest, response.versions[t], index, t)) << "token " << t;
      ASSERT_EQ(Ends(response.tokens[t], t + 1, ask.max_tokens), t + 1 == response.tokens.size());
      digest = PageModel::Digest(digest, response.tokens[t]);
    }
  }

  PageModel model_;
  RandomStream random_;
  uint64_t most_drafts_ = 0;
  double right_ = 0.0;
  std::map<uint64_t, Known> known_;  // not ended
};

}  // namespace drover::actor
