#include "actor/drafting/draft_policy.h"

#include <algorithm>
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
constexpr double kForgetPass = 1.0 - 1.0 / 128;
// The line through the passes is held to the cost that is taken for granted as by so many passes one row apart.
constexpr double kPriorRows = 16.0;
// A pass that took longer than so many times what was expected was held up by something else.
constexpr double kHeldUp = 3.0;

}  // namespace

DraftPolicy::Experience& DraftPolicy::Of(int32_t match) {
  return by_match_[std::clamp(match, 1, kLongestMatch)];
}

double DraftPolicy::Chance(int32_t match) const {
  const int32_t kind = std::clamp(match, 1, kLongestMatch);
  const Experience& known = by_match_[kind];
  return (known.right + kPriorTried * PriorChance(kind)) / (known.tried + kPriorTried);
}

double DraftPolicy::CostOfRow(int64_t rows) const {
  const auto at = static_cast<double>(rows);
  const double granted = 1.0 / (kFixedRows + at);
  if (passes_.count <= 0.0) return granted;
  const double mean_rows = passes_.rows / passes_.count, mean_seconds = passes_.seconds / passes_.count;
  const double spread = passes_.rows_rows - passes_.rows * mean_rows;
  const double rise = passes_.rows_seconds - passes_.rows * mean_seconds;
  const double granted_slope = mean_seconds / (kFixedRows + mean_rows);
  const double fitted = (rise + kPriorRows * granted_slope) / (spread + kPriorRows);
  // No line that falls, and none by which a pass of no rows would cost less than nothing.
  const double slope = std::clamp(fitted, granted_slope / 8, mean_seconds / mean_rows);
  return slope / (mean_seconds + slope * (at - mean_rows));
}

bool DraftPolicy::MayPay(int64_t rows) const {
  double best = 0.0;
  for (int32_t match = 1; match <= kLongestMatch; ++match) best = std::max(best, Chance(match));
  return best > margin_ * static_cast<double>(rows) * CostOfRow(rows);
}

std::vector<int32_t> DraftPolicy::Choose(int64_t rows, absl::Span<const Offer> offers) const {
  std::vector<int32_t> chosen(offers.size());
  std::priority_queue<std::pair<double, size_t>> next;  // the chance to count, of which offer
  for (size_t i = 0; i < offers.size(); ++i) {
    if (offers[i].length > 0) next.emplace(Chance(offers[i].match), i);
  }
  const double row_cost = CostOfRow(rows);
  double worth = static_cast<double>(rows), cost = 1.0;
  while (!next.empty()) {
    const auto [chance, i] = next.top();
    next.pop();
    if (chance <= margin_ * worth * row_cost / cost) break;
    worth += chance;
    cost += row_cost;
    if (++chosen[i] < std::min(offers[i].length, kMostDrafts)) {
      next.emplace(chance * Chance(offers[i].match + chosen[i]), i);
    }
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
  const auto at = static_cast<double>(rows);
  if (passes_.count > 0.0) {
    const double mean_rows = passes_.rows / passes_.count, mean_seconds = passes_.seconds / passes_.count;
    const double expected =
        mean_seconds * (1.0 + CostOfRow(static_cast<int64_t>(mean_rows)) * (at - mean_rows));
    seconds = std::min(seconds, kHeldUp * std::max(expected, mean_seconds));
  }
  for (double* sum :
       {&passes_.count, &passes_.rows, &passes_.seconds, &passes_.rows_rows, &passes_.rows_seconds}) {
    *sum *= kForgetPass;
  }
  passes_.count += 1.0;
  passes_.rows += at;
  passes_.seconds += seconds;
  passes_.rows_rows += at * at;
  passes_.rows_seconds += at * seconds;
}

}  // namespace drover::actor
