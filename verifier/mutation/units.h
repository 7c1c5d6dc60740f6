// The units that the fuzzer knows, with what they measure: enough to exchange one by another.
#pragma once

#include <span>
#include <string>

namespace drover::verifier::mutation {

enum class Dimension { kShare, kAngle, kMoney, kLength, kArea, kVolume, kMass, kTime, kSpeed };

struct Unit {
  Dimension dimension;
  double scale;  // in units of the dimension that differ from no other by rounding
  const char* before;
  const char* after;
  int multiple = 0;               // so many times `smaller` is this unit, where there is one
  const char* smaller = nullptr;  // as written after a number
  const char* spelled = nullptr;  // another writing of the same unit
};

std::span<const Unit> Units();
// The unit written so, or null.
const Unit* FindUnit(const std::string& before, const std::string& after);

}  // namespace drover::verifier::mutation
