// How far a share that was measured on few questions can be from the one that it stands for.
#pragma once

#include <string>

namespace drover::run {

struct Interval {
  double low = 0;
  double high = 1;
};

// Wilson's 95 % interval of a share of `n` independent trials; [0, 1] when there are none.
Interval ShareInterval(double share, double n);

// "0.512 [0.469, 0.555]".
std::string ShareText(double share, double n);

}  // namespace drover::run
