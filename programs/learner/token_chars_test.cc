#include "programs/learner/token_chars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace drover::learner_process {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

// Bytes as tokens: "Ã©" is é (two bytes, each a token), "ab" one token of two characters.
std::unique_ptr<model::Tokenizer> Bytes() {
  auto tokenizer = model::Tokenizer::Parse(
      R"({"model":{"type":"BPE","vocab":{"<eos>":0,"a":1,"b":2,"ab":3,"Ã":4,"©":5,"c":6},"merges":["a b"]},)"
      R"("pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":false},"decoder":{"type":"ByteLevel"},)"
      R"("added_tokens":[{"id":0,"content":"<eos>","special":true}]})");
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return std::move(*tokenizer);
}

TEST(TokenChars, SpellTheText) {
  const auto tokenizer = Bytes();
  EXPECT_THAT(TokenChars("abac", {3, 1, 6, 0}, *tokenizer), Optional(ElementsAre(2, 1, 1, 0)));
  EXPECT_THAT(TokenChars("", {}, *tokenizer), Optional(ElementsAre()));
  EXPECT_THAT(TokenChars("", {0}, *tokenizer), Optional(ElementsAre(0)));
}

TEST(TokenChars, ACharacterBelongsToTheTokenThatEndsIt) {
  const auto tokenizer = Bytes();
  EXPECT_THAT(TokenChars("aéb", {1, 4, 5, 2}, *tokenizer), Optional(ElementsAre(1, 0, 1, 1)));
}

TEST(TokenChars, TheTextMayEndBeforeTheTokens) {
  const auto tokenizer = Bytes();
  EXPECT_THAT(TokenChars("a", {3, 2, 0}, *tokenizer), Optional(ElementsAre(1, 0, 0)));
}

TEST(TokenChars, KeptSpecialTokensAreText) {
  EXPECT_THAT(TokenChars("a<eos>", {1, 0}, *Bytes()), Optional(ElementsAre(1, 5)));
}

TEST(TokenChars, NothingForWhatTheyDoNotSay) {
  const auto tokenizer = Bytes();
  EXPECT_EQ(TokenChars("ac", {3}, *tokenizer), std::nullopt);
  EXPECT_EQ(TokenChars("abc", {3}, *tokenizer), std::nullopt);
  EXPECT_EQ(TokenChars("\xc3", {4}, *tokenizer), std::nullopt);
}

}  // namespace
}  // namespace drover::learner_process
