#include "actor/drafting/draft_policy.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>

#include "base/check.h"

namespace drover::actor {
namespace {

// What is taken for granted before there is experience: high enough that each kind is tried where a row costs little.
constexpr double kPriorTried = 8.0;
double PriorChance(int32_t match) { return std::min(0.8, 0.2 + 0.1 * match); }

constexpr double kForgetGuess = 1.0 - 1.0 / 128;    // by each guess of the kind
constexpr double kForgetInPass = 1.0 - 1.0 / 2048;  // by each pass, whatever it worked on

}  // namespace

DraftPolicy::Experience& DraftPolicy::Of(int32_t match) {
  return by_match_[std::clamp(match, 1, kLongestMatch)];
}

double DraftPolicy::Chance(int32_t match) const {
  const int32_t kind = std::clamp(match, 1, kLongestMatch);
  const Experience& known = by_match_[kind];
  return (known.right + kPriorTried * PriorChance(kind)) / (known.tried + kPriorTried);
}

// As if there were as many guesses of the likeliest kind as there can be.
bool DraftPolicy::MayPay(int64_t rows) const {
  double best = 0.0;
  for (int32_t match = 1; match <= kLongestMatch; ++match) best = std::max(best, Chance(match));
  double rise = 0.0;
  const int64_t most = std::min(kMostDrafts * rows, PassCost::kOwnRows);  // behind that are no stairs
  for (int64_t more = 1; more <= most; ++more) {
    rise += cost_.Rise(rows + more);
    const double gain = best * static_cast<double>(more) / static_cast<double>(rows);
    if (gain > margin_ * std::expm1(rise)) return true;
  }
  return false;
}

// Looks on behind guesses that do not pay: the next may cost less, where rows share a tile.
std::vector<int32_t> DraftPolicy::Choose(int64_t rows, absl::Span<const Offer> offers) const {
  std::vector<int32_t> taken(offers.size()), chosen(offers.size());
  std::priority_queue<std::pair<double, size_t>> next;  // the chance to count, of which offer
  for (size_t i = 0; i < offers.size(); ++i) {
    if (offers[i].length > 0) next.emplace(Chance(offers[i].match), i);
  }
  double worth = static_cast<double>(rows), rise = 0.0, best = worth;
  const double least = std::min(margin_, 1.0) * worth;  // a chance must be worth more, by what its row costs
  for (int64_t row = rows + 1; !next.empty(); ++row) {
    const auto [chance, i] = next.top();
    next.pop();
    if (chance <= least * PassCost::LeastRise(row)) break;  // nor do later ones
    worth += chance;
    rise += cost_.Rise(row);
    if (++taken[i] < std::min(offers[i].length, kMostDrafts)) {
      next.emplace(chance * Chance(offers[i].match + taken[i]), i);
    }
    const double rate = worth / (1.0 + margin_ * std::expm1(rise));
    if (rate < best) continue;
    best = rate;
    chosen = taken;
  }
  return chosen;
}

void DraftPolicy::Learn(const Offer& offer, int32_t worked_on, int32_t right) {
  DROVER_CHECK(right <= worked_on);
  for (int32_t i = 0; i < std::min(worked_on, right + 1); ++i) {  // those after a wrong one say nothing
    Experience& known = Of(offer.match + i);
    known.tried = known.tried * kForgetGuess + 1.0;
    known.right = known.right * kForgetGuess + (i < right ? 1.0 : 0.0);
  }
}

void DraftPolicy::Time(int64_t rows, double seconds) {
  for (Experience& known : by_match_) {
    known.tried *= kForgetInPass;
    known.right *= kForgetInPass;
  }
  cost_.Time(rows, seconds);
}

}  // namespace drover::actor
