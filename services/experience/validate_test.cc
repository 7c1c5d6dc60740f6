// One broken field at a time; each error names it.
#include "services/experience/validate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

v1::Lease TheLease() {
  v1::Lease lease;
  lease.set_lease(5);
  lease.set_group(4);
  lease.set_incarnation(2);
  lease.mutable_prompt()->set_index(3);
  lease.mutable_prompt()->set_text("1+1=");
  lease.mutable_sampling()->set_group_size(2);
  lease.mutable_sampling()->set_max_tokens(3);
  lease.set_trace_id("g4-l5");
  return lease;
}

group::GroupLimits Limits() {
  group::GroupLimits limits;
  limits.vocab_size = 7 + 1;
  limits.max_positions = 8;
  limits.max_prompt_tokens = 4;
  return limits;
}

TEST(ValidateTest, AGoodGroupPasses) {
  const absl::Status status = ValidateGroup(testing::Answer(TheLease(), 1), TheLease(), Limits());
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ValidateTest, EachBrokenFieldIsNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const struct {
    std::string field;
    std::function<void(v1::Group&)> breaks;
  } cases[] = {
      {"group.lease", [](v1::Group& g) { g.set_lease(6); }},
      {"group.group", [](v1::Group& g) { g.set_group(5); }},
      {"group.incarnation", [](v1::Group& g) { g.set_incarnation(1); }},
      {"group.actor", [](v1::Group& g) { g.set_actor(""); }},
      {"group.actor", [](v1::Group& g) { g.set_actor(std::string(129, 'a')); }},
      {"group.trace_id", [](v1::Group& g) { g.set_trace_id("other"); }},
      {"group.prompt.index", [](v1::Group& g) { g.mutable_prompt()->set_index(4); }},
      {"group.prompt", [](v1::Group& g) { g.mutable_prompt()->set_text("1+2="); }},
      {"group.prompt_token_ids", [](v1::Group& g) { g.clear_prompt_token_ids(); }},
      {"group.responses", [](v1::Group& g) { g.mutable_responses()->RemoveLast(); }},
      {"group.responses", [](v1::Group& g) { *g.add_responses() = g.responses(0); }},
      {"group.responses[1].token_ids", [](v1::Group& g) { g.mutable_responses(1)->clear_token_ids(); }},
      {"group.responses[1].token_ids", [](v1::Group& g) { g.mutable_responses(1)->add_token_ids(1); }},
      {"group.responses[0].logprobs", [](v1::Group& g) { g.mutable_responses(0)->add_logprobs(-1); }},
      {"group.responses[0].logprobs[2]", [](v1::Group& g) { g.mutable_responses(0)->set_logprobs(2, 0.5f); }},
      {"group.responses[0].logprobs[0]",
       [](v1::Group& g) { g.mutable_responses(0)->set_logprobs(0, -INFINITY); }},
      {"group.responses[0].logprobs[0]", [&](v1::Group& g) { g.mutable_responses(0)->set_logprobs(0, nan); }},
      {"group.responses[1].versions", [](v1::Group& g) { g.mutable_responses(1)->clear_versions(); }},
      {"group.responses[1].versions[0].count",
       [](v1::Group& g) { g.mutable_responses(1)->mutable_versions(0)->set_count(0); }},
      {"group.responses[1].versions",
       [](v1::Group& g) { g.mutable_responses(1)->mutable_versions(0)->set_count(4294967295u); }},
      {"group.responses[1].versions[1].version",
       [](v1::Group& g) {
         g.mutable_responses(1)->mutable_versions(0)->set_count(2);
         g.mutable_responses(1)->add_versions()->set_count(1);
       }},
      {"group.responses[0].finish_reason",
       [](v1::Group& g) { g.mutable_responses(0)->set_finish_reason(v1::FINISH_REASON_UNSPECIFIED); }},
      {"group.responses[1].reward", [&](v1::Group& g) { g.mutable_responses(1)->set_reward(nan); }},
      // What training would refuse is refused here already.
      {"group.responses[1].reward", [&](v1::Group& g) { g.mutable_responses(1)->set_reward(-1e300); }},
      {"group.prompt_token_ids[0]", [](v1::Group& g) { g.set_prompt_token_ids(0, 8); }},
      {"group.prompt_token_ids", [](v1::Group& g) { g.mutable_prompt_token_ids()->Resize(5, 1); }},
      {"group.responses[0].token_ids[1]", [](v1::Group& g) { g.mutable_responses(0)->set_token_ids(1, 8); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.field);
    v1::Group group = testing::Answer(TheLease(), 1);
    c.breaks(group);
    const absl::Status status = ValidateGroup(group, TheLease(), Limits());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message().find(c.field), 0u) << status;
  }
}

