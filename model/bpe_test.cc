#include "model/bpe.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace drover::model {
namespace {

using Ranks = std::map<std::pair<std::string, std::string>, int>;

// The definition, word by word: join the adjacent pair of lowest rank, leftmost first, until none is left.
std::vector<std::string> Naive(const std::string& word, const Ranks& ranks) {
  std::vector<std::string> parts;
  for (char c : word) parts.emplace_back(1, c);
  while (true) {
    int best = INT_MAX;
    size_t at = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      auto found = ranks.find({parts[i], parts[i + 1]});
      if (found != ranks.end() && found->second < best) best = found->second, at = i;
    }
    if (best == INT_MAX) return parts;
    parts[at] += parts[at + 1];
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(at) + 1);
  }
}

struct RandomBpe {
  BpeModel model;
  Ranks ranks;
  std::vector<std::string> tokens;  // by id
};

// Letters a to c and `merges` merges of random tokens.
RandomBpe MakeRandom(RandomStream& random, int merges) {
  RandomBpe bpe;
  std::map<std::string, bool> known;
  auto add = [&](const std::string& token) {
    if (known[token]) return;
    known[token] = true;
    EXPECT_TRUE(bpe.model.AddToken(static_cast<uint32_t>(bpe.tokens.size()), token).ok());
    bpe.tokens.push_back(token);
  };
  for (const char* letter : {"a", "b", "c"}) add(letter);
  for (int rank = 0; rank < merges; ++rank) {
    std::string left = bpe.tokens[random.Below(bpe.tokens.size())];
    std::string right = bpe.tokens[random.Below(bpe.tokens.size())];
    if (left.size() + right.size() > 12) continue;
    add(left + right);
    EXPECT_TRUE(bpe.model.AddMerge(left, right).ok());
    bpe.ranks[{left, right}] = rank;
  }
  return bpe;
}

std::vector<std::string> Tokens(const RandomBpe& bpe, const std::string& word) {
  std::vector<uint32_t> ids;
  BpeWorkspace workspace;
  size_t bad_byte = 0;
  EXPECT_TRUE(bpe.model.Encode(word, workspace, ids, bad_byte));
  std::vector<std::string> tokens;
  for (uint32_t id : ids) tokens.push_back(bpe.tokens[id]);
  return tokens;
}

// Words on both sides of the length where the method changes.
TEST(BpeModel, MergesAsTheDefinitionSays) {
  RandomStream random(1, RandomPurpose::kQuestions, 0);
  for (int round = 0; round < 60; ++round) {
    RandomBpe bpe = MakeRandom(random, 40);
    for (size_t length : {0, 1, 2, 3, 7, 20, 63, 64, 65, 66, 200}) {
      std::string word;
      for (size_t i = 0; i < length; ++i) word += static_cast<char>('a' + random.Below(3));
      ASSERT_EQ(Tokens(bpe, word), Naive(word, bpe.ranks)) << word;
    }
  }
}

TEST(BpeModel, LongWordsTakeNoQuadraticTime) {
  BpeModel bpe;
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(bpe.AddToken(i, std::string(size_t{1} << i, 'a')).ok());
  for (int i = 0; i < 11; ++i) {
    std::string half(size_t{1} << i, 'a');
    ASSERT_TRUE(bpe.AddMerge(half, half).ok());
  }
  std::vector<uint32_t> ids;
  BpeWorkspace workspace;
  size_t bad_byte = 0;
  ASSERT_TRUE(bpe.Encode(std::string(1 << 20, 'a'), workspace, ids, bad_byte));  // quadratic: hours
  EXPECT_EQ(ids, std::vector<uint32_t>(512, 11));
}

TEST(BpeModel, IgnoreMergesTakesWholeWordsOnly) {
  BpeModel bpe;
  ASSERT_TRUE(bpe.AddToken(0, "a").ok());
  ASSERT_TRUE(bpe.AddToken(1, "b").ok());
  ASSERT_TRUE(bpe.AddToken(2, "ab").ok());  // no merge makes it
  auto encode = [&](std::string_view word) {
    std::vector<uint32_t> ids;
    BpeWorkspace workspace;
    size_t bad_byte = 0;
    EXPECT_TRUE(bpe.Encode(word, workspace, ids, bad_byte));
    return ids;
  };
  EXPECT_EQ(encode("ab"), (std::vector<uint32_t>{0, 1}));
  bpe.set_ignore_merges(true);
  EXPECT_EQ(encode("ab"), (std::vector<uint32_t>{2}));
  EXPECT_EQ(encode("aba"), (std::vector<uint32_t>{0, 1, 0}));
}

