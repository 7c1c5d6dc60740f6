#include "model/bpe.h"

#include <algorithm>
#include <queue>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/byte_alphabet.h"

namespace drover::model {
namespace {

// Words up to this length are merged by scanning for the best pair: quicker than a heap for words of text.
constexpr size_t kShortWord = 64;

}  // namespace

absl::Status BpeModel::AddToken(uint32_t id, std::string bytes) {
  if (bytes.size() == 1) byte_id_[static_cast<uint8_t>(bytes[0])] = id;
  if (!id_of_.emplace(std::move(bytes), id).second) {
    return absl::InvalidArgumentError(absl::StrCat("id ", id, " spells what another token spells"));
  }
  return absl::OkStatus();
}

absl::Status BpeModel::AddMerge(std::string_view left, std::string_view right) {
  uint32_t ids[3];
  std::string whole = absl::StrCat(ToAbsl(left), ToAbsl(right));
  const std::string_view parts[3] = {left, right, whole};
  for (int i = 0; i < 3; ++i) {
    auto found = id_of_.find(ToAbsl(parts[i]));
    if (found == id_of_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", SpellBytes(parts[i]), "\" is not in the vocabulary"));
    }
    ids[i] = found->second;
  }
  merges_[Pair(ids[0], ids[1])] = {next_rank_++, ids[2]};
  return absl::OkStatus();
}

const BpeModel::Merge* BpeModel::FindMerge(uint32_t left, uint32_t right) const {
  auto found = merges_.find(Pair(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

// The word's bytes as tokens.
bool BpeModel::Symbols(std::string_view word, std::vector<uint32_t>& symbols, size_t& bad_byte) const {
  bool strict = unknown_ == kNone && merges_.empty();
  symbols.reserve(word.size());
  bool after_unknown = false;
  for (size_t i = 0; i < word.size(); ++i) {
    uint32_t id = byte_id_[static_cast<uint8_t>(word[i])];
    bool unknown = id == kNone;
    if (unknown && strict) {
      bad_byte = i;
      return false;
    }
    if (!unknown) {
      symbols.push_back(id);
    } else if (unknown_ != kNone && !(fuse_unknown_ && after_unknown)) {
      symbols.push_back(unknown_);
    }
    after_unknown = unknown;
  }
  return true;
}

bool BpeModel::Encode(std::string_view word, std::vector<uint32_t>& ids, size_t& bad_byte) const {
  if (ignore_merges_) {
    auto found = id_of_.find(ToAbsl(word));
    if (found != id_of_.end()) {
      ids.push_back(found->second);
      return true;
    }
  }
  std::vector<uint32_t> symbols;
  if (!Symbols(word, symbols, bad_byte)) return false;
  if (symbols.size() <= kShortWord) {
    MergeShort(symbols);
  } else {
    MergeLong(symbols);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.end());
  return true;
}

// Merges the pair of lowest rank, the leftmost of several, until no pair can be merged.
void BpeModel::MergeShort(std::vector<uint32_t>& symbols) const {
  constexpr Merge kNoMerge = {kNone, kNone};
  Merge merges[kShortWord];  // of symbols i and i + 1
  auto look_up = [&](size_t i) {
    const Merge* merge = FindMerge(symbols[i], symbols[i + 1]);
    merges[i] = merge ? *merge : kNoMerge;
  };
  size_t pairs = symbols.empty() ? 0 : symbols.size() - 1;
  for (size_t i = 0; i < pairs; ++i) look_up(i);
  while (pairs > 0) {
    size_t best = static_cast<size_t>(
        std::min_element(merges, merges + pairs, [](Merge a, Merge b) { return a.rank < b.rank; }) - merges);
    if (merges[best].rank == kNone) break;
    symbols[best] = merges[best].id;
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(best) + 1);
    std::copy(merges + best + 1, merges + pairs, merges + best);
    --pairs;
    if (best > 0) look_up(best - 1);
    if (best < pairs) look_up(best);
  }
}

// The same with a heap over a linked list. Entries of the heap that no longer fit are dropped when they come up:
// the token that a pair starting at a position would make only grows, so the id tells.
void BpeModel::MergeLong(std::vector<uint32_t>& symbols) const {
  struct Candidate {
    uint32_t rank;
    uint32_t position;
    uint32_t id;
    bool operator<(const Candidate& other) const {  // std::priority_queue puts the largest on top
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };
  const uint32_t size = static_cast<uint32_t>(symbols.size());
  std::vector<uint32_t> next(size), previous(size);
  for (uint32_t i = 0; i < size; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;  // of the first: kNone
  }
  std::priority_queue<Candidate> heap;
  auto offer = [&](uint32_t i) {
    if (i == kNone || next[i] >= size) return;
    if (const Merge* merge = FindMerge(symbols[i], symbols[next[i]])) heap.push({merge->rank, i, merge->id});
  };
  for (uint32_t i = 0; i < size; ++i) offer(i);
  while (!heap.empty()) {
    Candidate top = heap.top();
    heap.pop();
    const uint32_t i = top.position;
    if (symbols[i] == kNone || next[i] >= size) continue;
    const Merge* merge = FindMerge(symbols[i], symbols[next[i]]);
    if (merge == nullptr || merge->id != top.id) continue;
    const uint32_t gone = next[i];
    symbols[i] = top.id;
    symbols[gone] = kNone;
    next[i] = next[gone];
    if (next[i] < size) previous[next[i]] = i;
    offer(previous[i]);
    offer(i);
  }
  symbols.erase(std::remove(symbols.begin(), symbols.end(), kNone), symbols.end());
}

std::optional<uint32_t> BpeModel::Find(std::string_view bytes) const {
  auto found = id_of_.find(ToAbsl(bytes));
  if (found == id_of_.end()) return std::nullopt;
  return found->second;
}

std::string BpeModel::SingleBytes() const {
  std::string bytes;
  for (int b = 0; b < 256; ++b) {
    if (byte_id_[b] != kNone) bytes += static_cast<char>(b);
  }
  return bytes;
}

}  // namespace drover::model