TEST(ValidateTest, LongGradeTextsAreCut) {
  v1::Group group = testing::Answer(TheLease(), 1);
  group.mutable_responses(0)->set_extracted(std::string(30 << 20, '7'));
  group.mutable_responses(0)->set_reason(std::string(5000, 'r'));
  group.mutable_responses(1)->set_extracted("42");
  CutGradeTexts(group);
  EXPECT_EQ(group.responses(0).extracted(), std::string(kMaxExtracted, '7'));
  EXPECT_EQ(group.responses(0).reason().size(), kMaxGradeReason);
  EXPECT_EQ(group.responses(1).extracted(), "42");
}

// The largest group that could be has room; what a recipe of small groups lets a peer send is small.
TEST(ValidateTest, TheBoundOfAMessageFollowsTheRecipe) {
  v1::SamplingParams sampling;
  sampling.set_group_size(8);
  sampling.set_max_tokens(3000);
  group::GroupLimits limits = Limits();
  limits.max_prompt_tokens = 1024;
  v1::Group group;
  for (int i = 0; i < 1024; ++i) group.add_prompt_token_ids(4000000000u);
  for (int r = 0; r < 8; ++r) {
    v1::Response& response = *group.add_responses();
    for (int t = 0; t < 3000; ++t) {
      response.add_token_ids(4000000000u);
      response.add_logprobs(-1);
      response.add_versions()->set_version(1u << 30);
      response.mutable_versions(t)->set_count(1);
    }
    response.set_text(std::string(3000 * 100, 'x'));
    response.set_extracted(std::string(kMaxExtracted, 'x'));
  }
  EXPECT_LT(group.ByteSizeLong(), MaxGroupBytes(sampling, limits));
  EXPECT_LT(MaxGroupBytes(sampling, limits), uint64_t{16} << 20);
  sampling.set_max_tokens(1 << 20);
  EXPECT_EQ(MaxGroupBytes(sampling, limits), uint64_t{64} << 20);
}

TEST(ValidateTest, Requests) {
  v1::LeaseGroupsRequest lease;
  EXPECT_EQ(ValidateRequest(lease).message().find("actor"), 0u);
  lease.set_actor("a");
  EXPECT_EQ(ValidateRequest(lease).message().find("max_leases"), 0u);
  lease.set_max_leases(1);
  EXPECT_TRUE(ValidateRequest(lease).ok());
  for (double seconds : {-1.0, 1e9, std::nan("")}) {
    lease.set_wait_seconds(seconds);
    EXPECT_EQ(ValidateRequest(lease).message().find("wait_seconds"), 0u);
  }
  v1::RenewLeasesRequest renew;
  renew.set_actor("a");
  EXPECT_TRUE(ValidateRequest(renew).ok());
  renew.add_leases(1);
  EXPECT_EQ(ValidateRequest(renew).message().find("tokens"), 0u);
  renew.add_tokens("t");
  EXPECT_TRUE(ValidateRequest(renew).ok());
  for (uint32_t i = 0; i <= kMaxLeasesPerCall; ++i) renew.add_leases(i);
  EXPECT_EQ(ValidateRequest(renew).message().find("leases"), 0u);
  v1::ReturnLeasesRequest give_back;
  give_back.set_actor("a");
  give_back.add_tokens("t");
  EXPECT_EQ(ValidateRequest(give_back).message().find("tokens"), 0u);
  give_back.add_leases(1);
  EXPECT_TRUE(ValidateRequest(give_back).ok());
  give_back.set_reason(std::string(kMaxReason + 1, 'x'));
  EXPECT_EQ(ValidateRequest(give_back).message().find("reason"), 0u);
}

}  // namespace
}  // namespace drover::experience
