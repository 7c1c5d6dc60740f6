#include "model/bpe.h"

#include <algorithm>
#include <cstring>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "model/byte_alphabet.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

// Words up to this length are merged by scanning for the best pair: quicker than a heap for words of text.
constexpr size_t kShortWord = 64;

// SentencePiece's mark for a space, U+2581. Where no merge joins it to what stands before it, words that begin with it
// are encoded one by one, and found again.
constexpr std::string_view kSpaceMark = "\u2581";

bool BeginsWith(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
}
bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The end of the stretch that begins `text`: before the first mark that follows something else.
size_t StretchEnd(std::string_view text) {
  size_t at = 0;
  while (BeginsWith(text.substr(at), kSpaceMark)) at += kSpaceMark.size();
  return std::min(text.find(kSpaceMark, at), text.size());
}

}  // namespace

absl::Status BpeModel::AddToken(uint32_t id, std::string text) {
  if (alphabet_ == Alphabet::kBytes) {
    if (text.size() == 1) byte_id_[static_cast<uint8_t>(text[0])] = id;
  } else if (!text.empty()) {
    has_mark_ |= text == kSpaceMark;
    size_t end = 0;
    const char32_t c = NextCodePoint(text, end);
    if (end == text.size() && c < 0x80) byte_id_[c] = id;
    if (end == text.size() && c >= 0x80) character_id_[c] = id;
    for (int byte = 0; text.size() == 6 && text[0] == '<' && byte < 256; ++byte) {
      if (text == absl::StrFormat("<0x%02X>", byte)) fallback_id_[byte] = id;
    }
  }
  if (!id_of_.emplace(std::move(text), id).second) {
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
      const std::string shown = alphabet_ == Alphabet::kBytes ? SpellBytes(parts[i]) : std::string(parts[i]);
      return absl::InvalidArgumentError(absl::StrCat("\"", shown, "\" is not in the vocabulary"));
    }
    ids[i] = found->second;
  }
  merges_[Pair(ids[0], ids[1])] = {next_rank_++, ids[2]};
  crosses_mark_ |= BeginsWith(right, kSpaceMark) && !EndsWith(left, kSpaceMark);
  return absl::OkStatus();
}

