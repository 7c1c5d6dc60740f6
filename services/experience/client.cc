#include "services/experience/client.h"

#include "base/status.h"
#include "services/rpc/status.h"

namespace drover::experience {
namespace {

using Stub = v1::ExperienceService::StubInterface;

bool IsWorthAnotherTry(const absl::Status& status) {
  // CANCELLED is the learner's doing here (it ends); our own Cancel() was looked at before.
  return status.code() == absl::StatusCode::kUnavailable || status.code() == absl::StatusCode::kCancelled ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

}  // namespace

absl::Status ExperienceClientOptions::Validate() const {
  if (call_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("experience client: call_timeout must be above 0");
  }
  if (retry_for < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("experience client: retry_for must be at least 0");
  }
  return absl::OkStatus();
}

ExperienceClient::ExperienceClient(Stub* stub, const ExperienceClientOptions& options)
    : stub_(stub), options_(options) {}

absl::StatusOr<v1::LeaseGroupsResponse> ExperienceClient::LeaseGroups(const v1::LeaseGroupsRequest& request) {
  const absl::Duration timeout = options_.call_timeout + absl::Seconds(request.wait_seconds());
  return Call<v1::LeaseGroupsResponse>("lease groups", timeout, request, &Stub::LeaseGroups);
}

absl::StatusOr<v1::RenewLeasesResponse> ExperienceClient::RenewLeases(const v1::RenewLeasesRequest& request) {
  return Call<v1::RenewLeasesResponse>("renew leases", options_.call_timeout, request, &Stub::RenewLeases);
}

absl::StatusOr<v1::ReturnLeasesResponse> ExperienceClient::ReturnLeases(
    const v1::ReturnLeasesRequest& request) {
  return Call<v1::ReturnLeasesResponse>("return leases", options_.call_timeout, request, &Stub::ReturnLeases);
}

absl::StatusOr<v1::SubmitGroupResponse> ExperienceClient::SubmitGroup(const v1::SubmitGroupRequest& request) {
  return Call<v1::SubmitGroupResponse>("submit group", options_.call_timeout, request, &Stub::SubmitGroup);
}

template <typename Response, typename Request, typename Method>
absl::StatusOr<Response> ExperienceClient::Call(const char* name, absl::Duration timeout,
                                                const Request& request, Method method) {
  rpc::Backoff backoff = MakeBackoff();
  const absl::Time give_up = absl::Now() + options_.retry_for;
  while (true) {
    grpc::ClientContext context;
    Response response;
    RETURN_IF_ERROR(Begin(&context, timeout));
    const absl::Status status = rpc::FromGrpc((stub_->*method)(&context, request, &response));
    RETURN_IF_ERROR(End(&context));
    if (status.ok()) return response;
    const absl::Duration pause = backoff.Next();
    if (!IsWorthAnotherTry(status) || absl::Now() + pause > give_up) return Annotate(status, name);
    RETURN_IF_ERROR(Pause(pause));
  }
}

rpc::Backoff ExperienceClient::MakeBackoff() {
  absl::MutexLock lock(&mu_);
  return rpc::Backoff(options_.backoff, options_.seed + ++calls_);
}

absl::Status ExperienceClient::Begin(grpc::ClientContext* context, absl::Duration timeout) {
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  absl::MutexLock lock(&mu_);
  if (cancelled_) return absl::CancelledError("the client was cancelled");
  running_.insert(context);
  return absl::OkStatus();
}

absl::Status ExperienceClient::End(grpc::ClientContext* context) {
  absl::MutexLock lock(&mu_);
  running_.erase(context);
  return cancelled_ ? absl::CancelledError("the client was cancelled") : absl::OkStatus();
}

absl::Status ExperienceClient::Pause(absl::Duration pause) {
  absl::MutexLock lock(&mu_);
  if (mu_.AwaitWithTimeout(absl::Condition(&cancelled_), pause)) {
    return absl::CancelledError("the client was cancelled");
  }
  return absl::OkStatus();
}

void ExperienceClient::Cancel() {
  absl::MutexLock lock(&mu_);
  cancelled_ = true;
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

}  // namespace drover::experience
