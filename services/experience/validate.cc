#include "services/experience/validate.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "services/experience/record.h"

namespace drover::experience {
namespace {

// Generous bounds of what a group's parts take: a token's id, log-probability, version and text (the longest tokens of
// real vocabularies have 128 bytes, and few do); a response's other fields, with texts that an actor has not cut yet.
constexpr uint64_t kTokenBytes = 160;
constexpr uint64_t kResponseBytes = uint64_t{64} << 10;
constexpr uint64_t kGroupBytes = uint64_t{4} << 20;

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

absl::Status CheckTokenCount(int tokens, int leases) {
  if (tokens == leases) return absl::OkStatus();
  return Invalid("tokens: ", tokens, " for ", leases, " leases; each lease's own belongs to it");
}

template <typename Got, typename Wanted>
absl::Status CheckSame(const std::string& field, const Got& got, const Wanted& wanted) {
  if (got == wanted) return absl::OkStatus();
  return Invalid(field, ": ", got, ", but the lease says ", wanted);
}

}  // namespace

void CutGradeTexts(v1::Group& group) {
  for (v1::Response& response : *group.mutable_responses()) {
    if (response.extracted().size() > kMaxExtracted) response.mutable_extracted()->resize(kMaxExtracted);
    if (response.reason().size() > kMaxGradeReason) response.mutable_reason()->resize(kMaxGradeReason);
  }
}

uint64_t MaxGroupBytes(const v1::SamplingParams& sampling, const group::GroupLimits& limits) {
  const uint64_t response = kResponseBytes + uint64_t{sampling.max_tokens()} * kTokenBytes;
  const uint64_t prompt = static_cast<uint64_t>(limits.max_prompt_tokens) * kTokenBytes;
  return std::min<uint64_t>(kMaxGroupBytes, kGroupBytes + prompt + sampling.group_size() * response);
}

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
  RETURN_IF_ERROR(CheckLeaseCount(request.leases_size()));
  return CheckTokenCount(request.tokens_size(), request.leases_size());
}

absl::Status ValidateRequest(const v1::ReturnLeasesRequest& request) {
  RETURN_IF_ERROR(CheckActor("actor", request.actor()));
  RETURN_IF_ERROR(CheckLeaseCount(request.leases_size()));
  RETURN_IF_ERROR(CheckTokenCount(request.tokens_size(), request.leases_size()));
  if (request.reason().size() <= kMaxReason) return absl::OkStatus();
  return Invalid("reason: ", request.reason().size(), " bytes; at most ", kMaxReason);
}

absl::Status ValidateGroup(const v1::Group& group, const v1::Lease& lease, const group::GroupLimits& limits) {
  RETURN_IF_ERROR(CheckSame("group.lease", group.lease(), lease.lease()));
  RETURN_IF_ERROR(CheckSame("group.group", group.group(), lease.group()));
  RETURN_IF_ERROR(CheckSame("group.incarnation", group.incarnation(), lease.incarnation()));
  RETURN_IF_ERROR(CheckActor("group.actor", group.actor()));
  RETURN_IF_ERROR(CheckSame("group.trace_id", group.trace_id(), lease.trace_id()));
  RETURN_IF_ERROR(CheckSame("group.prompt.index", group.prompt().index(), lease.prompt().index()));
  if (group.prompt().SerializeAsString() != lease.prompt().SerializeAsString()) {
    return Invalid("group.prompt: differs from the lease's; it must be sent back as it was leased");
  }
  RETURN_IF_ERROR(CheckSame("group.responses (their number)", static_cast<uint32_t>(group.responses_size()),
                            lease.sampling().group_size()));
  group::GroupLimits of_lease = limits;
  of_lease.min_responses = 1;  // the lease has said how many
  of_lease.max_response_tokens = lease.sampling().max_tokens();
  return group::CheckGroup(group, of_lease);
}

}  // namespace drover::experience
