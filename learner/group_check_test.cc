#include "learner/group_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace drover::learner {
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
  limits.max_positions = 8;
  limits.max_response_tokens = 4;
  return limits;
}

TEST(CheckGroup, TakesAGoodGroup) { EXPECT_TRUE(CheckGroup(GoodGroup(), Limits()).ok()); }

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
  EXPECT_THAT(message, HasSubstr("group 4 (lease 17)"));
  EXPECT_THAT(message, HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckGroupRefuses,
    testing::Values(
        Case{"one", [](v1::Group& g) { g.mutable_responses()->RemoveLast(); }, "at least 2"},
        Case{"noprompt", [](v1::Group& g) { g.clear_prompt_token_ids(); }, "prompt has no tokens"},
        Case{"promptid", [](v1::Group& g) { g.set_prompt_token_ids(0, 10); }, "prompt: token 0 is id 10"},
        Case{"id", [](v1::Group& g) { g.mutable_responses(1)->set_token_ids(2, 99); },
             "response 1: token 2 is id 99"},
        Case{"empty", [](v1::Group& g) { g.mutable_responses(0)->clear_token_ids(); }, "0 tokens; 1 to 4"},
        Case{"long",
             [](v1::Group& g) {
               for (int i = 0; i < 2; ++i) g.mutable_responses(0)->add_token_ids(1);
             },
             "5 tokens; 1 to 4"},
        Case{"positions",
             [](v1::Group& g) {
               for (int i = 0; i < 5; ++i) g.add_prompt_token_ids(1);
             },
             "have 9 tokens; the model has 8"},
        Case{"missing", [](v1::Group& g) { g.mutable_responses(0)->mutable_logprobs()->RemoveLast(); },
             "2 log-probabilities for 3 tokens"},
        Case{"nan", [](v1::Group& g) { g.mutable_responses(0)->set_logprobs(1, NAN); },
             "log-probability of token 1"},
        Case{"positive", [](v1::Group& g) { g.mutable_responses(0)->set_logprobs(1, 0.5f); }, "at most 0"},
        Case{"runs", [](v1::Group& g) { g.mutable_responses(0)->mutable_versions(0)->set_count(2); },
             "count 2 tokens, but there are 3"},
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
             "versions 2 and 3"},
        Case{"reward", [](v1::Group& g) { g.mutable_responses(1)->set_reward(INFINITY); }, "reward is inf"}),
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
}  // namespace drover::learner
