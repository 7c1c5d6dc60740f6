#include "programs/model/serve/response_follower.h"

#include <algorithm>
#include <utility>

#include "model/utf8.h"

namespace drover::serve {
namespace {

// The longest end of `text` that is a beginning of `stop`, and not all of it.
size_t BegunStop(std::string_view text, std::string_view stop) {
  for (size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (text.substr(text.size() - length) == stop.substr(0, length)) return length;
  }
  return 0;
}

}  // namespace

ResponseFollower::ResponseFollower(const model::Tokenizer& tokenizer, const ApiRequest& request,
                                   uint32_t index, const std::string& before)
    : tokenizer_(tokenizer),
      request_(request),
      index_(index),
      before_(before),
      characters_(Characters(before)) {}

size_t ResponseFollower::Showable(std::string_view text) const {
  size_t held = 0;
  if (!request_.keep_stop) {
    for (const std::string& stop : request_.stop) held = std::max(held, BegunStop(text, stop));
  }
  const size_t until = text.size() - held;
  return std::max(shown_bytes_, until - model::UnfinishedUtf8(text.substr(0, until)));
}

ScoredToken ResponseFollower::Score(const v1::Response& response, const actor::TopTokens* top, int position) {
  const uint32_t id = response.token_ids(position);
  ScoredToken token;
  token.bytes = tokenizer_.TokenBytes(id);
  token.logprob = response.logprobs(position);
  token.offset = characters_;
  if (top != nullptr) {
    for (const actor::TokenLogprob& one : (*top)[static_cast<size_t>(position)]) {
      token.top.emplace_back(tokenizer_.TokenBytes(one.token), one.logprob);
    }
  }
  if (!tokenizer_.IsSpecial(id)) characters_ += Characters(token.bytes);
  return token;
}

std::optional<std::string> ResponseFollower::StopText(const v1::Response& response) const {
  std::string text;
  for (const uint32_t id : response.token_ids()) {
    if (!tokenizer_.IsSpecial(id)) text += tokenizer_.TokenBytes(id);
  }
  const auto match = actor::StopTexts(request_.stop).Find(text, /*seen=*/0);
  if (match) return text.substr(match->begin, match->end - match->begin);
  if (response.token_ids_size() == 0) return std::nullopt;
  // A special token that a stop text spells has no part in the text.
  const std::string last(tokenizer_.TokenBytes(*response.token_ids().rbegin()));
  const bool asked = std::find(request_.stop.begin(), request_.stop.end(), last) != request_.stop.end();
  return asked ? std::optional<std::string>(last) : std::nullopt;
}

ChoicePart ResponseFollower::Take(const v1::Response& response, const actor::TopTokens* top) {
  ChoicePart part = {.index = index_, .logprobs = request_.logprobs};
  if (ended_) return part;
  tokens_ = static_cast<uint64_t>(response.token_ids_size());
  ended_ = response.finish_reason() != v1::FINISH_REASON_UNSPECIFIED;
  const std::string_view text = response.text();
  const size_t until = ended_ ? text.size() : Showable(text);
  part.text = std::exchange(before_, {}) + Lossy(text.substr(shown_bytes_, until - shown_bytes_));
  shown_bytes_ = until;
  if (request_.logprobs && (ended_ || !part.text.empty())) {
    for (; shown_tokens_ < response.token_ids_size(); ++shown_tokens_) {
      part.tokens.push_back(Score(response, top, shown_tokens_));
    }
  }
  if (!ended_) return part;
  const bool stopped = response.finish_reason() == v1::FINISH_REASON_STOP;
  part.finish_reason = stopped ? "stop" : "length";
  if (stopped && !request_.stop.empty()) part.stop_text = StopText(response);
  return part;
}

}  // namespace drover::serve
