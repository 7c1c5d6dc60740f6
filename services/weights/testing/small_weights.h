// Small weight sets for tests.
#pragma once

#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/random.h"
#include "model/weight_set.h"

namespace drover::weights {

inline std::string RandomBytes(size_t size, uint64_t seed) {
  RandomStream random(seed, RandomPurpose::kInitialWeights, 0);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Two float32 tensors, of 10 x `columns` and `columns` elements; other bytes for every `seed`.
inline model::WeightSet TestWeights(uint64_t seed, int64_t columns = 100) {
  const std::string matrix = RandomBytes(static_cast<size_t>(10 * columns) * 4, seed);
  const std::string vector = RandomBytes(static_cast<size_t>(columns) * 4, seed + 1'000'000);
  auto weights = model::PackWeights(
      {{.name = "model.matrix", .dtype = model::Dtype::kF32, .shape = {10, columns}, .bytes = matrix},
       {.name = "model.vector", .dtype = model::Dtype::kF32, .shape = {columns}, .bytes = vector}});
  DROVER_CHECK(weights.ok());
  return *std::move(weights);
}

// All bytes, as they follow one another in a version.
inline std::string AllBytes(const model::WeightSet& weights) {
  std::string bytes;
  for (const model::WeightTensor& tensor : weights.tensors) bytes += *tensor.data;
  return bytes;
}

}  // namespace drover::weights
