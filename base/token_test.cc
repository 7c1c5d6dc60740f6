#include "base/token.h"

#include <gtest/gtest.h>

#include <set>

namespace drover {
namespace {

TEST(UnguessableToken, IsHexadecimalAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = UnguessableToken();
    EXPECT_EQ(token.size(), 32u);
    EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
  }
}

}  // namespace
}  // namespace drover
