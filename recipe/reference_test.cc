#include "recipe/reference.h"

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::recipe {
namespace {

TEST(Reference, PageIsCurrent) {
  std::stringstream page;
  page << std::ifstream("docs/reference/recipe.md").rdbuf();
  EXPECT_EQ(page.str(), ReferenceMarkdown())
      << "out of date: run build/bin/drover-recipe-reference > docs/reference/recipe.md";
}

TEST(Reference, Rows) {
  EXPECT_THAT(
      ReferenceMarkdown(),
      testing::HasSubstr(
          "| `rollout.group_size` | whole number ≥ 2, ≤ 4096 | `8` | responses | **Fixed.** Responses per"));
  EXPECT_THAT(ReferenceMarkdown(), testing::HasSubstr("| `rollout.top_p` | number > 0, ≤ 1 | `1` |"));
}

}  // namespace
}  // namespace drover::recipe
