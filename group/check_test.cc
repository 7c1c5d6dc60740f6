#include "group/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace drover::group {
namespace {

using testing::HasSubstr;

v1::Group GoodGroup() {
  v1::Group group;
  group.set_group(4);
  group.set_lease(17);
  group.add_prompt_token_ids(3);
  for (int i = 0; i < 2; ++i) {
    v1::Response* response = group.add_responses();
    for (int t = 0; t < 3; ++t) {
      response->add_token_ids(t);
      response->add_logprobs(-1.0f);
    }
    response->add_versions()->set_version(2);
    response->mutable_versions(0)->set_count(3);
    response->set_finish_reason(v1::FINISH_REASON_STOP);
  }
  return group;
}

GroupLimits Limits() {
  GroupLimits limits;
  limits.vocab_size = 10;
  limits.max_positions = 5;
  limits.max_prompt_tokens = 3;
  limits.max_response_tokens = 4;
  limits.min_reward = -2;
  limits.max_reward = 5;
  return limits;
}

TEST(CheckGroup, TakesAGoodGroup) { EXPECT_TRUE(CheckGroup(GoodGroup(), Limits()).ok()); }

TEST(CheckGroup, TakesWhatIsAtTheLimits) {
  v1::Group group = GoodGroup();
  group.mutable_responses(0)->set_reward(-2);
  group.mutable_responses(1)->set_reward(5);
  group.mutable_responses(0)->set_token_ids(0, 9);
  group.add_prompt_token_ids(9);
  EXPECT_TRUE(CheckGroup(group, Limits()).ok());
  GroupLimits limits = Limits();
  limits.min_responses = 1;
  group.mutable_responses()->RemoveLast();
  EXPECT_TRUE(CheckGroup(group, limits).ok());
}

struct Case {
  const char* name;
  std::function<void(v1::Group&)> spoil;
  const char* error;
};

class CheckGroupRefuses : public testing::TestWithParam<Case> {};

TEST_P(CheckGroupRefuses, NamingWhatIsWrong) {
  v1::Group group = GoodGroup();
  GetParam().spoil(group);
  const absl::Status status = CheckGroup(group, Limits());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_EQ(message.find("group."), 0u) << message;
  EXPECT_THAT(message, HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckGroupRefuses,
    testing::Values(
        Case{"one", [](v1::Group& g) { g.mutable_responses()->RemoveLast(); }, "at least 2"},
        Case{"noprompt", [](v1::Group& g) { g.clear_prompt_token_ids(); },
             "group.prompt_token_ids: 0 tokens"},
        Case{"promptid", [](v1::Group& g) { g.set_prompt_token_ids(0, 10); },
             "group.prompt_token_ids[0]: 10, but the vocabulary has 10"},
        Case{"id", [](v1::Group& g) { g.mutable_responses(1)->set_token_ids(2, 99); },
             "group.responses[1].token_ids[2]: 99"},
        Case{"empty", [](v1::Group& g) { g.mutable_responses(0)->clear_token_ids(); },
             "group.responses[0].token_ids: 0 tokens; the limit allows 1 to 4"},
        Case{"long",
             [](v1::Group& g) {
               for (int i = 0; i < 2; ++i) g.mutable_responses(0)->add_token_ids(1);
             },
             "5 tokens; the limit allows 1 to 4"},
        Case{"positions",
             [](v1::Group& g) {
               for (int i = 0; i < 2; ++i) g.add_prompt_token_ids(1);
             },
             "have 6 tokens; the model has 5"},
        Case{"missing", [](v1::Group& g) { g.mutable_responses(0)->mutable_logprobs()->RemoveLast(); },
             "group.responses[0].logprobs: 2 for 3 tokens"},
        Case{"nan", [](v1::Group& g) { g.mutable_responses(0)->set_logprobs(1, NAN); },
             "group.responses[0].logprobs[1]: nan"},
        Case{"positive", [](v1::Group& g) { g.mutable_responses(0)->set_logprobs(1, 0.5f); }, "at most 0"},
        Case{"runs", [](v1::Group& g) { g.mutable_responses(0)->mutable_versions(0)->set_count(2); },
             "the counts add up to 2, but there are 3"},
        Case{"overflow",
             [](v1::Group& g) {
               g.mutable_responses(0)->mutable_versions(0)->set_count(4294967295u);
               g.mutable_responses(0)->add_versions()->set_count(4);
               g.mutable_responses(0)->mutable_versions(1)->set_version(2);
             },
             "4294967299"},
        Case{"mixed",
             [](v1::Group& g) {
               g.mutable_responses(0)->mutable_versions(0)->set_count(2);
               v1::VersionRun* run = g.mutable_responses(0)->add_versions();
               run->set_version(3);
               run->set_count(1);
             },
             "versions[1].version: 3 after 2"},
        Case{"backwards",
             [](v1::Group& g) {
               g.mutable_responses(0)->mutable_versions(0)->set_count(2);
               g.mutable_responses(0)->add_versions()->set_count(1);
             },
             "versions never go back"},
        Case{"emptyrun", [](v1::Group& g) { g.mutable_responses(0)->add_versions()->set_version(2); },
             "versions[1].count: 0"},
        Case{"reason", [](v1::Group& g) { g.mutable_responses(0)->clear_finish_reason(); },
             "finish_reason: 0"},
        Case{"longprompt",
             [](v1::Group& g) {
               for (int i = 0; i < 3; ++i) g.add_prompt_token_ids(1);
             },
             "group.prompt_token_ids: 4 tokens; the limit allows 1 to 3"},
        Case{"infinite", [](v1::Group& g) { g.mutable_responses(1)->set_reward(INFINITY); },
             "group.responses[1].reward: inf"},
        Case{"nanreward", [](v1::Group& g) { g.mutable_responses(1)->set_reward(NAN); }, "reward: nan"},
        Case{"huge", [](v1::Group& g) { g.mutable_responses(0)->set_reward(-1e300); },
             "reward: -1e+300; reward.min and reward.max allow -2 to 5"},
        Case{"toohigh", [](v1::Group& g) { g.mutable_responses(0)->set_reward(5.5); }, "reward: 5.5"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(CheckGroup, MixedVersionsNeedRecordedLogprobs) {
  v1::Group group = GoodGroup();
  group.mutable_responses(0)->mutable_versions(0)->set_count(2);
  v1::VersionRun* run = group.mutable_responses(0)->add_versions();
  run->set_version(3);
  run->set_count(1);
  GroupLimits limits = Limits();
  limits.allow_mixed_versions = true;
  EXPECT_TRUE(CheckGroup(group, limits).ok());
}

}  // namespace
}  // namespace drover::group
