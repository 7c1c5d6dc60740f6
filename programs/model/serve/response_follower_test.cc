#include "programs/model/serve/response_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actor/testing/groups.h"
#include "base/random.h"
#include "programs/model/serve/testing/scripted_generator.h"

namespace drover::serve {
namespace {

using ::testing::HasSubstr;

class ResponseFollowerTest : public ::testing::Test {
 protected:
  // The pieces in which a response is shown, with its end.
  struct Shown {
    std::vector<std::string> pieces;
    std::string joined;
    std::vector<ScoredToken> tokens;
    ChoicePart last;
  };
  Shown Follow(const std::string& says, const std::string& before = "", uint32_t max_tokens = 1000) {
    ScriptedGenerator generator(*tokenizer_);
    generator.script = [&says](const actor::GroupRequest&, uint32_t) { return says; };
    actor::GroupRequest group = actor::Request(1, {5}, 1, max_tokens);
    for (const std::string& stop : request_.stop) group.sampling.add_stop(stop);
    group.sampling.set_keep_stop(request_.keep_stop);
    group.top_tokens = request_.top_logprobs;
    EXPECT_TRUE(generator.Add(group).ok());
    ResponseFollower follower(*tokenizer_, request_, /*index=*/3, before);
    Shown shown;
    const auto take = [&](const actor::GroupProgress& progress) {
      shown.last = follower.Take(progress.responses[0],
                                 progress.top_tokens.empty() ? nullptr : &progress.top_tokens[0]);
      EXPECT_EQ(shown.last.index, 3u);
      if (!shown.last.text.empty()) shown.pieces.push_back(shown.last.text);
      shown.joined += shown.last.text;
      for (ScoredToken& token : shown.last.tokens) shown.tokens.push_back(std::move(token));
    };
    while (generator.groups() > 0) {
      const auto ended = generator.Step();
      if (ended.empty()) {
        take(*generator.Progress(1));
        EXPECT_EQ(shown.last.finish_reason, nullptr);
      } else {
        take({ended[0].responses, ended[0].top_tokens});
        final_text_ = ended[0].responses[0].text();
      }
    }
    EXPECT_TRUE(follower.ended());
    EXPECT_EQ(shown.joined, before + Lossy(final_text_));
    return shown;
  }

  const std::unique_ptr<model::Tokenizer> tokenizer_ = ByteTokenizer();
  ApiRequest request_;
  std::string final_text_;
};

TEST_F(ResponseFollowerTest, TextIsShownAsItComes) {
  const Shown shown = Follow("hello");
  EXPECT_EQ(shown.pieces, (std::vector<std::string>{"h", "e", "l", "l", "o"}));
  EXPECT_STREQ(shown.last.finish_reason, "stop");
  EXPECT_EQ(shown.last.stop_text, std::nullopt);
}

TEST_F(ResponseFollowerTest, NoHalfCharacters) {
  EXPECT_EQ(Follow("a\xE4\xBD\xA0\xF0\x9F\x98\x80z").pieces,
            (std::vector<std::string>{"a", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80", "z"}));
  EXPECT_EQ(Follow("\xE4\xBD").joined, "\xEF\xBF\xBD") << "one that never gets whole";
  EXPECT_EQ(Follow("\xE4"
                   "a")
                .joined,
            "\xEF\xBF\xBD"
            "a");
}

TEST_F(ResponseFollowerTest, NoHalfStopTexts) {
  request_.stop = {"END", "\n\n"};
  Shown shown = Follow("one\ntwo\n\nthree");
  EXPECT_EQ(shown.joined, "one\ntwo");
  for (const std::string& piece : shown.pieces) EXPECT_NE(piece, "\n") << "held until it is none";
  EXPECT_EQ(shown.last.stop_text, "\n\n");
  EXPECT_STREQ(shown.last.finish_reason, "stop");
  shown = Follow("EN EE ENEND");
  EXPECT_EQ(shown.joined, "EN EE EN");
  EXPECT_EQ(shown.last.stop_text, "END");
  shown = Follow("ends in EN");
  EXPECT_EQ(shown.joined, "ends in EN") << "the end shows what was held";
  EXPECT_EQ(shown.last.stop_text, std::nullopt);
}

TEST_F(ResponseFollowerTest, AStopTextThatStays) {
  request_.stop = {"END"};
  request_.keep_stop = true;
  const Shown shown = Follow("the END of it");
  EXPECT_EQ(shown.joined, "the END");
  EXPECT_EQ(shown.last.stop_text, "END");
}

TEST_F(ResponseFollowerTest, ASpecialTokenAsStopText) {
  request_.stop = {"<eos>"};
  const Shown shown = Follow("bye");
  EXPECT_EQ(shown.joined, "bye");
  EXPECT_EQ(shown.last.stop_text, "<eos>");
}

TEST_F(ResponseFollowerTest, CutAtTheLimit) {
  const Shown shown = Follow("abcdef", "", /*max_tokens=*/3);
  EXPECT_EQ(shown.joined, "abc");
  EXPECT_STREQ(shown.last.finish_reason, "length");
}

TEST_F(ResponseFollowerTest, EveryTokenIsScoredOnceWithItsOffset) {
  request_.logprobs = true;
  request_.top_logprobs = 2;
  request_.stop = {"zz"};
  const Shown shown = Follow(
      "a\xC3\xA9"
      "bzzz",
      "\xC3\xA9:");
  ASSERT_EQ(shown.tokens.size(), 6u);  // up to the second z
  const std::vector<size_t> offsets = {2, 3, 4, 4, 5, 6};
  for (size_t i = 0; i < shown.tokens.size(); ++i) {
    EXPECT_EQ(shown.tokens[i].offset, offsets[i]) << i;
    EXPECT_EQ(shown.tokens[i].bytes, std::string("a\xC3\xA9"
                                                 "bzz")
                                         .substr(i, 1));
    EXPECT_EQ(shown.tokens[i].logprob, -0.5F);
    ASSERT_EQ(shown.tokens[i].top.size(), 2u);
    EXPECT_EQ(shown.tokens[i].top[1].second, -1.5F);
  }
}

// Whatever is said and whatever stops: the pieces are whole characters, and joined the text that the engine cut. Follow expects the second.
TEST_F(ResponseFollowerTest, RandomTextsAndStops) {
  const std::vector<std::string> parts = {"a",        "b", "ab", "\xC3\xA9", "\xC3", "\xA9", "\xE4\xBD\xA0",
                                          "\xF0\x9F", "\n"};
  int stopped = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    uint32_t draw = 0;
    const auto pick = [&](size_t below) {
      return static_cast<size_t>(SamplingUniform(7, seed, 0, draw++) * static_cast<double>(below));
    };
    std::string says;
    for (size_t i = pick(30); i > 0; --i) says += parts[pick(parts.size())];
    request_.stop = {};
    for (size_t i = pick(3); i > 0; --i) {
      request_.stop.push_back(Lossy(parts[pick(parts.size())] + parts[pick(parts.size())]));
    }
    request_.keep_stop = pick(2) == 1;
    const Shown shown = Follow(says);
    stopped += shown.last.stop_text.has_value() ? 1 : 0;
    for (const std::string& stop : request_.stop) {
      if (!request_.keep_stop) {
        EXPECT_EQ(final_text_.find(stop), std::string::npos);
      }
    }
  }
  EXPECT_GT(stopped, 20);
}

}  // namespace
}  // namespace drover::serve
