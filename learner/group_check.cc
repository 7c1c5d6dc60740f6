#include "learner/group_check.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::learner {
namespace {

template <typename Ids>
absl::Status CheckIds(const Ids& ids, int64_t vocab_size) {
  for (int i = 0; i < ids.size(); ++i) {
    if (ids[i] >= vocab_size) {
      return absl::InvalidArgumentError(
          absl::StrCat("token ", i, " is id ", ids[i], ", but the vocabulary has ", vocab_size, " ids"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLogprobs(const v1::Response& response) {
  if (response.logprobs_size() != response.token_ids_size()) {
    return absl::InvalidArgumentError(absl::StrCat(response.logprobs_size(), " log-probabilities for ",
                                                   response.token_ids_size(),
                                                   " tokens; they must be as many"));
  }
  for (int i = 0; i < response.logprobs_size(); ++i) {
    const float logprob = response.logprobs(i);
    // Rounding may put the log-probability of a sure token a little above 0.
    if (!std::isfinite(logprob) || logprob > 1e-3f) {
      return absl::InvalidArgumentError(absl::StrCat("the log-probability of token ", i, " is ", logprob,
                                                     "; it must be finite and at most 0"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckVersions(const v1::Response& response, bool allow_mixed) {
  uint64_t tokens = 0;
  for (const v1::VersionRun& run : response.versions()) {
    tokens += run.count();
    if (!allow_mixed && run.version() != response.versions(0).version()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tokens of weight versions ", response.versions(0).version(), " and ", run.version(),
                       " in one response; that needs loss.old_logprobs: ACTOR"));
    }
  }
  if (tokens != static_cast<uint64_t>(response.token_ids_size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("version runs count ", tokens, " tokens, but there are ", response.token_ids_size()));
  }
  return absl::OkStatus();
}

absl::Status CheckResponse(const v1::Response& response, int64_t prompt_tokens, const GroupLimits& limits) {
  const int64_t tokens = response.token_ids_size();
  if (tokens < 1 || tokens > limits.max_response_tokens) {
    return absl::InvalidArgumentError(
        absl::StrCat(tokens, " tokens; 1 to ", limits.max_response_tokens, " are allowed"));
  }
  if (prompt_tokens + tokens > limits.max_positions) {
    return absl::InvalidArgumentError(absl::StrCat("prompt and response have ", prompt_tokens + tokens,
                                                   " tokens; the model has ", limits.max_positions,
                                                   " positions"));
  }
  RETURN_IF_ERROR(CheckIds(response.token_ids(), limits.vocab_size));
  RETURN_IF_ERROR(CheckLogprobs(response));
  RETURN_IF_ERROR(CheckVersions(response, limits.allow_mixed_versions));
  if (!std::isfinite(response.reward())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the reward is ", response.reward(), "; it must be finite"));
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const v1::Group& group, const GroupLimits& limits) {
  if (group.responses_size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        group.responses_size(), " responses; an advantage compares a response with its group: at least 2"));
  }
  if (group.prompt_token_ids_size() < 1) return absl::InvalidArgumentError("the prompt has no tokens");
  RETURN_IF_ERROR(Annotate(CheckIds(group.prompt_token_ids(), limits.vocab_size), "prompt"));
  for (int i = 0; i < group.responses_size(); ++i) {
    RETURN_IF_ERROR(Annotate(CheckResponse(group.responses(i), group.prompt_token_ids_size(), limits),
                             ToStd(absl::StrCat("response ", i))));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckGroup(const v1::Group& group, const GroupLimits& limits) {
  const absl::Status status = CheckParts(group, limits);
  if (status.ok()) return status;
  return Annotate(status, ToStd(absl::StrCat("group ", group.group(), " (lease ", group.lease(), ")")));
}

}  // namespace drover::learner
