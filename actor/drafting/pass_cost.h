// What a pass costs by its rows, learned from passes that were timed. Pure: it knows no clock.
//
//   log(seconds of a pass of r rows) = level + rise(2) + ... + rise(r),   rise(j) = slope x granted(j) + own(j)
//
// granted(j) = log((8 + j) / (7 + j)): before any pass was timed one is taken to cost as much as kFixedRows rows beside its
// own, which is what reading the weights takes. `slope` stretches that for all rows. `own` is one row's alone: products go
// by tiles of rows, so that the seventh row may cost eight times as much as the sixth.
//
// A pass says something only beside those just before it: what slows all passes down for a while, whatever their rows (other
// work on the machine, contexts that grow), is no row's doing and goes into the level. By how much a pass took more or less
// than expected corrects slope and rows, each as far as it is unsure: a Kalman filter that takes them for independent. In
// time all is forgotten.
#pragma once

#include <array>
#include <cstdint>

namespace drover::actor {

class PassCost {
 public:
  static constexpr double kFixedRows = 8.0;
  static constexpr int64_t kOwnRows = 64;  // the first so many may each cost what no other does

  PassCost();

  // A pass of so many rows, at least 1, took so long.
  void Time(int64_t rows, double seconds);

  // log(seconds of a pass of so many rows / seconds of one of a row less): at least LeastRise. `row` is at least 2.
  double Rise(int64_t row) const;
  // A tenth of what is granted: no row is free.
  static double LeastRise(int64_t row);
  // Seconds of a pass of `more` rows by those of a pass of `rows`, which are no more.
  double Ratio(int64_t rows, int64_t more) const;

 private:
  struct Unknown {
    double value = 0.0, variance = 0.0;
  };
  // A number for each row that may have a cost of its own, by row; the first two are of no meaning.
  using Rows = std::array<double, kOwnRows + 1>;

  Rows Beside(int64_t rows) const;
  double Learn(const Rows& beside, double more_granted, double log_seconds);
  void Forget();
  void Remember(const Rows& beside, double more_granted, double log_seconds);

  Unknown slope_;
  std::array<Unknown, kOwnRows + 1> own_;
  double noise_;  // variance of log(seconds) of passes that are alike
  // Means over the passes just before.
  double level_ = 0.0;    // of log(seconds)
  double granted_ = 0.0;  // of what is granted for their rows together
  Rows had_ = {};         // share of them that had this row
  int64_t passes_ = 0;
};

}  // namespace drover::actor
