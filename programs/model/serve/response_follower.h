// Follows one response as it grows: which of its text may be shown, and the scores that go with it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actor/generator.h"
#include "actor/stop_matcher.h"
#include "model/tokenizer.h"
#include "programs/model/serve/api_request.h"
#include "programs/model/serve/api_response.h"

namespace drover::serve {

// The pieces are, joined, the response's text as UTF-8: never half a character, never the beginning of a stop text that may
// still become one. Not thread-safe.
class ResponseFollower {
 public:
  // Both must outlive it. `before`: what stands before the response in its choice (echo).
  ResponseFollower(const model::Tokenizer& tokenizer, const ApiRequest& request, uint32_t index,
                   const std::string& before);

  // What `response` has more than at the last call: text (or none), the tokens that have come since the last piece with
  // text, and when the response has ended all that is left and why it ended. `top`: null, or those of the response.
  ChoicePart Take(const v1::Response& response, const actor::TopTokens* top);

  bool ended() const { return ended_; }
  uint64_t tokens() const { return tokens_; }  // of the response, seen so far

 private:
  size_t Showable(std::string_view text) const;
  ScoredToken Score(const v1::Response& response, const actor::TopTokens* top, int position);
  std::optional<std::string> StopText(const v1::Response& response) const;

  const model::Tokenizer& tokenizer_;
  const ApiRequest& request_;
  const uint32_t index_;
  std::string before_;      // until it is shown
  size_t shown_bytes_ = 0;  // of the response's text
  int shown_tokens_ = 0;    // whose scores are shown
  size_t characters_;       // that begin before the next token
  uint64_t tokens_ = 0;
  bool ended_ = false;
};

}  // namespace drover::serve