TEST(BpeModel, BytesWithoutToken) {
  BpeModel bpe;
  ASSERT_TRUE(bpe.AddToken(0, "a").ok());
  ASSERT_TRUE(bpe.AddToken(1, "b").ok());
  ASSERT_TRUE(bpe.AddToken(2, "ab").ok());
  std::vector<uint32_t> ids;
  BpeWorkspace workspace;  // of the model as it is: words would be found again after a change
  size_t bad_byte = 0;
  EXPECT_FALSE(bpe.Encode("abxb", workspace, ids, bad_byte));  // an alphabet
  EXPECT_EQ(bad_byte, 2u);
  EXPECT_TRUE(ids.empty());
  ASSERT_TRUE(bpe.AddMerge("a", "b").ok());
  EXPECT_TRUE(bpe.Encode("axxb", workspace, ids,
                         bad_byte));  // a trained vocabulary: dropped, and what it parted is joined
  EXPECT_EQ(ids, (std::vector<uint32_t>{2}));
  ids.clear();
  workspace = BpeWorkspace();
  bpe.set_unknown(9, /*fuse=*/false);
  EXPECT_TRUE(bpe.Encode("axxb", workspace, ids, bad_byte));
  EXPECT_EQ(ids, (std::vector<uint32_t>{0, 9, 9, 1}));
  ids.clear();
  workspace = BpeWorkspace();
  bpe.set_unknown(9, /*fuse=*/true);
  EXPECT_TRUE(bpe.Encode("axxbx", workspace, ids, bad_byte));
  EXPECT_EQ(ids, (std::vector<uint32_t>{0, 9, 1, 9}));
}

struct CharacterBpe {
  BpeModel model{BpeModel::Alphabet::kCharacters};
  BpeWorkspace workspace;
  std::vector<uint32_t> Encode(std::string_view word) {
    std::vector<uint32_t> ids;
    size_t bad_byte = 0;
    EXPECT_TRUE(model.Encode(word, workspace, ids, bad_byte));
    return ids;
  }
};

TEST(BpeModel, CharactersFallBackToBytes) {
  CharacterBpe bpe;
  ASSERT_TRUE(bpe.model.AddToken(0, "<unk>").ok());
  ASSERT_TRUE(bpe.model.AddToken(1, "<0xC3>").ok());
  ASSERT_TRUE(bpe.model.AddToken(2, "<0xA9>").ok());
  ASSERT_TRUE(bpe.model.AddToken(3, "a").ok());
  ASSERT_TRUE(bpe.model.AddToken(4, "\u6771").ok());
  bpe.model.set_unknown(0, /*fuse=*/true);
  EXPECT_EQ(bpe.Encode("a\u00e9\u6771"), (std::vector<uint32_t>{3, 0, 4}));
  bpe.model.set_byte_fallback(true);
  bpe.workspace = BpeWorkspace();
  EXPECT_EQ(bpe.Encode("a\u00e9\u6771"), (std::vector<uint32_t>{3, 1, 2, 4}));
  EXPECT_EQ(bpe.Encode("\u00eaa"), (std::vector<uint32_t>{0, 3})) << "not all of its bytes have tokens";
  EXPECT_EQ(bpe.Encode("\u00ea\u00e9a"), (std::vector<uint32_t>{1, 2, 0, 3})) << "as tokenizers has it";
}

// Text is cut before marks only where no merge could notice.
TEST(BpeModel, MergesAcrossMarksAreSeen) {
  CharacterBpe cut, whole;
  for (CharacterBpe* bpe : {&cut, &whole}) {
    uint32_t id = 0;
    for (const char* token : {"a", "b", "\u2581", "\u2581a", "b\u2581", "b\u2581a"})
      ASSERT_TRUE(bpe->model.AddToken(id++, token).ok());
    ASSERT_TRUE(bpe->model.AddMerge("\u2581", "a").ok());
  }
  ASSERT_TRUE(whole.model.AddMerge("b", "\u2581a").ok());
  EXPECT_EQ(cut.Encode("b\u2581ab\u2581\u2581a"), (std::vector<uint32_t>{1, 3, 1, 2, 3}));
  EXPECT_EQ(whole.Encode("b\u2581ab\u2581\u2581a"), (std::vector<uint32_t>{5, 1, 2, 3}));
}

TEST(BpeModel, RefusesWhatDoesNotFit) {
  BpeModel bpe;
  ASSERT_TRUE(bpe.AddToken(0, "a").ok());
  EXPECT_FALSE(bpe.AddToken(1, "a").ok());
  EXPECT_FALSE(bpe.AddMerge("a", "b").ok());
  EXPECT_FALSE(bpe.AddMerge("a", "a").ok());  // "aa" is no token
  EXPECT_FALSE(bpe.has_all_bytes());
  EXPECT_EQ(bpe.SingleBytes(), "a");
}

}  // namespace
}  // namespace drover::model
