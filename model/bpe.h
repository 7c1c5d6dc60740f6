// Byte-pair encoding over bytes: the vocabulary, its merges, and how a word becomes tokens.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

namespace drover::model {

// Built once by the tokenizer.json reader, then only read: thread-safe.
class BpeModel {
 public:
  // A token that spells `bytes`. INVALID_ARGUMENT when there is one already.
  absl::Status AddToken(uint32_t id, std::string bytes);
  // The next merge in order of rank: two tokens become the one that spells both. INVALID_ARGUMENT when one of the
  // three is missing. A pair given twice keeps its last rank, as in Hugging Face's tokenizers.
  absl::Status AddMerge(std::string_view left, std::string_view right);
  // A word that is a token is taken whole without looking at the merges.
  void set_ignore_merges(bool ignore) { ignore_merges_ = ignore; }

  // What a byte without a token becomes: an error (no `id`, no merges: the vocabulary is an alphabet),
  // nothing (no `id`, merges: what
  // Hugging Face's tokenizers does with a vocabulary that was trained without an unknown token), or `id`, with
  // `fuse` one for a run of them.
  void set_unknown(std::optional<uint32_t> id, bool fuse) {
    unknown_ = id.value_or(kNone);
    fuse_unknown_ = fuse;
  }

  // Appends the tokens of `word`. O(n log n) in its bytes. When a byte cannot be spelled: false, with its offset in
  // `bad_byte`.
  bool Encode(std::string_view word, std::vector<uint32_t>& ids, size_t& bad_byte) const;

  // The token that spells exactly `bytes`.
  std::optional<uint32_t> Find(std::string_view bytes) const;
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
  bool Symbols(std::string_view word, std::vector<uint32_t>& symbols, size_t& bad_byte) const;
  void MergeShort(std::vector<uint32_t>& symbols) const;
  void MergeLong(std::vector<uint32_t>& symbols) const;

  absl::flat_hash_map<std::string, uint32_t> id_of_;
  absl::flat_hash_map<uint64_t, Merge> merges_;
  std::array<uint32_t, 256> byte_id_ = MakeNoBytes();
  uint32_t next_rank_ = 0;
  bool ignore_merges_ = false;
  uint32_t unknown_ = kNone;
  bool fuse_unknown_ = false;

  static constexpr std::array<uint32_t, 256> MakeNoBytes() {
    std::array<uint32_t, 256> ids{};
    for (uint32_t& id : ids) id = kNone;
    return ids;
  }
};

}  // namespace drover::model
