#include "services/experience/validate.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::experience {
namespace {

// A log-probability may exceed 0 by rounding only.
constexpr float kLogprobSlack = 1e-3f;

template <typename... Args>
absl::Status Invalid(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat(args...));
}

absl::Status CheckActor(const std::string& field, const std::string& actor) {
  if (!actor.empty() && actor.size() <= kMaxActorName) return absl::OkStatus();
  return Invalid(field, ": ", actor.size(), " bytes; it must have 1 to ", kMaxActorName);
}

absl::Status CheckLeaseCount(int count) {
  if (static_cast<uint32_t>(count) <= kMaxLeasesPerCall) return absl::OkStatus();
  return Invalid("leases: ", count, "; at most ", kMaxLeasesPerCall, " at a time");
}

template <typename Got, typename Wanted>
absl::Status CheckSame(const std::string& field, const Got& got, const Wanted& wanted) {
  if (got == wanted) return absl::OkStatus();
  return Invalid(field, ": ", got, ", but the lease says ", wanted);
}

absl::Status CheckVersions(const std::string& field, const v1::Response& response) {
  uint64_t tokens = 0;
  uint64_t last = 0;
  for (int i = 0; i < response.versions_size(); ++i) {
    const v1::VersionRun& run = response.versions(i);
    if (run.count() == 0) return Invalid(field, "[", i, "].count: 0; a run has at least one token");
    if (run.version() < last) {
      return Invalid(field, "[", i, "].version: ", run.version(), " after ", last,
                     "; versions never go back");
    }
    last = run.version();
    tokens += run.count();
  }
  if (tokens == static_cast<uint64_t>(response.token_ids_size())) return absl::OkStatus();
  return Invalid(field, ": the counts add up to ", tokens, ", but there are ", response.token_ids_size(),
                 " tokens");
}

absl::Status CheckResponse(const std::string& field, const v1::Response& response, uint32_t max_tokens) {
  const int tokens = response.token_ids_size();
  if (tokens < 1 || static_cast<uint32_t>(tokens) > max_tokens) {
    return Invalid(field, ".token_ids: ", tokens, " tokens; the lease allows 1 to ", max_tokens);
  }
  if (response.logprobs_size() != tokens) {
    return Invalid(field, ".logprobs: ", response.logprobs_size(), " for ", tokens, " tokens");
  }
  for (int i = 0; i < tokens; ++i) {
    const float logprob = response.logprobs(i);
    if (!std::isfinite(logprob) || logprob > kLogprobSlack) {
      return Invalid(field, ".logprobs[", i, "]: ", logprob, "; it must be finite and at most 0");
    }
  }
  RETURN_IF_ERROR(CheckVersions(field + ".versions", response));
  if (response.finish_reason() != v1::FINISH_REASON_STOP &&
      response.finish_reason() != v1::FINISH_REASON_LENGTH) {
    return Invalid(field, ".finish_reason: ", static_cast<int>(response.finish_reason()),
                   "; it must be STOP or LENGTH");
  }
  if (!std::isfinite(response.reward())) {
    return Invalid(field, ".reward: ", response.reward(), "; it must be finite");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateRequest(const v1::LeaseGroupsRequest& request) {
  RETURN_IF_ERROR(CheckActor("actor", request.actor()));
  if (request.max_leases() < 1 || request.max_leases() > kMaxLeasesPerCall) {
    return Invalid("max_leases: ", request.max_leases(), "; it must be 1 to ", kMaxLeasesPerCall);
  }
  if (!(request.wait_seconds() >= 0 && request.wait_seconds() <= 86400)) {
    return Invalid("wait_seconds: ", request.wait_seconds(), "; it must be 0 to 86400");
  }
  return absl::OkStatus();
}

absl::Status ValidateRequest(const v1::RenewLeasesRequest& request) {
  RETURN_IF_ERROR(CheckActor("actor", request.actor()));
  return CheckLeaseCount(request.leases_size());
}

absl::Status ValidateRequest(const v1::ReturnLeasesRequest& request) {
  RETURN_IF_ERROR(CheckActor("actor", request.actor()));
  RETURN_IF_ERROR(CheckLeaseCount(request.leases_size()));
  if (request.reason().size() <= kMaxReason) return absl::OkStatus();
  return Invalid("reason: ", request.reason().size(), " bytes; at most ", kMaxReason);
}

absl::Status ValidateGroup(const v1::Group& group, const v1::Lease& lease) {
  RETURN_IF_ERROR(CheckSame("group.lease", group.lease(), lease.lease()));
  RETURN_IF_ERROR(CheckSame("group.group", group.group(), lease.group()));
  RETURN_IF_ERROR(CheckSame("group.incarnation", group.incarnation(), lease.incarnation()));
  RETURN_IF_ERROR(CheckActor("group.actor", group.actor()));
  RETURN_IF_ERROR(CheckSame("group.trace_id", group.trace_id(), lease.trace_id()));
  RETURN_IF_ERROR(CheckSame("group.prompt.index", group.prompt().index(), lease.prompt().index()));
  if (group.prompt().SerializeAsString() != lease.prompt().SerializeAsString()) {
    return Invalid("group.prompt: differs from the lease's; it must be sent back as it was leased");
  }
  if (group.prompt_token_ids_size() == 0)
    return Invalid("group.prompt_token_ids: empty; the prompt has tokens");
  RETURN_IF_ERROR(CheckSame("group.responses (their number)", static_cast<uint32_t>(group.responses_size()),
                            lease.sampling().group_size()));
  for (int i = 0; i < group.responses_size(); ++i) {
    RETURN_IF_ERROR(CheckResponse(absl::StrCat("group.responses[", i, "]"), group.responses(i),
                                  lease.sampling().max_tokens()));
  }
  return absl::OkStatus();
}

}  // namespace drover::experience