const BpeModel::Merge* BpeModel::FindMerge(uint32_t left, uint32_t right) const {
  auto found = merges_.find(Pair(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

// The word's bytes as tokens.
bool BpeModel::ByteSymbols(std::string_view word, std::vector<uint32_t>& symbols, size_t& bad_byte) const {
  bool strict = unknown_ == kNone && merges_.empty();
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

// The word's characters as tokens. An unknown token is put down only before the next character that is known, or at the
// end: as in tokenizers, behind the bytes of characters that fell back.
void BpeModel::CharacterSymbols(std::string_view word, std::vector<uint32_t>& symbols) const {
  bool pending = false;
  for (size_t at = 0; at < word.size();) {
    const size_t begin = at;
    const char32_t c = NextCodePoint(word, at);
    uint32_t id = kNone;
    if (c < 0x80) {
      id = byte_id_[c];
    } else if (const auto found = character_id_.find(c); found != character_id_.end()) {
      id = found->second;
    }
    if (id == kNone && byte_fallback_ && FallBack(word.substr(begin, at - begin), symbols)) continue;
    if (id == kNone && unknown_ == kNone) continue;
    if (pending && (id != kNone || !fuse_unknown_)) symbols.push_back(unknown_);
    pending = id == kNone;
    if (!pending) symbols.push_back(id);
  }
  if (pending) symbols.push_back(unknown_);
}

// Whether all bytes of the character have tokens, which are appended then.
bool BpeModel::FallBack(std::string_view character, std::vector<uint32_t>& symbols) const {
  for (const char byte : character) {
    if (fallback_id_[static_cast<uint8_t>(byte)] == kNone) return false;
  }
  for (const char byte : character) symbols.push_back(fallback_id_[static_cast<uint8_t>(byte)]);
  return true;
}

bool BpeModel::Encode(std::string_view word, BpeWorkspace& workspace, std::vector<uint32_t>& ids,
                      size_t& bad_byte) const {
  if (ignore_merges_) {
    auto found = id_of_.find(ToAbsl(word));
    if (found != id_of_.end()) {
      ids.push_back(found->second);
      return true;
    }
  }
  if (!has_mark_ || crosses_mark_) {
    return EncodeStretch(word, workspace, ids, bad_byte);
  }
  while (!word.empty()) {
    const size_t end = StretchEnd(word);
    EncodeStretch(word.substr(0, end), workspace, ids, bad_byte);
    word.remove_prefix(end);
  }
  return true;
}

// A word that is no token, or a part of one across whose ends nothing is merged.
bool BpeModel::EncodeStretch(std::string_view word, BpeWorkspace& workspace, std::vector<uint32_t>& ids,
                             size_t& bad_byte) const {
  BpeWorkspace::Word* place = nullptr;
  if (!word.empty() && word.size() <= BpeWorkspace::kMaxBytes) {
    place = &workspace.words_[absl::Hash<absl::string_view>{}(ToAbsl(word)) % BpeWorkspace::kWords];
    if (place->bytes == word.size() && std::memcmp(place->text, word.data(), word.size()) == 0) {
      ids.insert(ids.end(), place->ids, place->ids + place->tokens);
      return true;
    }
  }
  if (!EncodeAnew(word, workspace, bad_byte)) return false;
  const std::vector<uint32_t>& symbols = workspace.symbols_;
  ids.insert(ids.end(), symbols.begin(), symbols.end());
  if (place != nullptr && symbols.size() <= BpeWorkspace::kMaxTokens) {
    place->bytes = static_cast<uint8_t>(word.size());
    place->tokens = static_cast<uint8_t>(symbols.size());
    std::memcpy(place->text, word.data(), word.size());
    std::copy(symbols.begin(), symbols.end(), place->ids);
  }
  return true;
}

// The tokens of `word` as workspace.symbols_.
bool BpeModel::EncodeAnew(std::string_view word, BpeWorkspace& workspace, size_t& bad_byte) const {
  std::vector<uint32_t>& symbols = workspace.symbols_;
  symbols.clear();
  if (alphabet_ == Alphabet::kCharacters) {
    CharacterSymbols(word, symbols);
  } else if (!ByteSymbols(word, symbols, bad_byte)) {
    return false;
  }
  if (symbols.size() <= kShortWord) {
    MergeShort(symbols);
  } else {
    MergeLong(workspace);
  }
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
void BpeModel::MergeLong(BpeWorkspace& workspace) const {
  std::vector<uint32_t>&symbols = workspace.symbols_, &next = workspace.next_,
  &previous = workspace.previous_;
  std::vector<BpeWorkspace::Candidate>& heap = workspace.heap_;
  const uint32_t size = static_cast<uint32_t>(symbols.size());
  next.resize(size);
  previous.resize(size);
  for (uint32_t i = 0; i < size; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;  // of the first: kNone
  }
  heap.clear();
  for (uint32_t i = 0; i + 1 < size; ++i) {
    if (const Merge* merge = FindMerge(symbols[i], symbols[i + 1]))
      heap.push_back({merge->rank, i, merge->id});
  }
  std::make_heap(heap.begin(), heap.end());
  auto offer = [&](uint32_t i) {
    if (i == kNone || next[i] >= size) return;
    if (const Merge* merge = FindMerge(symbols[i], symbols[next[i]])) {
      heap.push_back({merge->rank, i, merge->id});
      std::push_heap(heap.begin(), heap.end());
    }
  };
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const BpeWorkspace::Candidate top = heap.back();
    heap.pop_back();
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

std::optional<uint32_t> BpeModel::Find(std::string_view text) const {
  auto found = id_of_.find(ToAbsl(text));
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
