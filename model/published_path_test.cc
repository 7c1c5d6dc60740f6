#include "model/published_path.h"

#include <gtest/gtest.h>

namespace drover::model {
namespace {

TEST(PublishedPath, TheLastPartIsTheName) {
  EXPECT_EQ(PublishedPath("/m/qwen"), "/m/qwen");
  EXPECT_EQ(PublishedPath("/m/qwen/"), "/m/qwen");
  EXPECT_EQ(PublishedPath("/m/x/../qwen/."), "/m/qwen");
  EXPECT_EQ(PublishedPath("qwen"), std::filesystem::current_path() / "qwen");
  EXPECT_EQ(PublishedPath("/"), "/");
}

TEST(PublishedPath, SnapshotsOfHuggingFacesCache) {
  const std::filesystem::path hub = "/home/me/.cache/huggingface/hub";
  EXPECT_EQ(PublishedPath(hub / "models--Qwen--Qwen2.5-Math-7B/snapshots/b101308f"),
            hub / "b101308f/Qwen/Qwen2.5-Math-7B");
  EXPECT_EQ(PublishedPath(hub / "models--gpt2/snapshots/607a30d7/"), hub / "607a30d7/gpt2");
  EXPECT_EQ(PublishedPath("/runs/snapshots/5"), "/runs/snapshots/5");
  EXPECT_EQ(PublishedPath("/m/models--a--b"), "/m/models--a--b");
}

}  // namespace
}  // namespace drover::model
