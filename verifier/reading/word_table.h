// Words with what they mean, looked up by a hash that the compiler computes.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "verifier/chars.h"

namespace drover::verifier {

// Several spellings of one meaning, apart by spaces.
template <class Value>
struct WordRow {
  std::string_view words;
  Value value;
};

template <class Visit>
constexpr void ForEachWord(std::string_view words, Visit visit) {
  while (!words.empty()) {
    size_t length = 0;
    while (length < words.size() && words[length] != ' ') ++length;
    visit(words.substr(0, length));
    words.remove_prefix(length < words.size() ? length + 1 : length);
  }
}

enum class Letters { kExact, kAnyCase };

// At most half of the slots, a power of two of them, are taken: a lookup that finds nothing sees an empty one soon.
template <class Value, size_t kSlots, Letters kLetters = Letters::kExact>
class WordTable {
 public:
  // A word that is there already keeps its meaning.
  constexpr void Add(std::string_view word, const Value& value) {
    if (FindSlot(word) != nullptr || word.empty()) return;
    if (++count_ * 2 > kSlots) throw "more slots, please";  // where the compiler stops
    if (word.size() > longest_) longest_ = word.size();
    size_t at = HashOf(word);
    while (!slots_[at & (kSlots - 1)].word.empty()) ++at;
    slots_[at & (kSlots - 1)] = {word, value};
  }
  constexpr void AddEach(std::string_view words, const Value& value) {
    ForEachWord(words, [&](std::string_view word) { Add(word, value); });
  }
  template <class Rows>
  constexpr void AddAll(const Rows& rows) {
    for (const auto& row : rows) AddEach(row.words, row.value);
  }

  // nullptr: not there.
  constexpr const Value* Find(std::string_view word) const {
    const Slot* slot = FindSlot(word);
    return slot == nullptr ? nullptr : &slot->value;
  }

 private:
  static_assert(kSlots > 0 && (kSlots & (kSlots - 1)) == 0);

  struct Slot {
    std::string_view word;
    Value value{};
  };

  static constexpr char Folded(char c) { return kLetters == Letters::kAnyCase ? ToLower(c) : c; }

  static constexpr size_t HashOf(std::string_view word) {
    size_t hash = word.size();
    for (const char c : word) hash = hash * 31 + static_cast<unsigned char>(Folded(c));
    return hash ^ hash >> 9;
  }

  static constexpr bool Same(std::string_view a, std::string_view b) {
    if constexpr (kLetters == Letters::kExact) return a == b;
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (Folded(a[i]) != Folded(b[i])) return false;
    }
    return true;
  }

  constexpr const Slot* FindSlot(std::string_view word) const {
    if (word.empty() || word.size() > longest_) return nullptr;
    for (size_t at = HashOf(word);; ++at) {
      const Slot& slot = slots_[at & (kSlots - 1)];
      if (slot.word.empty()) return nullptr;
      if (Same(slot.word, word)) return &slot;
    }
  }

  std::array<Slot, kSlots> slots_{};
  size_t count_ = 0, longest_ = 0;
};

}  // namespace drover::verifier
