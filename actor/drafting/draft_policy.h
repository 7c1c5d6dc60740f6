// Decides how many guesses a pass works on. Pure: it is told what became of guesses and how long passes took, and knows
// neither clock nor model. What it decides changes how fast responses come and nothing else.
//
// So many are taken, the likeliest first, that tokens a second are the most that they can be:
//
//   (rows + sum of the guesses' chances to count) / (what the pass costs without them + margin x what they add)
//
// A guess counts if it and all before it of its response are right. The chance that one is right is learned by how many
// tokens its place has in common with the text before it (drafter.h): the second guess has one more than the first. What
// passes cost by their rows is pass_cost.h's. Experience is forgotten in time, so that what did not pay is tried again.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "actor/drafting/drafter.h"
#include "actor/drafting/pass_cost.h"

namespace drover::actor {

class DraftPolicy {
 public:
  static constexpr int32_t kMostDrafts = 16;  // of a response in a pass

  // What guesses add to a pass is counted `margin` times; by 0 every guess pays.
  explicit DraftPolicy(double margin = 1.2) : margin_(margin) {}

  // Whether, in a pass of `rows` tokens of as many responses, guesses could pay: else there is no need to look for any.
  bool MayPay(int64_t rows) const;

  struct Offer {
    int32_t match = 0;   // of the first guess, at least 1
    int32_t length = 0;  // guesses that there are
  };
  // How many of each offer's guesses the pass of `rows` tokens, of as many responses, is to work on, in the order of the
  // offers.
  std::vector<int32_t> Choose(int64_t rows, absl::Span<const Offer> offers) const;

  // Of an offer `worked_on` guesses were worked on, and the first `right` were right.
  void Learn(const Offer& offer, int32_t worked_on, int32_t right);
  // A pass of so many rows, guesses among them, took so long. No passes that read prompts.
  void Time(int64_t rows, double seconds);

  // The chance that a guess is right whose place has `match` tokens in common.
  double Chance(int32_t match) const;

 private:
  struct Experience {
    double tried = 0.0, right = 0.0;
  };

  Experience& Of(int32_t match);

  double margin_;
  std::array<Experience, kLongestMatch + 1> by_match_;
  PassCost cost_;
};

}  // namespace drover::actor
