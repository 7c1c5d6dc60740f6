#include "model/kernels/cpu/memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace drover::model::cpu {
namespace {

TEST(AllocateWeights, PiecesAreZeroAlignedAndTheirOwn) {
  std::mt19937_64 random(1);
  struct Piece {
    std::shared_ptr<void> memory;
    size_t bytes;
    unsigned char fill;
  };
  std::vector<Piece> pieces;
  for (int round = 0; round < 200; ++round) {
    const size_t bytes = 1 + random() % (round % 10 == 0 ? 20'000'000 : 100'000);
    Piece piece{AllocateWeights(bytes), bytes, static_cast<unsigned char>(round + 1)};
    ASSERT_NE(piece.memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(piece.memory.get()) % 64, 0u);
    const auto* const data = static_cast<const unsigned char*>(piece.memory.get());
    for (size_t i = 0; i < bytes; i += 997) ASSERT_EQ(data[i], 0) << "what an earlier piece held";
    std::memset(piece.memory.get(), piece.fill, bytes);
    pieces.push_back(std::move(piece));
    if (round % 3 == 0) pieces.erase(pieces.begin() + static_cast<long>(random() % pieces.size()));
  }
  for (const Piece& piece : pieces) {
    const auto* const data = static_cast<const unsigned char*>(piece.memory.get());
    for (size_t i = 0; i < piece.bytes; i += 997) ASSERT_EQ(data[i], piece.fill);
    ASSERT_EQ(data[piece.bytes - 1], piece.fill);
  }
}

TEST(AllocateWeights, MemoryThatCannotBeHadIsNull) {
  EXPECT_EQ(AllocateWeights(std::numeric_limits<size_t>::max() / 4), nullptr);
}

}  // namespace
}  // namespace drover::model::cpu
