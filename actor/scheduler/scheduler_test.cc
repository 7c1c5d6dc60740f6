#include "actor/scheduler/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "actor/scheduler/testing/page_model.h"

namespace drover::actor {
namespace {

using ::testing::ElementsAre;

std::vector<uint32_t> Prompt(size_t length, uint32_t first = 1) {
  std::vector<uint32_t> prompt(length);
  std::iota(prompt.begin(), prompt.end(), first);
  return prompt;
}

// The plan's samples get `token`, which ends a response if `ends`.
void Take(Scheduler& scheduler, const Plan& plan, uint32_t token = 7, bool ends = false) {
  scheduler.Took(std::vector<SampledToken>(plan.samples.size(), {.token = token, .ends = ends}));
}

std::vector<int64_t> Positions(const Plan& plan) {
  std::vector<int64_t> positions;
  for (const model::Part& part : plan.parts) positions.push_back(part.position);
  return positions;
}

TEST(SchedulerTest, AGroupsPromptGoesThroughOnceAndItsResponsesGoOnFromItsPages) {
  Scheduler scheduler({.pages = 20, .max_batch = 8});
  scheduler.Add(1, Prompt(20), 4);
  const Plan& first = scheduler.Next();
  ASSERT_EQ(first.parts.size(), 1u);
  EXPECT_EQ(first.parts[0].position, 0);
  EXPECT_EQ(first.parts[0].tokens, 20);
  EXPECT_THAT(first.parts[0].pages, ElementsAre(0, 1));
  ASSERT_EQ(first.token_ids.size(), 20u);
  EXPECT_EQ(first.token_ids[19], 20);
  ASSERT_EQ(first.samples.size(), 4u);
  for (uint32_t r = 0; r < 4; ++r) {
    EXPECT_EQ(first.samples[r].request, 1u);
    EXPECT_EQ(first.samples[r].response, r);
    EXPECT_EQ(first.samples[r].part, 0);
  }
  Take(scheduler, first);
  EXPECT_EQ(scheduler.used_pages(), 2);
  EXPECT_EQ(scheduler.unstarted(), 1u);

  // One token each, at the prompt's end. Three take a copy of the page that the prompt did not fill, the last to write
  // keeps it.
  const Plan& second = scheduler.Next();
  EXPECT_THAT(Positions(second), ElementsAre(20, 20, 20, 20));
  EXPECT_EQ(second.token_ids, std::vector<int64_t>(4, 7));
  ASSERT_EQ(second.copies.size(), 3u);
  for (int32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(second.copies[i].from, 1);
    EXPECT_EQ(second.copies[i].to, 2 + i);
    EXPECT_THAT(second.parts[i].pages, ElementsAre(0, 2 + i));
  }
  EXPECT_THAT(second.parts[3].pages, ElementsAre(0, 1));
  EXPECT_EQ(scheduler.unstarted(), 0u);
  EXPECT_EQ(scheduler.running(), 4u);
  Take(scheduler, second);
  EXPECT_EQ(scheduler.used_pages(), 5);
  EXPECT_TRUE(scheduler.Next().copies.empty()) << "each has its own by now";
}

TEST(SchedulerTest, ResponsesThatEndGiveTheirPagesBack) {
  Scheduler scheduler({.pages = 20, .max_batch = 8});
  scheduler.Add(1, Prompt(16), 3);
  const Plan& first = scheduler.Next();
  scheduler.Took(std::vector<SampledToken>{{.token = 7}, {.token = 7, .ends = true}, {.token = 7}});
  EXPECT_EQ(scheduler.used_pages(), 1);
  const Plan& second = scheduler.Next();
  EXPECT_THAT(Positions(second), ElementsAre(16, 16)) << "the second ended with its first token";
  EXPECT_TRUE(second.copies.empty()) << "the prompt filled its page";
  EXPECT_EQ(first.samples[1].response, 2u);
  EXPECT_EQ(scheduler.used_pages(), 3);
  Take(scheduler, second, 7, true);
  EXPECT_EQ(scheduler.used_pages(), 0);
  EXPECT_EQ(scheduler.requests(), 0u);
  EXPECT_TRUE(scheduler.Next().empty());
}

TEST(SchedulerTest, LongPromptsGoInChunksBesideTheResponsesThatRun) {
  Scheduler scheduler({.pages = 20, .max_batch = 8, .prefill_tokens = 10});
  scheduler.Add(1, Prompt(4), 1);
  Take(scheduler, scheduler.Next());
  scheduler.Add(2, Prompt(25, 100), 1);
  scheduler.Add(3, Prompt(8, 200), 1);
  const Plan& first = scheduler.Next();
  EXPECT_THAT(Positions(first), ElementsAre(4, 0));
  EXPECT_EQ(first.parts[1].tokens, 10);
  ASSERT_EQ(first.samples.size(), 1u) << "no token before the prompt is through";
  EXPECT_EQ(first.samples[0].part, 0);
  Take(scheduler, first);
  Take(scheduler, scheduler.Next());
  const Plan& third = scheduler.Next();  // its last 5 tokens, and 5 of the next prompt
  EXPECT_THAT(Positions(third), ElementsAre(6, 20, 0));
  EXPECT_EQ(third.parts[1].tokens, 5);
  EXPECT_EQ(third.parts[2].tokens, 5);
  ASSERT_EQ(third.samples.size(), 2u);
  EXPECT_EQ(third.samples[1].request, 2u);
  EXPECT_EQ(third.samples[1].part, 1);
  Take(scheduler, third);
  EXPECT_THAT(Positions(scheduler.Next()), ElementsAre(7, 25, 5));
}

TEST(SchedulerTest, PromptsShareTheWholePagesThatTheyBeginWith) {
  Scheduler scheduler({.pages = 20, .max_batch = 8});
  std::vector<uint32_t> longer = Prompt(40);
  scheduler.Add(1, Prompt(35), 1);
  scheduler.Add(2, longer, 1);      // in the same pass already
  scheduler.Add(3, Prompt(32), 1);  // its last token is computed in any case
  scheduler.Add(4, Prompt(35, 2), 1);
  const Plan& plan = scheduler.Next();
  EXPECT_THAT(Positions(plan), ElementsAre(0, 32, 16, 0));
  EXPECT_THAT(plan.parts[1].pages, ElementsAre(0, 1, 3));
  EXPECT_THAT(plan.parts[2].pages, ElementsAre(0, 4));
  Take(scheduler, plan, 7, true);
  EXPECT_EQ(scheduler.counts().shared_tokens, 32u + 16u);
  EXPECT_EQ(scheduler.counts().prefilled_tokens, 35u + 8u + 16u + 35u);
  // What ended is found as long as nothing took its place.
  scheduler.Add(5, longer, 1);
  EXPECT_THAT(Positions(scheduler.Next()), ElementsAre(32));
}

TEST(SchedulerTest, NothingIsSharedAcrossWeights) {
  Scheduler scheduler({.pages = 20, .max_batch = 8, .prefill_tokens = 32});
  scheduler.Add(1, Prompt(40), 1);
  Take(scheduler, scheduler.Next());
  scheduler.NewWeights();
  scheduler.Add(2, Prompt(40), 1);
  const Plan& plan = scheduler.Next();
  EXPECT_THAT(Positions(plan), ElementsAre(32, 0)) << "what has begun goes on, what begins does not share";
  Take(scheduler, plan);
  // Nor does it share what it computes now: the tokens before were computed with the old weights.
  for (int i = 0; i < 12; ++i) Take(scheduler, scheduler.Next());
  scheduler.Add(3, Prompt(40), 1);
  const Plan& third = scheduler.Next();
  ASSERT_EQ(third.parts.size(), 3u);
  EXPECT_THAT(third.parts[2].pages.subspan(0, 2),
              ::testing::ElementsAreArray(third.parts[1].pages.subspan(0, 2)));
}

TEST(SchedulerTest, TheYoungestMakesRoomAndIsComputedAgain) {
  Scheduler scheduler({.pages = 4, .max_batch = 8});
  scheduler.Add(1, Prompt(30), 1);
  scheduler.Add(2, Prompt(30, 100), 1);
  for (int i = 0; i < 3; ++i) Take(scheduler, scheduler.Next());
  EXPECT_EQ(scheduler.counts().preemptions, 0u);  // both are at 32 tokens
  EXPECT_EQ(scheduler.used_pages(), 4);
  const Plan& crowded = scheduler.Next();
  EXPECT_THAT(Positions(crowded), ElementsAre(32));
  EXPECT_EQ(crowded.samples[0].request, 1u);
  EXPECT_EQ(scheduler.counts().preemptions, 1u);
  EXPECT_EQ(scheduler.running(), 1u);
  EXPECT_EQ(scheduler.unstarted(), 0u) << "it has run";
  Take(scheduler, crowded, 7, true);
  const Plan& again = scheduler.Next();
  ASSERT_EQ(again.parts.size(), 1u);
  EXPECT_EQ(again.samples[0].request, 2u);
  EXPECT_EQ(again.parts[0].position, 16) << "its first page was not taken for something else";
  EXPECT_EQ(again.parts[0].tokens, 17);
  EXPECT_EQ(again.token_ids.back(), 7);
  EXPECT_EQ(scheduler.counts().recomputed_tokens, 16u);
  EXPECT_EQ(scheduler.counts().prefilled_tokens, 60u);
  EXPECT_EQ(scheduler.counts().shared_tokens, 0u);
}

TEST(SchedulerTest, RowsAreNeverMoreThanTheBatchAndAreTakenInOrder) {
  Scheduler scheduler({.pages = 100, .max_batch = 3});
  scheduler.Add(1, Prompt(5), 4);
  scheduler.Add(2, Prompt(5, 50), 1);
  const Plan& first = scheduler.Next();
  EXPECT_EQ(first.parts.size(), 1u) << "the rows are for the first prompt's responses";
  EXPECT_EQ(first.samples.size(), 4u);
  Take(scheduler, first);
  const Plan& second = scheduler.Next();
  EXPECT_THAT(Positions(second), ElementsAre(5, 5, 5));
  EXPECT_EQ(scheduler.unstarted(), 2u);
  scheduler.Took(std::vector<SampledToken>{{.token = 7}, {.token = 7, .ends = true}, {.token = 7}});
  EXPECT_THAT(Positions(scheduler.Next()), ElementsAre(6, 6, 5));
  EXPECT_EQ(scheduler.unstarted(), 1u);
  scheduler.Took(std::vector<SampledToken>{{.token = 7, .ends = true}, {.token = 7}, {.token = 7}});
  EXPECT_THAT(Positions(scheduler.Next()), ElementsAre(7, 6, 0)) << "the second request begins";
}

TEST(SchedulerTest, DraftsGoThroughBesideTheirTokenAndTheWrongOnesGiveTheirPagesBack) {
  Scheduler scheduler({.pages = 20, .max_batch = 8});
  scheduler.Add(1, Prompt(30), 1);
  scheduler.Add(2, Prompt(4, 100), 1);
  const Plan& prompts = scheduler.Next();
  EXPECT_FALSE(scheduler.MayDraft(prompts.samples[0])) << "its prompt is not through";
  Take(scheduler, prompts, 50);
  const Plan& bare = scheduler.Next();
  ASSERT_EQ(bare.samples.size(), 2u);
  EXPECT_TRUE(scheduler.MayDraft(bare.samples[0]));
  const Plan& plan = scheduler.AddDrafts({{0, {51, 52, 53, 54}}, {1, {60}}});
  EXPECT_THAT(plan.token_ids, ElementsAre(50, 51, 52, 53, 54, 50, 60));
  EXPECT_THAT(Positions(plan), ElementsAre(30, 4));
  EXPECT_EQ(plan.parts[0].tokens, 5);
  EXPECT_EQ(plan.parts[0].outputs, 5);
  EXPECT_THAT(plan.parts[0].pages, ElementsAre(0, 1, 3)) << "34 tokens";
  EXPECT_EQ(plan.samples[0].drafts, 4);
  EXPECT_EQ(plan.samples[0].first_draft, 1);
  EXPECT_EQ(plan.samples[1].drafts, 1);
  EXPECT_EQ(plan.samples[1].first_draft, 6);
  EXPECT_EQ(scheduler.used_pages(), 4);
  // 51 was right; 9 is drawn where 52 was guessed. 60 was right and 61 comes after it.
  scheduler.Took(std::vector<SampledToken>{{.token = 9, .accepted = 1}, {.token = 61, .accepted = 1}});
  EXPECT_EQ(scheduler.used_pages(), 3);
  EXPECT_EQ(scheduler.counts().drafted_tokens, 5u);
  EXPECT_EQ(scheduler.counts().accepted_tokens, 2u);
  const Plan& next = scheduler.Next();
  EXPECT_THAT(Positions(next), ElementsAre(32, 6));
  EXPECT_THAT(next.token_ids, ElementsAre(9, 61));
}

// The page that a draft filled holds what another prompt begins with.
TEST(SchedulerTest, PagesOfDraftsThatWereRightAreShared) {
  Scheduler scheduler({.pages = 20, .max_batch = 8});
  scheduler.Add(1, Prompt(14), 1);
  Take(scheduler, scheduler.Next(), 15);
  scheduler.Next();
  scheduler.AddDrafts({{0, {16, 17, 18}}});
  scheduler.Took(std::vector<SampledToken>{{.token = 90, .accepted = 2}});
  scheduler.Add(2, Prompt(20), 1);
  EXPECT_THAT(Positions(scheduler.Next()), ElementsAre(17, 16));
}

TEST(SchedulerTest, DraftsTakeOnlyPagesThatNobodyElseWants) {
  Scheduler scheduler({.pages = 3, .max_batch = 8});
  scheduler.Add(1, Prompt(15), 1);
  scheduler.Add(2, Prompt(16, 100), 1);
  Take(scheduler, scheduler.Next(), 50);
  scheduler.Next();  // the second takes the last page
  const Plan& plan = scheduler.AddDrafts({{0, {51, 52}}, {1, std::vector<uint32_t>(20, 60)}});
  EXPECT_EQ(plan.samples[0].drafts, 0);
  EXPECT_EQ(plan.samples[1].drafts, 15) << "what its page holds";
  EXPECT_EQ(plan.token_ids.size(), 17u);
  EXPECT_EQ(scheduler.counts().preemptions, 0u);
  EXPECT_EQ(scheduler.counts().drafted_tokens, 15u);
  // The response ends within its drafts.
  scheduler.Took(std::vector<SampledToken>{{.token = 7}, {.token = 7, .ends = true, .accepted = 3}});
  EXPECT_EQ(scheduler.used_pages(), 1);
}

TEST(SchedulerTest, DraftsOfAPassThatFailedLeaveNothingBehind) {
  Scheduler scheduler({.pages = 20, .max_batch = 8});
  scheduler.Add(1, Prompt(15), 1);
  Take(scheduler, scheduler.Next(), 50);
  scheduler.Next();
  scheduler.AddDrafts({{0, {51, 52, 53}}});
  EXPECT_EQ(scheduler.used_pages(), 2);
  EXPECT_THAT(scheduler.CancelBegun(), ElementsAre(1));
  EXPECT_EQ(scheduler.used_pages(), 0);
}

TEST(SchedulerTest, CancelledRequestsLeaveNothingBehind) {
  Scheduler scheduler({.pages = 100, .max_batch = 3, .prefill_tokens = 8});
  for (uint64_t id = 1; id <= 3; ++id) scheduler.Add(id, Prompt(20, 100 * id), 4);
  Take(scheduler, scheduler.Next());
  EXPECT_TRUE(scheduler.Cancel(1)) << "in the middle of its prompt";
  EXPECT_FALSE(scheduler.Cancel(1));
  EXPECT_EQ(scheduler.used_pages(), 0);
  for (int i = 0; i < 4; ++i) Take(scheduler, scheduler.Next());
  EXPECT_EQ(scheduler.running(), 3u);
  EXPECT_TRUE(scheduler.Cancel(2)) << "with one response that waits";
  EXPECT_TRUE(scheduler.Cancel(3)) << "before it began";
  EXPECT_EQ(scheduler.used_pages(), 0);
  EXPECT_EQ(scheduler.running(), 0u);
  EXPECT_EQ(scheduler.unstarted(), 0u);
  EXPECT_TRUE(scheduler.Next().empty());
}

TEST(SchedulerTest, AfterAPassThatFailedWhatHadBegunIsCancelled) {
  Scheduler scheduler({.pages = 100, .max_batch = 2});
  scheduler.Add(1, Prompt(20), 2);
  scheduler.Add(2, Prompt(20), 2);
  scheduler.Next();
  EXPECT_THAT(scheduler.CancelBegun(), ElementsAre(1));
  EXPECT_EQ(scheduler.used_pages(), 0);
  EXPECT_THAT(Positions(scheduler.Next()), ElementsAre(0)) << "the pages of the failed pass are not shared";
}

TEST(SchedulerTest, PagesAreEnoughForWhatFitsAlone) {
  PageEngine engine({.pages = 5, .max_batch = 8, .prefill_tokens = 16});
  EXPECT_EQ(engine.scheduler.max_tokens(), 80);
  for (uint64_t id = 0; id < 6; ++id) {
    engine.Add(id, {.prompt = Prompt(20 + 9 * id),
                    .responses = 5,
                    .max_tokens = 80 - (20 + 9 * static_cast<uint32_t>(id))});
  }
  engine.RunAll();
  EXPECT_EQ(engine.finished, 30u);
  EXPECT_GT(engine.scheduler.counts().preemptions, 0u);
}

// Pages, chunks, rows and drafts of any number give the same responses: PageEngine compares each with its definition.
TEST(SchedulerTest, LayoutChangesNoResponse) {
  uint64_t tokens = 0;
  for (const int32_t pages : {8, 13, 40, 1000}) {
    for (const int64_t batch : {1, 3, 100}) {
      for (const int64_t prefill : {1, 7, 16, 1000}) {
        for (const uint64_t drafts : {0, 3, 30}) {
          PageEngine engine({.pages = pages, .max_batch = batch, .prefill_tokens = prefill});
          engine.DraftUpTo(drafts, 0.9);
          for (uint64_t id = 0; id < 12; ++id) {
            const auto size = static_cast<uint32_t>(id % 4 + 1);
            engine.Add(id, {.prompt = Prompt(3 + 7 * id, id / 3), .responses = size, .max_tokens = 40});
          }
          engine.RunAll();
          EXPECT_EQ(engine.finished, 30u);
          if (tokens == 0) tokens = engine.tokens;
          EXPECT_EQ(engine.tokens, tokens);
        }
      }
    }
  }
}

}  // namespace
}  // namespace drover::actor
