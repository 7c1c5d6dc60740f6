#include "evaluation/responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace drover::evaluation {
namespace {

using ::testing::HasSubstr;

TEST(Sampling, RefusesWhatCannotBeSampled) {
  EXPECT_TRUE(Sampling().Validate().ok());
  const auto why = [](auto change) {
    Sampling sampling;
    change(sampling);
    return std::string(sampling.Validate().message());
  };
  EXPECT_THAT(why([](Sampling& s) { s.temperature = -0.5; }), HasSubstr("temperature is -0.5"));
  EXPECT_THAT(why([](Sampling& s) { s.temperature = std::numeric_limits<double>::quiet_NaN(); }),
              HasSubstr("temperature is nan"));
  EXPECT_THAT(why([](Sampling& s) { s.top_p = 0; }), HasSubstr("top_p is 0"));
  EXPECT_THAT(why([](Sampling& s) { s.top_p = 1.5; }), HasSubstr("top_p is 1.5"));
  EXPECT_THAT(why([](Sampling& s) { s.min_p = -0.1; }), HasSubstr("min_p is -0.1"));
  EXPECT_THAT(why([](Sampling& s) { s.min_p = 1.1; }), HasSubstr("min_p is 1.1"));
  EXPECT_THAT(why([](Sampling& s) { s.max_response_tokens = 0; }), HasSubstr("at least 1"));
  EXPECT_THAT(why([](Sampling& s) { s.stop = {"a", ""}; }), HasSubstr("a stop text is empty"));
}

TEST(CheckAsks, NamesTheAsk) {
  const Ask good = {.id = "amc/1", .prompt = "1+1="};
  const Ask chat = {.id = "amc/2", .messages = R"([{"role":"user","content":"1+1="}])"};
  EXPECT_TRUE(CheckAsks({good, chat}).ok());
  EXPECT_TRUE(CheckAsks({}).ok());
  const auto why = [&](Ask ask) { return std::string(CheckAsks({good, ask}).message()); };
  EXPECT_THAT(why(good), HasSubstr("amc/1: is there twice"));
  EXPECT_THAT(why({.prompt = "1"}), HasSubstr("empty id"));
  EXPECT_THAT(why({.id = "x"}), HasSubstr("question x: its prompt is empty"));
  EXPECT_THAT(why({.id = "x", .prompt = "1", .n = 0}), HasSubstr("question x: n is 0"));
}

}  // namespace
}  // namespace drover::evaluation
