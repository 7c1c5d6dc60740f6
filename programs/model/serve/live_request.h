// One request from the engine's threshold to its last byte.
//
//   accepted --Begin--> generating --(all groups ended)--> sending --(the client has it)--> ended
//   any --Fail, or the client goes--> ended
//
// A stream is never waited for: what its client does not take yet is made into text later, when it reads again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "actor/generator.h"
#include "model/tokenizer.h"
#include "programs/model/serve/api_request.h"
#include "programs/model/serve/api_response.h"
#include "programs/model/serve/response_follower.h"
#include "services/http/reply.h"

namespace drover::serve {

// A request that may go to the engine.
struct AcceptedRequest {
  ApiRequest api;
  AnswerHead head;
  std::vector<std::vector<uint32_t>> prompts;  // token ids; a group each
  std::vector<uint32_t> max_tokens;            // of each prompt's responses
  std::vector<std::string> echoes;             // what stands before each prompt's texts
  uint64_t seed = 0;
  absl::Time arrived;
  std::unique_ptr<http::Reply> reply;
};

// Not thread-safe: the loop's.
class LiveRequest {
 public:
  // `tokenizer` outlives it.
  LiveRequest(AcceptedRequest request, const model::Tokenizer& tokenizer);

  // Its groups, with ids from `first_id` on.
  std::vector<actor::GroupRequest> Begin(uint64_t first_id);
  // The group `id` of it is no longer in the generator.
  void Take(actor::FinishedGroup group);
  // Answers as far as there is something to say and the client takes it: what `generator` has of its groups, what has ended.
  void Pump(const actor::Generator& generator, absl::Time now);
  // An answer, or the last event of a stream.
  void Fail(const ApiError& error);
  // Nothing more is said.
  void Abandon();

  enum class End { kDone, kFailed, kClientGone };
  std::optional<End> end() const { return end_; }
  bool ClientGone() const;
  // Ids of groups that are in the generator.
  std::vector<uint64_t> GroupsLeft() const;
  absl::Time arrived() const { return request_.arrived; }
  std::optional<absl::Time> first_token() const { return first_token_; }
  Usage usage() const;
  std::vector<uint64_t> ResponseTokens() const;  // of each choice

 private:
  void Stream(const actor::Generator& generator);
  void Show(ChoicePart part);
  void LookForTheFirstToken(const actor::Generator& generator, absl::Time now);
  void Write();
  void SendWhole();
  bool AllGroupsEnded() const;
  std::optional<actor::GroupProgress> ProgressOf(const actor::Generator& generator, size_t prompt) const;

  AcceptedRequest request_;
  uint64_t first_id_ = 0;
  std::vector<std::optional<actor::FinishedGroup>> finished_;  // by prompt
  std::vector<ResponseFollower> followers_;                    // by prompt, then by response: a choice each
  std::unique_ptr<http::BodyWriter> writer_;                   // of a stream that has begun
  std::string pending_;                                        // whole events that were not taken yet
  bool last_ = false;                                          // nothing comes after them
  std::optional<absl::Time> first_token_;
  std::optional<End> end_;
};

}  // namespace drover::serve
