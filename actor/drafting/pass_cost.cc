#include "actor/drafting/pass_cost.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace drover::actor {
namespace {

// Of the sum of granted(2) to granted(row): log((8 + row) / 9).
double GrantedUpTo(int64_t row) {
  return std::log((PassCost::kFixedRows + static_cast<double>(row)) / (PassCost::kFixedRows + 1.0));
}
double Granted(int64_t row) {
  return std::log1p(1.0 / (PassCost::kFixedRows - 1.0 + static_cast<double>(row)));
}

constexpr double kSlopeVariance = 1.0;  // before anything is known
double OwnVariance(int64_t row) { return 0.5 * Granted(row) * Granted(row); }
constexpr double kNoise = 0.01, kLeastNoise = 1e-4;

constexpr double kJustBefore = 1.0 / 8;  // a pass's part in the means over those just before
constexpr double kNoiseKept = 1.0 / 64;
constexpr double kForgotten = 1.0 / 2048;  // by each pass
constexpr double kMostSlope = 8.0;
// A surprise of more standard deviations is taken for so many: something else held the pass up.
constexpr double kMostSurprise = 3.0;

}  // namespace

PassCost::PassCost() : slope_{1.0, kSlopeVariance}, noise_(kNoise) {
  for (int64_t row = 2; row <= kOwnRows; ++row) own_[row] = {0.0, OwnVariance(row)};
}

double PassCost::LeastRise(int64_t row) { return 0.1 * Granted(row); }

double PassCost::Rise(int64_t row) const {
  const double own = row <= kOwnRows ? own_[row].value : 0.0;
  return std::max(LeastRise(row), slope_.value * Granted(row) + own);
}

double PassCost::Ratio(int64_t rows, int64_t more) const {
  double rise = 0.0;
  for (int64_t row = rows + 1; row <= more; ++row) rise += Rise(row);
  return std::exp(rise);
}

// By which rows a pass differs from those just before: 1 where it has one that they had not, -1 where they had one that it
// has not.
PassCost::Rows PassCost::Beside(int64_t rows) const {
  Rows beside = {};
  for (int64_t row = 2; row <= kOwnRows; ++row) beside[row] = (row <= rows ? 1.0 : 0.0) - had_[row];
  return beside;
}

// Returns log(seconds) without what something else added.
double PassCost::Learn(const Rows& beside, double more_granted, double log_seconds) {
  double expected = level_ + slope_.value * more_granted;
  double variance = noise_ + slope_.variance * more_granted * more_granted;
  for (int64_t row = 2; row <= kOwnRows; ++row) {
    expected += own_[row].value * beside[row];
    variance += own_[row].variance * beside[row] * beside[row];
  }
  const double most = kMostSurprise * std::sqrt(variance);
  const double surprise = std::clamp(log_seconds - expected, -most, most);
  const auto correct = [&](Unknown& unknown, double share) {
    const double gain = unknown.variance * share / variance;
    unknown.value += gain * surprise;
    unknown.variance *= 1.0 - gain * share;
  };
  correct(slope_, more_granted);
  slope_.value = std::clamp(slope_.value, 0.0, kMostSlope);
  for (int64_t row = 2; row <= kOwnRows; ++row) correct(own_[row], beside[row]);
  noise_ += kNoiseKept * noise_ * (surprise * surprise / variance - 1.0);
  noise_ = std::max(noise_, kLeastNoise);
  return expected + surprise;
}

void PassCost::Forget() {
  slope_.value += kForgotten * (1.0 - slope_.value);
  slope_.variance += kForgotten * (kSlopeVariance - slope_.variance);
  for (int64_t row = 2; row <= kOwnRows; ++row) {
    own_[row].value -= kForgotten * own_[row].value;
    own_[row].variance += kForgotten * (OwnVariance(row) - own_[row].variance);
  }
}

void PassCost::Remember(const Rows& beside, double more_granted, double log_seconds) {
  ++passes_;
  const double part = std::max(kJustBefore, 1.0 / static_cast<double>(passes_));
  level_ += part * (log_seconds - level_);
  granted_ += part * more_granted;
  for (int64_t row = 2; row <= kOwnRows; ++row) had_[row] += part * beside[row];
}

void PassCost::Time(int64_t rows, double seconds) {
  DROVER_CHECK(rows >= 1);
  double log_seconds = std::log(std::max(seconds, 1e-9));  // a clock may have stood still
  const Rows beside = Beside(rows);
  const double more_granted = GrantedUpTo(rows) - granted_;
  if (passes_ > 0) {
    log_seconds = Learn(beside, more_granted, log_seconds);
    Forget();
  }
  Remember(beside, more_granted, log_seconds);
}

}  // namespace drover::actor
