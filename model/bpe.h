// Byte-pair encoding: the vocabulary, its merges, and how a word becomes tokens.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

namespace drover::model {

// What one thread encodes with, with one model: buffers, and the words that it met before with their tokens. Of bounded
// size: words that fall on the same place push each other out.
class BpeWorkspace {
 public:
  BpeWorkspace() : words_(kWords) {}

 private:
  friend class BpeModel;
  static constexpr size_t kWords = size_t{1} << 14;
  static constexpr size_t kMaxBytes = 26;
  static constexpr size_t kMaxTokens = 8;
  struct alignas(64) Word {  // fills a cache line
    uint8_t bytes = 0;       // 0: none is here
    uint8_t tokens = 0;
    char text[kMaxBytes];
    uint32_t ids[kMaxTokens];
  };
  // A pair that could be merged when it was seen.
  struct Candidate {
    uint32_t rank;
    uint32_t position;
    uint32_t id;
    bool operator<(const Candidate& other) const {  // the standard heap puts the largest on top
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };

  std::vector<Word> words_;
  std::vector<uint32_t> symbols_, next_, previous_;
  std::vector<Candidate> heap_;
};

// Built once by the tokenizer.json reader, then only read: thread-safe.
class BpeModel {
 public:
  // What words are spelled in: a token spells bytes (byte-level tokenizers), or characters, of which those without a
  // token can fall back to tokens for their bytes (SentencePiece's).
  enum class Alphabet { kBytes, kCharacters };
  explicit BpeModel(Alphabet alphabet = Alphabet::kBytes) : alphabet_(alphabet) {}

  // A token that spells `text`, bytes or UTF-8. INVALID_ARGUMENT when there is one already.
  absl::Status AddToken(uint32_t id, std::string text);
  // The next merge in order of rank: two tokens become the one that spells both. INVALID_ARGUMENT when one of the
  // three is missing. A pair given twice keeps its last rank, as in Hugging Face's tokenizers.
  absl::Status AddMerge(std::string_view left, std::string_view right);
  // A word that is a token is taken whole without looking at the merges.
  void set_ignore_merges(bool ignore) { ignore_merges_ = ignore; }
  // Characters without a token become the tokens <0x00> to <0xFF> of their bytes, where all of these are there.
  void set_byte_fallback(bool fallback) { byte_fallback_ = fallback; }

  // What a byte or character without a token becomes: an error (bytes, no `id` and no merges: the vocabulary is an
  // alphabet), nothing (no `id`: what Hugging Face's tokenizers does with a vocabulary that was trained without an unknown
  // token), or `id`, with `fuse` one for a run of them.
  void set_unknown(std::optional<uint32_t> id, bool fuse) {
    unknown_ = id.value_or(kNone);
    fuse_unknown_ = fuse;
  }

  // Appends the tokens of `word` (valid UTF-8). O(n log n) in its bytes. When a byte cannot be spelled: false, with its
  // offset in `bad_byte`.
  bool Encode(std::string_view word, BpeWorkspace& workspace, std::vector<uint32_t>& ids,
              size_t& bad_byte) const;

  // The token that spells exactly `text`.
  std::optional<uint32_t> Find(std::string_view text) const;
  // Bytes that are tokens of their own.
  std::string SingleBytes() const;
  bool has_all_bytes() const { return SingleBytes().size() == 256; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Merge {
    uint32_t rank;
    uint32_t id;  // of the merged token
  };
  static uint64_t Pair(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }
  const Merge* FindMerge(uint32_t left, uint32_t right) const;
  bool EncodeStretch(std::string_view word, BpeWorkspace& workspace, std::vector<uint32_t>& ids,
                     size_t& bad_byte) const;
  bool EncodeAnew(std::string_view word, BpeWorkspace& workspace, size_t& bad_byte) const;
  bool ByteSymbols(std::string_view word, std::vector<uint32_t>& symbols, size_t& bad_byte) const;
  void CharacterSymbols(std::string_view word, std::vector<uint32_t>& symbols) const;
  bool FallBack(std::string_view character, std::vector<uint32_t>& symbols) const;
  void MergeShort(std::vector<uint32_t>& symbols) const;
  void MergeLong(BpeWorkspace& workspace) const;

  Alphabet alphabet_;
  absl::flat_hash_map<std::string, uint32_t> id_of_;
  absl::flat_hash_map<uint64_t, Merge> merges_;
  std::array<uint32_t, 256> byte_id_ = MakeNoBytes();      // of single bytes, or of ASCII characters
  absl::flat_hash_map<uint32_t, uint32_t> character_id_;   // of the other characters
  std::array<uint32_t, 256> fallback_id_ = MakeNoBytes();  // of <0x00> to <0xFF>
  uint32_t next_rank_ = 0;
  bool ignore_merges_ = false;
  bool byte_fallback_ = false;
  bool has_mark_ = false;      // a mark for a space is a token
  bool crosses_mark_ = false;  // some merge puts one behind something else
  uint32_t unknown_ = kNone;
  bool fuse_unknown_ = false;

  static constexpr std::array<uint32_t, 256> MakeNoBytes() {
    std::array<uint32_t, 256> ids{};
    for (uint32_t& id : ids) id = kNone;
    return ids;
  }
};

}  // namespace drover::model
