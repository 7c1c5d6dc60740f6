// A group on its way through the engine: what it asked for and what its responses are so far.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actor/generator.h"
#include "actor/sampler.h"
#include "actor/stop_matcher.h"
#include "model/config.h"
#include "model/tokenizer.h"

namespace drover::actor {

// What a request is checked against.
struct RequestLimits {
  const model::ModelConfig* config = nullptr;
  const model::Tokenizer* tokenizer = nullptr;  // may be null
  int64_t context = 0;                          // tokens of prompt and response together
};

// INVALID_ARGUMENT naming the field, what it is and what it may be.
absl::Status CheckRequest(const GroupRequest& request, const RequestLimits& limits);

// Not thread-safe.
class RunningGroup {
 public:
  // `request` passed CheckRequest with these limits, which must outlive this.
  RunningGroup(GroupRequest request, const RequestLimits& limits);

  const GroupRequest& request() const { return request_; }
  uint32_t size() const { return request_.sampling.group_size(); }

  const v1::Response& response(uint32_t index) const { return responses_[index]; }
  SamplerOptions sampler_options() const;
  // The random number of the next token of response `index`, or of the one `ahead` tokens after it.
  double NextUniform(uint32_t index, uint32_t ahead = 0) const;

  // Appends a token to response `index`, which has not ended. True if that ends it.
  bool AddToken(uint32_t index, uint32_t token, float logprob, uint64_t version);
  // What was most probable where that token stands; kept where the request asks for it.
  void AddTop(uint32_t index, std::vector<TokenLogprob> top);

  GroupProgress progress() const { return {responses_, top_tokens_}; }

  bool finished() const { return ended_ == size(); }
  // The end: with OK its responses, else the error that it could not be served for. Leaves nothing behind.
  FinishedGroup End(absl::Status status);

 private:
  bool EndsAtToken(v1::Response& response, uint32_t token) const;
  bool EndsAtText(v1::Response& response, uint32_t token) const;

  GroupRequest request_;
  RequestLimits limits_;
  StopTexts stop_texts_;
  std::vector<uint32_t> stop_tokens_;  // special ones that a stop text spells: they have no part in the text
  std::vector<v1::Response> responses_;
  std::vector<TopTokens> top_tokens_;  // of each response, or empty
  uint32_t ended_ = 0;
};

}  // namespace drover::actor
