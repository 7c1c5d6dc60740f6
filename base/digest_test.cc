#include "base/digest.h"

#include <gtest/gtest.h>

namespace drover {
namespace {

// The values of the xxHash specification's own sanity tests for the empty input.
TEST(DigestTest, EmptyInputMatchesTheSpecification) {
  EXPECT_EQ(Hash64(""), 0x2D06800538D394C2ULL);
  EXPECT_EQ(HexDigest(""), "99aa06d3014798d86001c324468d497f");
}

TEST(DigestTest, StreamedEqualsWhole) {
  std::string data(100'003, 'x');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 31 + i / 7);
  Digester digester;
  for (size_t at = 0, step = 1; at < data.size(); at += step, step = step * 2 + 1) {
    digester.Update(std::string_view(data).substr(at, step));
  }
  EXPECT_EQ(digester.Hex(), HexDigest(data));
}

TEST(DigestTest, OneBitChangesTheDigest) {
  std::string data(4096, 'a');
  const std::string before = HexDigest(data);
  data[4000] ^= 1;
  EXPECT_NE(HexDigest(data), before);
}

}  // namespace
}  // namespace drover
