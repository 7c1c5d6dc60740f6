#include "group/versions.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace drover::group {
namespace {

// A response for each list of (version, count).
v1::Group MakeGroup(const std::vector<std::vector<std::pair<uint64_t, uint32_t>>>& responses) {
  v1::Group group;
  for (const auto& runs : responses) {
    v1::Response* response = group.add_responses();
    for (const auto& [version, count] : runs) {
      response->add_versions()->set_version(version);
      response->mutable_versions()->rbegin()->set_count(count);
    }
  }
  return group;
}

TEST(Versions, SpanAllResponses) {
  EXPECT_EQ(Versions(MakeGroup({{{5, 3}}})), (VersionSpan{5, 5}));
  EXPECT_EQ(Versions(MakeGroup({{{5, 3}, {6, 1}}, {{4, 2}}, {{5, 1}}})), (VersionSpan{4, 6}));
}

TEST(Versions, AreOfTokensAlone) {
  EXPECT_EQ(Versions(MakeGroup({})), std::nullopt);
  EXPECT_EQ(Versions(MakeGroup({{}, {{0, 0}}})), std::nullopt);
  EXPECT_EQ(Versions(MakeGroup({{{0, 0}, {7, 1}}})), (VersionSpan{7, 7}));
}

TEST(Staleness, IsOfTheOldestToken) {
  const v1::Group group = MakeGroup({{{5, 3}, {6, 1}}, {{4, 2}}});
  EXPECT_EQ(Staleness(group, 6), 2u);
  EXPECT_EQ(Staleness(group, 4), 0u);
  EXPECT_EQ(Staleness(group, 3), 0u) << "of an actor that missed a restart";
  EXPECT_EQ(Staleness(MakeGroup({}), 9), 0u);
}

}  // namespace
}  // namespace drover::group
