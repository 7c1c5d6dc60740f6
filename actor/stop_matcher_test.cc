#include "actor/stop_matcher.h"

#include <gtest/gtest.h>

#include <string>

namespace drover::actor {
namespace {

// Where a response made of `pieces` ends: the match and the number of pieces read; nullopt if no piece ends it.
struct End {
  StopTexts::Match match;
  size_t pieces;
};
std::optional<End> RunPieces(const StopTexts& stops, const std::vector<std::string>& pieces) {
  std::string text;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const size_t seen = text.size();
    text += pieces[i];
    if (const auto match = stops.Find(text, seen)) return End{*match, i + 1};
  }
  return std::nullopt;
}

TEST(StopTextsTest, FindsATextSpreadOverPieces) {
  const StopTexts stops({"</answer>"});
  const auto end = RunPieces(stops, {"4", "<", "/ans", "wer", ">x", "y"});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->pieces, 5u);
  EXPECT_EQ(end->match.begin, 1u);
  EXPECT_EQ(end->match.end, 10u);
}

TEST(StopTextsTest, TheFirstToBeCompleteWins) {
  // "b" is complete before "abc" is, although it begins later.
  const auto end = RunPieces(StopTexts({"abc", "b"}), {"xabc"});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->match.begin, 2u);
  // "ab" and "b" are complete at the same byte: the longer is cut away.
  EXPECT_EQ(RunPieces(StopTexts({"b", "ab"}), {"xabc"})->match.begin, 1u);
}

TEST(StopTextsTest, TheEndDoesNotDependOnThePieces) {
  const StopTexts stops({"\n\n", "aab", "b!", std::string("\0q", 2)});
  const std::vector<std::string> texts = {"aaaab!\n\n", "xx\n \n\n", std::string("n\0\0q", 4), "aab",
                                          "none here"};
  for (const std::string& text : texts) {
    const auto whole = RunPieces(stops, {text});
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    const auto bytewise = RunPieces(stops, bytes);
    ASSERT_EQ(whole.has_value(), bytewise.has_value());
    if (!whole) continue;
    EXPECT_EQ(whole->match.begin, bytewise->match.begin);
    EXPECT_EQ(whole->match.end, bytewise->match.end);
    EXPECT_EQ(bytewise->pieces, whole->match.end);
  }
}

TEST(StopTextsTest, NothingToFind) {
  EXPECT_TRUE(StopTexts({}).empty());
  EXPECT_TRUE(StopTexts({""}).empty());
  EXPECT_FALSE(StopTexts({"x"}).Find("", 0));
}

}  // namespace
}  // namespace drover::actor
