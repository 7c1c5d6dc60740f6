#include "base/random.h"

#include "base/check.h"

namespace drover {
namespace {

uint32_t Low(uint64_t x) { return static_cast<uint32_t>(x); }
uint32_t High(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

double ToUniform(uint32_t high, uint32_t low) {
  const uint64_t bits = (uint64_t{high} << 32 | low) >> 11;
  return static_cast<double>(bits) * 0x1.0p-53;
}

// Mixes the purpose into a 64-bit key, so that purposes are different generators (splitmix64's finaliser).
uint64_t Mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9ULL;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBULL;
  return x ^ x >> 31;
}

std::array<uint32_t, 2> Key(uint64_t seed, uint32_t purpose) {
  const uint64_t key = Mix(seed + 0x9E3779B97F4A7C15ULL * (purpose + 1));
  return {Low(key), High(key)};
}

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {High(p1) ^ c[1] ^ k[0], Low(p1), High(p0) ^ c[3] ^ k[1], Low(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

double SamplingUniform(uint64_t run_seed, uint64_t group, uint32_t response, uint32_t position) {
  const auto block = Philox4x32({Low(group), High(group), response, position},
                                Key(run_seed, static_cast<uint32_t>(RandomPurpose::kSampling)));
  return ToUniform(block[0], block[1]);
}

RandomStream::RandomStream(uint64_t run_seed, RandomPurpose purpose, uint64_t stream)
    : seed_(run_seed), purpose_(static_cast<uint32_t>(purpose)), stream_(stream) {}

RandomStream::result_type RandomStream::operator()() {
  const uint64_t index = next_++;
  const auto block = Philox4x32({Low(stream_), High(stream_), Low(index), High(index)}, Key(seed_, purpose_));
  return uint64_t{block[0]} << 32 | block[1];
}

double RandomStream::Uniform() {
  const uint64_t bits = (*this)();
  return ToUniform(High(bits), Low(bits));
}

uint64_t RandomStream::Below(uint64_t n) {
  DROVER_CHECK(n > 0);
  const uint64_t limit = max() - max() % n;  // a multiple of n: draws at or above it would bias the remainder
  uint64_t draw = (*this)();
  while (draw >= limit) draw = (*this)();
  return draw % n;
}

}  // namespace drover
