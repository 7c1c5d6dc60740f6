// Counter-based random numbers: a draw is a pure function of what it is for, never of who draws it or when
// (design, invariant 4). Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC
// 2011).
#pragma once

#include <array>
#include <cstdint>

namespace drover {

// One Philox4x32-10 block.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// What a stream of random numbers is for: streams of different purposes never share a draw.
enum class RandomPurpose : uint32_t {
  kSampling = 1,
  kPromptOrder = 2,
  kMinibatchOrder = 3,
  kRewardShuffle = 4,
  kQuestions = 5,
  kInitialWeights = 6,
  kBackoff = 7,
  kResampling = 8
};

// The uniform number in [0, 1) with 53 random bits of (run seed, group, response, position): the draw that
// picks the token at `position` (0 is the first response token) of response `response` of group `group`.
double SamplingUniform(uint64_t run_seed, uint64_t group, uint32_t response, uint32_t position);

// A sequential stream for one purpose and one `stream` number (a step, a data set, ...). Satisfies
// UniformRandomBitGenerator; the same on every machine.
class RandomStream {
 public:
  using result_type = uint64_t;
  RandomStream(uint64_t run_seed, RandomPurpose purpose, uint64_t stream);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  // Uniform in [0, 1), 53 bits.
  double Uniform();
  // Uniform in [0, n), without modulo bias. n > 0.
  uint64_t Below(uint64_t n);

 private:
  uint64_t seed_;
  uint32_t purpose_;
  uint64_t stream_;
  uint64_t next_ = 0;
};

// Fisher-Yates with RandomStream (std::shuffle's draws differ between standard libraries).
template <typename Container>
void Shuffle(Container& items, RandomStream& random) {
  for (uint64_t i = items.size(); i > 1; --i) {
    using std::swap;
    swap(items[i - 1], items[random.Below(i)]);
  }
}

}  // namespace drover
