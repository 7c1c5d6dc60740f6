// A generator whose draws are the same on every machine (the standard's distributions are not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace drover::verifier::mutation {

class Rng {
 public:
  explicit Rng(uint64_t seed) : engine_(seed) {}
  // 0 .. n - 1; n > 0.
  size_t Below(size_t n) { return engine_() % n; }
  // low .. high, both included.
  int Between(int low, int high) {
    return low + static_cast<int>(Below(static_cast<size_t>(high - low) + 1));
  }
  bool Chance(int percent) { return Below(100) < static_cast<size_t>(percent); }
  template <typename Container>
  const auto& Of(const Container& choices) {
    return *(std::begin(choices) + Below(std::size(choices)));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace drover::verifier::mutation
