#include "actor/drafting/drafter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace drover::actor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TokenIndex, KnowsWhereEachTokenStands) {
  TokenIndex index;
  for (const uint32_t token : {5, 6, 5, 5, 7}) index.Append(token);
  EXPECT_EQ(index.size(), 5);
  EXPECT_EQ(index.Newest(5), 3);
  EXPECT_EQ(index.Before(3), 2);
  EXPECT_EQ(index.Before(2), 0);
  EXPECT_EQ(index.Before(0), TokenIndex::kNone);
  EXPECT_EQ(index.Newest(7), 4);
  EXPECT_EQ(index.Newest(8), TokenIndex::kNone);
}

TEST(Drafter, TheLongestEndThatStoodBeforeDecides) {
  Drafter drafter(std::vector<uint32_t>{1, 2, 3, 4}, 1);
  drafter.Read(0, {9, 3, 8, 2, 3});
  const Guess guess = drafter.Next(0, 3);  // "2 3" of the prompt, not "3" alone, which is newer
  EXPECT_EQ(guess.match, 2);
  EXPECT_THAT(guess.token_ids, ElementsAre(4, 9, 3));
}

TEST(Drafter, OfEqualOnesTheOwnNewestComesFirstThenThePromptThenSiblings) {
  Drafter drafter(std::vector<uint32_t>{1, 40, 2, 40}, 3);
  drafter.Read(0, {10, 40, 50});
  drafter.Read(1, {11, 40, 51, 12, 40, 52, 13, 40});
  drafter.Read(2, {40, 50, 14, 30, 31});
  EXPECT_THAT(drafter.Next(1, 1).token_ids, ElementsAre(52));
  drafter.Read(1, {11, 40, 51, 12, 40, 52, 13, 40, 2});
  EXPECT_THAT(drafter.Next(1, 2).token_ids, ElementsAre(40, 11)) << "of the prompt, into the response";
  drafter.Read(1, {11, 40, 51, 12, 40, 52, 13, 40, 2, 50});
  EXPECT_THAT(drafter.Next(1, 2).token_ids, ElementsAre(14, 30)) << "the first sibling has nothing after it";
  EXPECT_EQ(drafter.Next(1, 2).match, 1);
}

TEST(Drafter, TheEndReachesIntoThePromptThatAllShare) {
  Drafter drafter(std::vector<uint32_t>{1, 2, 3}, 2);
  drafter.Read(0, {7, 8, 9});
  drafter.Read(1, {7});
  EXPECT_EQ(drafter.Next(1, 5).match, 4);
  EXPECT_THAT(drafter.Next(1, 5).token_ids, ElementsAre(8, 9)) << "a sibling says no more than it has said";
}

TEST(Drafter, WhatRepeatsGoesOnRepeating) {
  Drafter drafter(std::vector<uint32_t>{1}, 1);
  drafter.Read(0, {6, 7, 5, 6, 7});
  EXPECT_THAT(drafter.Next(0, 7).token_ids, ElementsAre(5, 6, 7, 5, 6, 7, 5));
  drafter.Read(0, {6, 7, 5, 6, 7, 7});
  EXPECT_THAT(drafter.Next(0, 3).token_ids, ElementsAre(7, 7, 7));
}

TEST(Drafter, NothingIsGuessedFromATokenThatIsNew) {
  Drafter drafter(std::vector<uint32_t>{1, 2}, 2);
  EXPECT_THAT(drafter.Next(0, 4).token_ids, IsEmpty()) << "2 stands at the end alone";
  drafter.Read(0, {3});
  EXPECT_THAT(drafter.Next(0, 4).token_ids, IsEmpty());
  EXPECT_EQ(drafter.Next(0, 4).match, 0);
  drafter.Read(0, {3, 1});
  EXPECT_THAT(drafter.Next(0, 0).token_ids, IsEmpty());
}

TEST(Drafter, LongMatchesCountAsTheLongest) {
  std::vector<uint32_t> text;
  for (uint32_t i = 0; i < 3 * kLongestMatch; ++i) text.push_back(i % (kLongestMatch + 3));
  Drafter drafter(std::vector<uint32_t>{100}, 1);
  drafter.Read(0, text);
  EXPECT_EQ(drafter.Next(0, 1).match, kLongestMatch);
}

// The definition, by comparing every place of every text; few enough for kMostPlaces to bound nothing.
Guess Wanted(const std::vector<uint32_t>& prompt, const std::vector<std::vector<uint32_t>>& responses,
             size_t index, size_t most) {
  const auto whole = [&](size_t r) {
    std::vector<uint32_t> text = prompt;
    text.insert(text.end(), responses[r].begin(), responses[r].end());
    return text;
  };
  const std::vector<uint32_t> own = whole(index);
  Guess best;
  std::vector<size_t> texts = {index};
  for (size_t r = 0; r < responses.size(); ++r) {
    if (r != index) texts.push_back(r);
  }
  for (const size_t r : texts) {
    std::vector<uint32_t> text = whole(r);
    const size_t first = r == index ? 0 : prompt.size();
    for (size_t at = text.size() - 1; at-- > first;) {
      int32_t match = 0;
      while (match < kLongestMatch && match <= static_cast<int32_t>(at) &&
             match < static_cast<int32_t>(own.size()) && text[at - match] == own[own.size() - 1 - match]) {
        ++match;
      }
      if (match <= best.match) continue;
      best = {{}, match};
      std::vector<uint32_t> longer = text;
      for (size_t i = at + 1; best.token_ids.size() < most && i < longer.size(); ++i) {
        best.token_ids.push_back(longer[i]);
        if (r == index) longer.push_back(longer[i]);
      }
    }
  }
  return best;
}

TEST(Drafter, IsWhatItsDefinitionSaysHoweverTheTextsGrow) {
  RandomStream random(5, RandomPurpose::kQuestions, 0);
  for (int trial = 0; trial < 300; ++trial) {
    const uint64_t alphabet = 2 + random.Below(20);
    const auto text = [&](size_t size) {
      std::vector<uint32_t> tokens(size);
      for (uint32_t& token : tokens) token = static_cast<uint32_t>(random.Below(alphabet));
      return tokens;
    };
    const std::vector<uint32_t> prompt = text(1 + random.Below(12));
    std::vector<std::vector<uint32_t>> responses(1 + random.Below(4));
    Drafter drafter(prompt, static_cast<uint32_t>(responses.size()));
    for (int step = 0; step < 20; ++step) {
      const size_t r = random.Below(responses.size());
      for (const uint32_t token : text(random.Below(4))) responses[r].push_back(token);
      drafter.Read(static_cast<uint32_t>(r), responses[r]);
      const Guess got = drafter.Next(static_cast<uint32_t>(r), 6);
      const Guess wanted = Wanted(prompt, responses, r, 6);
      ASSERT_EQ(got.match, wanted.match);
      ASSERT_EQ(got.token_ids, wanted.token_ids);
    }
  }
}

}  // namespace
}  // namespace drover::actor
