#include "recipe/nearest.h"

#include "gtest/gtest.h"

namespace drover::recipe {
namespace {

TEST(Nearest, FindsTypos) {
  const std::vector<std::string> names = {"group_size", "prompts", "top_p", "top_k", "temperature"};
  EXPECT_EQ(Nearest("group_sizee", names), "group_size");
  EXPECT_EQ(Nearest("groupsize", names), "group_size");
  EXPECT_EQ(Nearest("gruop_size", names), "group_size");  // neighbours swapped
  EXPECT_EQ(Nearest("PROMPTS", names), "prompts");
  EXPECT_EQ(Nearest("temprature", names), "temperature");
  EXPECT_EQ(Nearest("top_q", names), "top_p");  // the first of equally near ones
}

TEST(Nearest, NothingNear) {
  const std::vector<std::string> names = {"group_size", "prompts"};
  EXPECT_EQ(Nearest("bananas", names), "");
  EXPECT_EQ(Nearest("", names), "");
  EXPECT_EQ(Nearest("x", {}), "");
  EXPECT_EQ(Nearest(std::string(1'000'000, 'a'), names), "");
}

}  // namespace
}  // namespace drover::recipe
