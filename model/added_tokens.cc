#include "model/added_tokens.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "model/utf8.h"
#include "model/white_space.h"

namespace drover::model {
namespace {

// \w of Rust's regular expressions (Unicode TR18, annex C): what Hugging Face's tokenizers ask for single_word.
bool IsWord(char32_t c) {
  auto code = static_cast<UChar32>(c);
  return u_hasBinaryProperty(code, UCHAR_ALPHABETIC) || u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL) ||
         (U_GET_GC_MASK(code) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
}

bool StandsAlone(std::string_view text, size_t begin, size_t end) {
  if (begin > 0 && IsWord(LastCodePoint(text.substr(0, begin)))) return false;
  return end == text.size() || !IsWord(NextCodePoint(text, end));
}

}  // namespace

void AddedTokenFinder::Add(AddedToken token, std::string_view content) {
  uint32_t node = 0;
  for (char c : content) {
    auto [edge, fresh] = nodes_[node].next.emplace(c, static_cast<uint32_t>(nodes_.size()));
    node = edge->second;
    if (fresh) nodes_.emplace_back();
  }
  nodes_[node].token = static_cast<int32_t>(tokens_.size());
  begins_[static_cast<uint8_t>(content[0])] = true;
  tokens_.push_back(std::move(token));
}

std::optional<AddedTokenFinder::Match> AddedTokenFinder::FindFrom(std::string_view text, size_t begin) const {
  for (; begin < text.size(); ++begin) {
    if (!begins_[static_cast<uint8_t>(text[begin])]) continue;
    std::optional<Match> longest;
    uint32_t node = 0;
    for (size_t end = begin; end < text.size();) {
      auto edge = nodes_[node].next.find(text[end]);
      if (edge == nodes_[node].next.end()) break;
      node = edge->second;
      ++end;
      if (nodes_[node].token >= 0)
        longest = Match{begin, end, &tokens_[static_cast<size_t>(nodes_[node].token)]};
    }
    if (longest) return longest;
  }
  return std::nullopt;
}

// As tokenizers' AddedVocabulary::find_matches: a match that does not stand alone is passed over whole, and the
// search goes on behind the match itself, not behind the white space that it took: a token that is white space is found
// in it once more.
std::vector<AddedTokenFinder::Part> AddedTokenFinder::Split(std::string_view text) const {
  std::vector<Part> parts;
  size_t done = 0;
  size_t space =
      0;  // where the white space that was taken last ends: a token in it takes the rest without a look at it
  auto ordinary = [&](size_t end) {
    if (done < end) parts.push_back({text.substr(done, end - done), std::nullopt});
  };
  for (auto match = FindFrom(text, 0); match; match = FindFrom(text, match->end)) {
    if (match->token->single_word && !StandsAlone(text, match->begin, match->end)) continue;
    size_t begin = match->begin, end = match->end;
    if (match->token->lstrip) begin = std::max(BeforeSpace(text, std::min(done, begin), begin), done);
    if (match->token->rstrip) end = space = end < space ? space : BehindSpace(text, end);
    ordinary(begin);
    parts.push_back({text.substr(begin, end < begin ? 0 : end - begin), match->token->id});
    done = end;
  }
  ordinary(text.size());
  return parts;
}

}  // namespace drover::model
