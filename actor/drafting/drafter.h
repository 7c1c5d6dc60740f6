// Guesses the next tokens of a response from what it, its prompt and its group's other responses have said before
// (prompt lookup, n-gram drafting). Pure: token ids, no model, no clock.
//
//      ... a c | x y z        where the response's end, "a c", stood before: the longest such end decides,
//      ... b a c | ?          and what came after it is the guess: x y z
//
// Every text begins with the prompt, so that the end may reach into it. Of several places with equally much in common the
// response's own newest wins, then its prompt's, then the newest of the sibling with the lowest number. Of one text at
// most kMostPlaces places are looked at, the newest; more than kLongestMatch tokens in common count as so many.
//
// Memory: 8 bytes a token of the prompt and the responses, and 16 or so for each token that they have at all; gone with
// the group. A text is read when its response is drafted for, and where nobody is nothing is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace drover::actor {

inline constexpr int32_t kLongestMatch = 16;
inline constexpr int32_t kMostPlaces = 64;

// A text that grows, and where in it each token stands.
class TokenIndex {
 public:
  static constexpr int32_t kNone = -1;

  void Append(uint32_t token);
  int32_t size() const { return static_cast<int32_t>(tokens_.size()); }
  uint32_t token(int32_t position) const { return tokens_[position]; }
  int32_t Newest(uint32_t token) const;  // the last position that has it, or kNone
  int32_t Before(int32_t position) const {
    return same_[position];
  }  // the one before with the same token, or kNone

 private:
  std::vector<uint32_t> tokens_;
  std::vector<int32_t> same_;
  absl::flat_hash_map<uint32_t, int32_t> newest_;
};

struct Guess {
  std::vector<uint32_t> token_ids;
  int32_t match = 0;  // tokens that the place which it comes from has in common with the response's end
};

// Of one group. Not thread-safe.
class Drafter {
 public:
  Drafter(absl::Span<const uint32_t> prompt, uint32_t responses);

  uint32_t responses() const { return static_cast<uint32_t>(responses_.size()); }
  // What response `index` says is `tokens` by now; it begins with what was given before.
  void Read(uint32_t index, absl::Span<const uint32_t> tokens);
  // Up to `most` tokens after what was read of response `index`; none where its last token never stood before.
  Guess Next(uint32_t index, size_t most) const;

 private:
  // A place in a text: the position there, counted from the response's beginning; the prompt's are negative.
  struct Place {
    uint32_t text = 0;
    int32_t position = 0;
    int32_t match = 0;
  };

  int32_t prompt_size() const { return prompt_.size(); }
  int32_t Size(uint32_t text) const { return responses_[text].size(); }
  uint32_t Token(uint32_t text, int32_t position) const {
    return position < 0 ? prompt_.token(prompt_size() + position) : responses_[text].token(position);
  }
  int32_t Match(uint32_t index, const Place& place) const;
  void Look(uint32_t index, const TokenIndex& in, Place place, int32_t offset, Place* best) const;
  Place Longest(uint32_t index) const;

  TokenIndex prompt_;
  std::vector<TokenIndex> responses_;
};

}  // namespace drover::actor
