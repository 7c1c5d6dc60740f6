// Pairs of answers for tests: graded as bare answers, expected the same or different.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "verifier/grader.h"

namespace drover::verifier {

struct Pair {
  const char* gold;
  const char* response;
};

inline void ExpectReward(const std::vector<Pair>& pairs, double reward) {
  for (const Pair& pair : pairs) {
    const Verdict verdict =
        Grade({.golds = {pair.gold}, .response = pair.response, .already_extracted = true});
    EXPECT_EQ(verdict.reward, reward)
        << pair.gold << "   |   " << pair.response << "   |   " << ReasonName(verdict.reason);
  }
}
inline void ExpectSame(const std::vector<Pair>& pairs) { ExpectReward(pairs, 1); }
inline void ExpectDifferent(const std::vector<Pair>& pairs) { ExpectReward(pairs, 0); }

// The same for bare answers and for answers in a box, which are not searched for an answer within them.
inline void ExpectRewardEverywhere(const std::vector<Pair>& pairs, double reward) {
  ExpectReward(pairs, reward);
  for (const Pair& pair : pairs) {
    const Verdict verdict =
        Grade({.golds = {pair.gold}, .response = std::string("\\boxed{") + pair.response + "}"});
    EXPECT_EQ(verdict.reward, reward)
        << pair.gold << "   |   \\boxed{" << pair.response << "}   |   " << ReasonName(verdict.reason);
  }
}
inline void ExpectSameEverywhere(const std::vector<Pair>& pairs) { ExpectRewardEverywhere(pairs, 1); }
inline void ExpectDifferentEverywhere(const std::vector<Pair>& pairs) { ExpectRewardEverywhere(pairs, 0); }

}  // namespace drover::verifier
