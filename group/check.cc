#include "group/check.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::group {
namespace {

// A log-probability may exceed 0 by rounding only.
constexpr float kLogprobSlack = 1e-3f;

template <typename... Args>
absl::Status Invalid(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat(args...));
}

template <typename Ids>
absl::Status CheckIds(const std::string& field, const Ids& ids, int64_t vocab_size) {
  for (int i = 0; i < ids.size(); ++i) {
    if (ids[i] < vocab_size) continue;
    return Invalid(field, "[", i, "]: ", ids[i], ", but the vocabulary has ", vocab_size, " ids");
  }
  return absl::OkStatus();
}

absl::Status CheckLogprobs(const std::string& field, const v1::Response& response) {
  if (response.logprobs_size() != response.token_ids_size()) {
    return Invalid(field, ": ", response.logprobs_size(), " for ", response.token_ids_size(), " tokens");
  }
  for (int i = 0; i < response.logprobs_size(); ++i) {
    const float logprob = response.logprobs(i);
    if (std::isfinite(logprob) && logprob <= kLogprobSlack) continue;
    return Invalid(field, "[", i, "]: ", logprob, "; it must be finite and at most 0");
  }
  return absl::OkStatus();
}

absl::Status CheckVersions(const std::string& field, const v1::Response& response, bool allow_mixed) {
  uint64_t tokens = 0;
  uint64_t last = 0;
  for (int i = 0; i < response.versions_size(); ++i) {
    const v1::VersionRun& run = response.versions(i);
    if (run.count() == 0) return Invalid(field, "[", i, "].count: 0; a run has at least one token");
    if (run.version() < last) {
      return Invalid(field, "[", i, "].version: ", run.version(), " after ", last,
                     "; versions never go back");
    }
    if (i > 0 && !allow_mixed && run.version() != last) {
      return Invalid(field, "[", i, "].version: ", run.version(), " after ", last,
                     "; tokens of several versions in one response need loss.old_logprobs: ACTOR");
    }
    last = run.version();
    tokens += run.count();
  }
  if (tokens == static_cast<uint64_t>(response.token_ids_size())) return absl::OkStatus();
  return Invalid(field, ": the counts add up to ", tokens, ", but there are ", response.token_ids_size(),
                 " tokens");
}

absl::Status CheckLengths(const std::string& field, int64_t prompt_tokens, int64_t tokens,
                          const GroupLimits& limits) {
  if (tokens < 1 || tokens > limits.max_response_tokens) {
    return Invalid(field, ": ", tokens, " tokens; the limit allows 1 to ", limits.max_response_tokens);
  }
  if (prompt_tokens + tokens <= limits.max_positions) return absl::OkStatus();
  return Invalid(field, ": prompt and response have ", prompt_tokens + tokens, " tokens; the model has ",
                 limits.max_positions, " positions");
}

absl::Status CheckResponse(const std::string& field, const v1::Response& response, int64_t prompt_tokens,
                           const GroupLimits& limits) {
  const std::string ids = field + ".token_ids";
  RETURN_IF_ERROR(CheckLengths(ids, prompt_tokens, response.token_ids_size(), limits));
  RETURN_IF_ERROR(CheckIds(ids, response.token_ids(), limits.vocab_size));
  RETURN_IF_ERROR(CheckLogprobs(field + ".logprobs", response));
  RETURN_IF_ERROR(CheckVersions(field + ".versions", response, limits.allow_mixed_versions));
  if (response.finish_reason() != v1::FINISH_REASON_STOP &&
      response.finish_reason() != v1::FINISH_REASON_LENGTH) {
    return Invalid(field, ".finish_reason: ", static_cast<int>(response.finish_reason()),
                   "; it must be STOP or LENGTH");
  }
  // Also false for NaN.
  if (response.reward() >= limits.min_reward && response.reward() <= limits.max_reward) {
    return absl::OkStatus();
  }
  return Invalid(field, ".reward: ", response.reward(), "; reward.min and reward.max allow ",
                 limits.min_reward, " to ", limits.max_reward);
}

}  // namespace

absl::Status CheckGroup(const v1::Group& group, const GroupLimits& limits) {
  const int64_t prompt_tokens = group.prompt_token_ids_size();
  if (group.responses_size() < limits.min_responses) {
    return Invalid("group.responses: ", group.responses_size(),
                   "; an advantage compares a response with its group: at least ", limits.min_responses);
  }
  if (prompt_tokens < 1 || prompt_tokens > limits.max_prompt_tokens) {
    return Invalid("group.prompt_token_ids: ", prompt_tokens, " tokens; the limit allows 1 to ",
                   limits.max_prompt_tokens);
  }
  RETURN_IF_ERROR(CheckIds("group.prompt_token_ids", group.prompt_token_ids(), limits.vocab_size));
  for (int i = 0; i < group.responses_size(); ++i) {
    RETURN_IF_ERROR(
        CheckResponse(absl::StrCat("group.responses[", i, "]"), group.responses(i), prompt_tokens, limits));
  }
  return absl::OkStatus();
}

}  // namespace drover::group
