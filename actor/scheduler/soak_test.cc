// A long life under a small memory budget: requests come, are cancelled and end while weights change. Each response is
// compared with its definition, and no page, request or response is lost or there twice.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "actor/scheduler/testing/page_model.h"
#include "base/random.h"

namespace drover::actor {
namespace {

constexpr uint64_t kRequests = 100'000;

class Soak {
 public:
  Soak(const SchedulerOptions& options, uint64_t seed)
      : options_(options), engine_(options), random_(seed, RandomPurpose::kQuestions, 0) {}

  void Run(uint64_t requests) {
    while (next_ < requests || !here_.empty()) {
      if (next_ < requests && here_.size() < 12 && random_.Below(3) > 0) AddOne();
      if (random_.Below(40) == 0) CancelOne();
      if (random_.Below(200) == 0) engine_.NewWeights();
      engine_.Step();
      CheckSums();
      if (::testing::Test::HasFailure()) return;
    }
    EXPECT_FALSE(engine_.Step());
    EXPECT_EQ(engine_.scheduler.used_pages(), 0) << "a page is lost";
    EXPECT_EQ(engine_.finished + cancelled_, asked_) << "a response is lost, or was there twice";
  }

  void DraftUpTo(uint64_t most, double right) { engine_.DraftUpTo(most, right); }
  const SchedulerCounts& counts() const { return engine_.scheduler.counts(); }

 private:
  // Prompts of a few families, so that some have a beginning in common.
  void AddOne() {
    PageEngine::Ask ask;
    const auto length = static_cast<size_t>(1 + random_.Below(50));
    const auto family = static_cast<uint32_t>(random_.Below(8));
    for (size_t i = 0; i < length; ++i) ask.prompt.push_back(1 + family + static_cast<uint32_t>(i) % 7);
    if (random_.Below(2) == 0) ask.prompt.back() = 99;
    ask.responses = static_cast<uint32_t>(1 + random_.Below(4));
    ask.max_tokens = static_cast<uint32_t>(1 + random_.Below(30));
    asked_ += ask.responses;
    here_[next_] = ask.responses;
    engine_.Add(next_++, std::move(ask));
  }

  void CancelOne() {
    if (here_.empty()) return;
    auto at = here_.begin();
    std::advance(at, random_.Below(here_.size()));
    const uint64_t before = engine_.Live(at->first);
    EXPECT_TRUE(engine_.Cancel(at->first));
    cancelled_ += before;
    here_.erase(at);
  }

  void CheckSums() {
    for (auto at = here_.begin(); at != here_.end();)
      at = engine_.Live(at->first) == 0 ? here_.erase(at) : ++at;
    EXPECT_EQ(engine_.scheduler.requests(), here_.size());
    EXPECT_LE(engine_.scheduler.running(), static_cast<size_t>(options_.max_batch));
    EXPECT_LE(engine_.scheduler.used_pages(), options_.pages);
  }

  SchedulerOptions options_;
  PageEngine engine_;
  RandomStream random_;
  std::map<uint64_t, uint32_t> here_;
  uint64_t next_ = 0;
  uint64_t asked_ = 0, cancelled_ = 0;  // responses
};

TEST(SoakTest, ResponsesAreWhatTheyAreAndNothingIsLost) {
  Soak soak({.pages = 24, .max_batch = 10, .prefill_tokens = 40}, /*seed=*/1);
  soak.Run(kRequests);
  EXPECT_GT(soak.counts().preemptions, kRequests / 100);
  EXPECT_GT(soak.counts().shared_tokens, kRequests);
  EXPECT_GT(soak.counts().copied_pages, kRequests);
  EXPECT_GT(soak.counts().recomputed_tokens, kRequests / 10);
}

TEST(SoakTest, DraftsChangeNoResponseAndLoseNothing) {
  Soak soak({.pages = 14, .max_batch = 10, .prefill_tokens = 40}, /*seed=*/3);
  soak.DraftUpTo(20, 0.8);
  soak.Run(kRequests);
  EXPECT_GT(soak.counts().preemptions, kRequests / 100);
  EXPECT_GT(soak.counts().accepted_tokens, kRequests);
  EXPECT_GT(soak.counts().drafted_tokens, soak.counts().accepted_tokens + kRequests);
}

TEST(SoakTest, WithHardlyMorePagesThanOneResponseNeeds) {
  Soak soak({.pages = 5, .max_batch = 10, .prefill_tokens = 16}, /*seed=*/2);
  soak.Run(2000);
  EXPECT_GT(soak.counts().preemptions, 1000u);
}

TEST(SoakTest, DraftsWithHardlyMorePagesThanOneResponseNeeds) {
  Soak soak({.pages = 5, .max_batch = 10, .prefill_tokens = 16}, /*seed=*/2);
  soak.DraftUpTo(40, 0.9);
  soak.Run(2000);
  EXPECT_GT(soak.counts().preemptions, 500u);
  EXPECT_GT(soak.counts().accepted_tokens, 1000u);
}

}  // namespace
}  // namespace drover::actor
