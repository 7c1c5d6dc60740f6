#include "actor/drafting/drafter.h"

#include <algorithm>

#include "base/check.h"

namespace drover::actor {

void TokenIndex::Append(uint32_t token) {
  const auto [newest, is_new] = newest_.try_emplace(token, kNone);
  same_.push_back(newest->second);
  newest->second = size();
  tokens_.push_back(token);
}

int32_t TokenIndex::Newest(uint32_t token) const {
  const auto found = newest_.find(token);
  return found == newest_.end() ? kNone : found->second;
}

Drafter::Drafter(absl::Span<const uint32_t> prompt, uint32_t responses) : responses_(responses) {
  DROVER_CHECK(!prompt.empty());
  for (const uint32_t token : prompt) prompt_.Append(token);
}

void Drafter::Read(uint32_t index, absl::Span<const uint32_t> tokens) {
  TokenIndex& text = responses_[index];
  DROVER_CHECK(static_cast<int32_t>(tokens.size()) >= text.size());
  for (const uint32_t token : tokens.subspan(text.size())) text.Append(token);
}

// Tokens in common, counted back from the place and from the end of response `index`.
int32_t Drafter::Match(uint32_t index, const Place& place) const {
  const int32_t end = Size(index) - 1;
  const int32_t most = std::min({kLongestMatch, end + prompt_size() + 1, place.position + prompt_size() + 1});
  int32_t match = 0;
  while (match < most && Token(index, end - match) == Token(place.text, place.position - match)) ++match;
  return match;
}

// The places in one text, the newest first; those that have more in common than `best` take its place. Positions in `in`
// are those of the text plus `offset`.
void Drafter::Look(uint32_t index, const TokenIndex& in, Place place, int32_t offset, Place* best) const {
  const int32_t end = Size(index) - 1;
  int32_t at = in.Newest(Token(index, end));
  for (int32_t places = 0; at != TokenIndex::kNone && places < kMostPlaces; at = in.Before(at), ++places) {
    place.position = at - offset;
    const bool nothing_follows = place.position + 1 == Size(place.text);  // also the response's own end
    if (nothing_follows) continue;
    place.match = Match(index, place);
    if (place.match > best->match) *best = place;
    if (best->match == kLongestMatch) return;
  }
}

Drafter::Place Drafter::Longest(uint32_t index) const {
  Place best;
  Look(index, responses_[index], {.text = index}, /*offset=*/0, &best);
  Look(index, prompt_, {.text = index}, prompt_size(), &best);
  for (uint32_t text = 0; text < responses(); ++text) {
    if (text != index) Look(index, responses_[text], {.text = text}, /*offset=*/0, &best);
  }
  return best;
}

Guess Drafter::Next(uint32_t index, size_t most) const {
  const Place place = Longest(index);
  Guess guess;
  guess.match = place.match;
  if (place.match == 0) return guess;
  const int32_t size = Size(place.text);
  for (int32_t at = place.position + 1; guess.token_ids.size() < most; ++at) {
    if (at < size) {
      guess.token_ids.push_back(Token(place.text, at));
    } else if (place.text == index) {
      guess.token_ids.push_back(guess.token_ids[at - size]);  // what repeats goes on repeating
    } else {
      break;
    }
  }
  return guess;
}

}  // namespace drover::actor
