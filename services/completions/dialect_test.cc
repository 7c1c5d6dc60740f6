#include "services/completions/dialect.h"

#include <gtest/gtest.h>

namespace drover::completions {
namespace {

evaluation::Sampling KeepStop() {
  evaluation::Sampling sampling;
  sampling.stop = {"</answer>"};
  sampling.keep_stop = true;
  return sampling;
}

const Request kCompletion{.model = "m", .prompt = "p"};
const Request kChat{.model = "m", .prompt = "", .messages = "[]"};
const Refusal kMaxTokens{.message = "no", .code = "unsupported_parameter", .param = "max_tokens"};

Answer Said(const char* text) { return {{{text, "stop", {}}}, {}}; }

TEST(DialectTest, NewerChatsNameTheLimitOtherwise) {
  DialectFinder finder;
  EXPECT_FALSE(finder.OnRefusal({}, kCompletion, {}, kMaxTokens));
  EXPECT_TRUE(finder.OnRefusal({}, kChat, {}, kMaxTokens));
  EXPECT_TRUE(finder.dialect().max_completion_tokens);
  EXPECT_FALSE(finder.OnRefusal(finder.dialect(), kChat, {}, kMaxTokens));  // it was not the name
}

TEST(DialectTest, ARefusalOfTheKeptStopIsTriedOnceWithout) {
  DialectFinder finder;
  EXPECT_FALSE(finder.OnRefusal({}, kCompletion, {}, {}));  // nothing of ours was in it
  EXPECT_TRUE(finder.OnRefusal({}, kCompletion, KeepStop(), {}));
  EXPECT_TRUE(finder.OnRefusal({}, kCompletion, KeepStop(), {}));  // an older request of another thread
  EXPECT_FALSE(finder.OnRefusal(finder.dialect(), kCompletion, KeepStop(), {}));
}

TEST(DialectTest, AServerThatLeavesStopsOutIsAskedWithoutThem) {
  DialectFinder finder;
  EXPECT_TRUE(finder.OnAnswer({}, {}, Said("5")));  // nothing has to be kept
  EXPECT_FALSE(finder.OnAnswer({}, KeepStop(), Said("5")));
  EXPECT_FALSE(finder.dialect().include_stop);
  EXPECT_TRUE(finder.OnAnswer(finder.dialect(), KeepStop(), Said("5")));
}

TEST(DialectTest, AServerThatKeptOneIsBelieved) {
  DialectFinder finder;
  EXPECT_TRUE(finder.OnAnswer({}, KeepStop(), Said("5</answer>")));
  EXPECT_TRUE(finder.OnAnswer({}, KeepStop(), Said("5")));  // ended by itself
  EXPECT_TRUE(finder.dialect().include_stop);
}

}  // namespace
}  // namespace drover::completions
